"""A real clamd for tests: its own configuration, its own signature, a unix socket in a temporary folder, no network."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.scanning.samples import EICAR

SIGNATURE = "Secura.Test"
STREAM_LIMIT = 4 * 1024 * 1024
_CONFIGURATION = """\
Foreground yes
LocalSocket {folder}/clamd.sock
DatabaseDirectory {folder}/signatures
TemporaryDirectory {folder}/temporary
StreamMaxLength {limit}
AlertEncrypted yes
AlertExceedsMax yes
MaxThreads 2
"""


def program() -> str | None:
    """Where the daemon is installed."""
    return shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def running() -> Iterator[str]:
    """A daemon that knows EICAR under our own name; gives the path of its socket."""
    found = program()
    if found is None:
        raise RuntimeError("clamd is not installed")
    with tempfile.TemporaryDirectory(prefix="clamd") as name:  # a socket's path is limited to 107 bytes
        folder = Path(name)
        for part in ("signatures", "temporary"):
            (folder / part).mkdir()
        (folder / "signatures" / "test.ndb").write_text(f"{SIGNATURE}:0:*:{EICAR.hex()}\n")
        configuration = folder / "clamd.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, limit=STREAM_LIMIT))
        process = subprocess.Popen(  # noqa: S603  # the installed daemon with our own configuration
            [found, f"--config-file={configuration}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            _await_listening(process)
            yield str(folder / "clamd.sock")
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _await_listening(process: subprocess.Popen[str]) -> None:
    said = []
    for line in process.stdout or ():  # ends when the daemon does
        said.append(line)
        if "Self checking" in line:
            return
    raise RuntimeError(f"clamd did not start: {''.join(said)}")
