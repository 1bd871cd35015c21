"""Makes `.venv` when it is missing or stale, then becomes the program that was asked for. Standard library only.

python scripts/_bootstrap.py MODULE [ARGUMENT ...]
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".secura-stamp"
MAKING = VENV / ".secura-making"  # there from the moment we make an environment until it is complete
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")


def wanted_stamp() -> str:
    """What the environment has to be made from: this Python's minor version and the pinned packages."""
    digest = hashlib.sha256(_minor().encode())
    for path in REQUIREMENTS:
        digest.update(path.read_bytes())
    return f"{_minor()} {digest.hexdigest()}"


def is_current() -> bool:
    """Whether `.venv` was made completely, from what is wanted now."""
    return PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == wanted_stamp()


def make() -> None:
    """Make `.venv`, or bring it up to date. The stamp is written last: the next run finishes an interrupted one."""
    with _alone():
        if is_current():
            return
        if VENV.exists() and not _is_kept():
            shutil.rmtree(VENV)
        if not VENV.exists():
            _create()
        install()
        STAMP.write_text(wanted_stamp())
        MAKING.unlink(missing_ok=True)


def _is_kept() -> bool:
    """Whether packages can be brought up to date in the `.venv` there is.

    That takes seconds, not minutes. One that an interrupted run left, or that belongs to another Python, is made anew;
    but what somebody else made is never deleted, as with any folder that is not ours.
    """
    fits = PYTHON.exists() and (VENV / "lib" / f"python{_minor()}").is_dir()
    if not (MAKING.exists() or STAMP.exists()):
        if not fits:
            fail(f"{VENV} was made by somebody else and not for Python {_minor()}: move it away, then start again")
        return True
    return fits and not MAKING.exists()


def _create() -> None:
    say("Making .venv …")
    VENV.mkdir()
    MAKING.touch()
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV)
        fail("Python's venv module does not work here (on Debian: apt-get install python3-venv)")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Have one process at a time make the environment; a second command started meanwhile waits for the first."""
    folder = os.open(ROOT, os.O_RDONLY)  # the lock is on the folder itself: no file of it is left behind
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another command is making .venv; waiting for it …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def install() -> None:
    """Install the pinned packages, telling how far it is."""
    total = sum(path.read_text().count("==") for path in REQUIREMENTS)
    files = [argument for path in REQUIREMENTS for argument in ("-r", str(path))]
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", *files]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None  # noqa: S101  # we asked for the pipe
        collected = 0
        for line in pip.stdout:
            said.append(line)
            if re.match(r"\s*Collecting ", line):
                collected += 1
                say(f"Fetching packages: {collected} of about {total}", again=True)
            elif line.startswith("Installing collected packages"):
                say("Installing packages …                          ", again=True)
    if pip.returncode:
        errors = [line.strip() for line in said if line.startswith("ERROR:")] or said[-1:]
        fail("the packages could not be installed: " + (errors[-1].strip() if errors else "pip failed"))
    say("Packages are installed.                        ", again=True, end="\n")


def say(text: str, *, again: bool = False, end: str | None = None) -> None:
    """Tell the user; on a terminal, `again` writes over the line before."""
    if sys.stderr.isatty():
        print(("\r" if again else "") + text, end=end if end is not None else ("" if again else "\n"), file=sys.stderr)
        sys.stderr.flush()
    elif not again or end is not None:
        print(text.rstrip(), file=sys.stderr)


def fail(reason: str) -> None:
    """End with one line and exit status 2."""
    print(f"\n{reason}" if sys.stderr.isatty() else reason, file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """Make the environment if need be, and become the program."""
    module, *arguments = sys.argv[1:]
    try:
        if not is_current():
            make()
    except KeyboardInterrupt:
        fail("interrupted; the next start begins anew")
    except OSError as error:
        fail(f"{error.filename or VENV}: {error.strerror or error}")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", module, *arguments], environment)  # noqa: S606  # our own program


if __name__ == "__main__":
    main()
