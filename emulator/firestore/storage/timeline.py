"""Commit times and read times that agree with what was visible when."""

from __future__ import annotations

from threading import Lock

from emulator.clock import Clock
from emulator.firestore.values.times import to_micros


class Timeline:
    """Hands out times in microseconds. Every commit is later than every read time that was given out before it."""

    def __init__(self, clock: Clock, last_commit: int) -> None:
        self._clock = clock
        self._issued = last_commit
        self._in_flight: int | None = None
        self._lock = Lock()

    def read_time(self) -> int:
        """A time at which everything acknowledged so far is visible and nothing later ever will be."""
        with self._lock:
            if self._in_flight is not None:
                return self._in_flight - 1
            self._issued = max(self._issued, to_micros(self._clock.now()))
            return self._issued

    def begin_commit(self) -> int:
        """The time of a commit that is about to be written. There is one writer, so there is one at a time."""
        with self._lock:
            self._in_flight = self._issued = max(self._issued + 1, to_micros(self._clock.now()))
            return self._in_flight

    def end_commit(self) -> None:
        """The commit is visible, or was given up."""
        with self._lock:
            self._in_flight = None
