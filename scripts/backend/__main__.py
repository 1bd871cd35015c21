"""The command: `scripts/local`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from rich.console import Console

from scripts.backend.datafolder import DataFolderError
from scripts.backend.embedded import EmbeddedError
from scripts.backend.supervisor import Options, PortTakenError, Supervisor

ROOT = Path(__file__).parents[2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/local", description="Run the whole backend on this machine; Ctrl-C stops it."
    )
    parser.add_argument("--port", type=_port, default=5000, help="of the gateway (default 5000); 0: free ports for all")
    parser.add_argument("--data", type=Path, default=Path(".local"), help="where data is kept (default .local)")
    parser.add_argument("--fresh", action="store_true", help="begin with no data")
    parser.add_argument("--no-demo", action="store_true", help="create no demo users")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("give a port from 0 to 65535")
    return int(text)


async def _run(options: Options) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Without a terminal rich assumes 80 columns, which would cut addresses.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    return await Supervisor(options, console).run(stop)


def main() -> int:
    """Exit status: 0 stopped by the user, 1 something ended by itself, 2 it could not start."""
    arguments = _parser().parse_args()
    options = Options(ROOT, arguments.data, arguments.port, arguments.fresh, not arguments.no_demo)
    try:
        return asyncio.run(_run(options))
    except (DataFolderError, EmbeddedError, PortTakenError) as error:
        print(f"scripts/local: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
