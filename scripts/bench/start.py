"""How long the backend takes to be ready: `python -m scripts.bench.start [--runs N] [--bare]`.

Every run is a real `scripts/local` on free ports with a data folder of its own. With --bare, the first is made in a
copy of the tree without `.venv`, as after a clone: it fetches the packages, so it needs the registry.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_INSTALLED = "Packages are installed."
_READY = "Secura is ready: "
_LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "tests")


@dataclass(slots=True)
class Start:
    """One start. Times are in seconds since the command was given, memory in MB when it was ready."""

    installed: float | None = None
    ready: float = 0.0
    memory: float = 0.0
    processes: int = 0
    said: list[str] = field(default_factory=list)


def measure(root: Path, data: Path) -> Start:
    """Start the backend in the tree and stop it once it is ready.

    Raises:
        RuntimeError: it ended before; the text is what it said.
    """
    start = Start()
    begun = time.monotonic()
    with subprocess.Popen(
        [root / "scripts" / "local", "--port", "0", "--data", data],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101  # we asked for the pipe
        for line in process.stdout:
            start.said.append(line)
            if line.startswith(_INSTALLED):
                start.installed = time.monotonic() - begun
            if line.startswith(_READY):
                start.ready = time.monotonic() - begun
                start.memory, start.processes = _memory(process.pid)
                process.send_signal(signal.SIGTERM)
    if not start.ready:
        raise RuntimeError("".join(start.said))
    return start


def _memory(pid: int) -> tuple[float, int]:
    """Of the process and all below it, shared pages counted once among those that share them (PSS)."""
    parent = psutil.Process(pid)
    family = [parent, *parent.children(recursive=True)]
    field_name = "pss" if sys.platform == "linux" else "rss"
    return sum(getattr(member.memory_full_info(), field_name) for member in family) / 1e6, len(family)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.start", description="Measure the time to be ready.")
    parser.add_argument("--runs", type=int, default=5, help="of the second start (default 5)")
    parser.add_argument("--bare", action="store_true", help="measure the first start after a clone too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="secura-bench-") as folder:
        root = ROOT
        if options.bare:
            root = Path(shutil.copytree(ROOT, Path(folder) / "clone", ignore=_LEFT_OUT))
            first = measure(root, Path(folder) / "first")
            if first.installed is None:
                raise RuntimeError("the copy had its packages already")
            print(f"bare clone to ready       {first.ready:6.2f} s")
            print(f"  after the packages      {first.ready - first.installed:6.2f} s")
        data = Path(folder) / "data"
        starts = [measure(root, data) for _ in range(max(1, options.runs))]
    times = sorted(start.ready for start in starts)
    print(f"start, packages in place  {statistics.median(times):6.2f} s   (median of {len(times)}: ", end="")
    print(", ".join(f"{value:.2f}" for value in times) + ")")
    print(f"memory when ready         {starts[-1].memory:6.0f} MB  ({starts[-1].processes} processes)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
