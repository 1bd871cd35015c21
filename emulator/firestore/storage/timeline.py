"""Commit times and read times that agree with what was visible when."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from emulator.clock import Clock
from emulator.firestore.values.times import to_micros


class Timeline:
    """Hands out times in microseconds. Every commit is later than every read time that was given out before it."""

    def __init__(self, clock: Clock, last_commit: int, durable: Callable[[], int]) -> None:
        """`durable` tells the time of the last commit that is in the file, to the thread that asks for read times."""
        self._clock = clock
        self._durable = durable
        self._issued = last_commit
        self._in_flight: int | None = None
        self._lock = Lock()

    def read_time(self) -> int:
        """A time at which everything that anybody can know of is visible, and nothing later ever will be.

        A commit can be in the file before its thread has come to say so; the events that went into the file with it may
        be delivered by then, and whoever gets one has to find what it tells of.
        """
        with self._lock:
            if self._in_flight is not None and self._durable() >= self._in_flight:
                return self._in_flight
        return self.observed_time()

    def observed_time(self) -> int:
        """A time up to which the observers have heard of every commit."""
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
