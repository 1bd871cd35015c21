"""The embedded services as a program: `python -m emulator --help`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from emulator.config import Config, Ports
from emulator.events.manifest import ManifestError
from emulator.suite import PORTS, SERVICES, StartError, Suite

_UNUSABLE = 2
_FAULT_HELP = "what fails on purpose, such as service=firestore,call=Commit,kind=aborted,probability=0.1; repeatable"


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError
    return port


def parse(arguments: Sequence[str]) -> tuple[Config, Sequence[str], bool]:
    """What the command line asks for: the configuration, the services, and whether to end with the parent."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__, allow_abbrev=False)
    parser.add_argument("--project", required=True, help="project id, demo-… by convention")
    parser.add_argument("--data", required=True, type=Path, help="folder that keeps the data between runs")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    for name in PORTS:
        default = getattr(Ports(), name)
        parser.add_argument(f"--{name}-port", type=_port, default=default, metavar="N", help=f"{default} unless given")
    parser.add_argument("--functions-url", default="http://127.0.0.1:5001", help="where functions take their events")
    parser.add_argument("--manifest", type=Path, help="functions.yaml: which function wants which event")
    parser.add_argument("--rules", type=Path, help="security rules of Firestore")
    parser.add_argument("--storage-rules", type=Path, help="security rules of Storage")
    parser.add_argument("--indexes", type=Path, help="firestore.indexes.json: composite indexes, TTL policies")
    parser.add_argument("--no-index-check", action="store_true", help="answer queries that lack their composite index")
    parser.add_argument("--fault", action="append", default=[], metavar="RULE", help=_FAULT_HELP)
    parser.add_argument("--fault-seed", type=int, default=0, metavar="N", help="of the faults' dice")
    parser.add_argument("--only", default=",".join(SERVICES), help="services to start, separated by commas")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input ends")
    options = parser.parse_args(arguments)
    services = [name for name in SERVICES if name in options.only.split(",")]
    if unknown := set(options.only.split(",")) - set(SERVICES):
        parser.error(f"no such service: {', '.join(sorted(unknown))}")
    config = Config(
        project=options.project,
        data=options.data.absolute(),
        functions_url=options.functions_url,
        host=options.host,
        ports=Ports(**{name: getattr(options, f"{name}_port") for name in PORTS}),
        manifest=options.manifest,
        rules=options.rules,
        storage_rules=options.storage_rules,
        indexes=options.indexes,
        index_check=not options.no_index_check,
        faults=tuple(options.fault),
        fault_seed=options.fault_seed,
    )
    return config, services, options.exit_with_parent


async def serve(config: Config, services: Sequence[str], *, with_parent: bool) -> int:
    """Run until a signal, or the end of standard input with `with_parent`; the exit status."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC would write of failures what we say better
    suite = Suite(config, services)
    try:
        await suite.start()
    except (StartError, ManifestError) as error:
        print(f"emulator: {error}", file=sys.stderr)  # noqa: T201  # the program's answer
        return _UNUSABLE
    if with_parent:
        _end_with_input(ended)
    print(json.dumps({"ready": dict(suite.addresses)}), flush=True)  # noqa: T201  # the program's answer
    await ended.wait()
    await suite.stop()
    return 0


def _end_with_input(ended: asyncio.Event) -> None:
    """Set `ended` at the end of standard input; the parent's death closes it, however it dies."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        # A thread reads what no event loop can wait for, such as a file or /dev/null; it ends with the process.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop is closed: the end came first
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, name="parent", daemon=True).start()


def main() -> int:
    """Run the program."""
    config, services, with_parent = parse(sys.argv[1:])
    return asyncio.run(serve(config, services, with_parent=with_parent))


if __name__ == "__main__":
    sys.exit(main())
