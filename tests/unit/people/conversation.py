"""A program on a terminal of its own, and somebody who answers its questions."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.conftest import ROOT

PATIENCE = 60.0  # seconds without a word until the program counts as stuck
# The terminal controls the new session: it is the one that getpass asks on.
_CONTROL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


def converse(
    command: Sequence[str], answers: Sequence[tuple[str, str]], environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Answer each question when it comes; the exit status, and all that was on the screen."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-c", _CONTROL, *command],
        cwd=ROOT,
        env=None if environment is None else dict(environment),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    screen = ""
    waiting = list(answers)
    try:
        os.close(theirs)
        seen = 0
        while (said := _read(ours)) is not None:
            screen += said
            if waiting and waiting[0][0] in screen[seen:]:
                seen = len(screen)
                os.write(ours, waiting.pop(0)[1].encode() + b"\n")
    finally:
        os.close(ours)
        if process.poll() is None:
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    assert not waiting, f"was never asked {waiting[0][0]!r}: {screen}"
    return process.returncode, screen


def _read(terminal: int) -> str | None:
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    assert ready, "the program says nothing and does not end"
    try:
        return os.read(terminal, 4096).decode(errors="replace") or None
    except OSError:  # everybody on the other side has gone
        return None
