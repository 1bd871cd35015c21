"""Time and memory of inspecting files, in a process of its own for each, cold model and rules included.

python -m scripts.bench.inspection [--clamd ADDRESS] [MB ...]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

MB = 1024 * 1024
KINDS = ("noise", "text", "zip")


class LocalFile:
    """A `Readable` over a file of this machine."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.size = path.stat().st_size

    def read(self, offset: int, length: int) -> bytes:
        """A range."""
        self._file.seek(offset)
        return self._file.read(length)


def make(kind: str, size: int, path: Path) -> None:
    """A file of this kind and size in bytes: noise, lines of a log, or a ZIP of both."""
    source = random.Random(1)  # noqa: S311  # the same bytes in each run, no secret
    line = "2026-11-23T09:00:00Z host{} sshd[{}]: Failed password for root from 10.{}.{}.{} port {} ssh2\n"
    with path.open("wb") as out:
        if kind == "noise":
            for _ in range(size // MB):
                out.write(source.randbytes(MB))
        elif kind == "text":
            block = "".join(line.format(*(source.randrange(256) for _ in range(6))) for _ in range(12_000)).encode()
            for _ in range(size // MB):
                out.write(block[:MB].ljust(MB))
        else:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for number in range(size // MB):
                    archive.writestr(f"{number}.bin", source.randbytes(MB))


def measure(path: Path, clamd: str | None) -> None:
    """Inspect one file in this process and print what it took as JSON."""
    if clamd:
        os.environ["SECURA_CLAMD"] = clamd
    os.environ.setdefault("GOOGLE_CLOUD_PROJECT", "demo-bench")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    from shared import bootstrap

    inspecting = bootstrap.inspecting()
    inspection = inspecting.inspect(LocalFile(path), path.name)
    cold = time.perf_counter() - start
    start = time.perf_counter()
    inspecting.inspect(LocalFile(path), path.name)
    print(
        json.dumps(
            {
                "verdict": inspection.verdict,
                "type": inspection.type.label,
                "cold_s": round(cold, 2),
                "warm_s": round(time.perf_counter() - start, 2),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "before_mb": before // 1024,
            }
        )
    )


def main() -> None:
    """Measure each kind and size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 500], help="in MB")
    parser.add_argument("--clamd", help="host:port or the path of a socket")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.one, arguments.clamd)
        return
    with TemporaryDirectory() as folder:
        for size in arguments.sizes:
            for kind in KINDS:
                path = Path(folder) / f"{kind}-{size}"
                make(kind, size * MB, path)
                command = [sys.executable, "-m", "scripts.bench.inspection", "--one", str(path)]
                command += ["--clamd", arguments.clamd] if arguments.clamd else []
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                print(f"{size:5} MB {kind:6} {done.stdout.strip()}")
                path.unlink()


if __name__ == "__main__":
    main()
