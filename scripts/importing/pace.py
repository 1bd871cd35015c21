"""Not faster than so many a second: an import is never urgent, and others use the same backend."""

from __future__ import annotations

import time
from threading import Lock


class Pace:
    """Gives each caller its turn; may be used from several threads."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second
        self._lock = Lock()
        self._next = time.monotonic()

    def wait(self) -> None:
        """Return when it is the caller's turn. Turns that nobody took are not made up for."""
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self._interval
        time.sleep(max(0.0, turn - time.monotonic()))
