"""Where the services take the time from."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)  # Firestore's timestamps end with this year
_FURTHEST: Final = timedelta(days=36525)


class Clock(Protocol):
    """A source of the present."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)


class ClockError(ValueError):
    """The clock cannot be moved like that; the text is for the user."""


@dataclass(frozen=True, slots=True)
class Follower:
    """What somebody who works by the clock has to do with its moves."""

    moved: Callable[[], None]  # look again what is due
    check: Callable[[datetime], None] | None = None  # raises ClockError: it cannot follow to this time
    settle: Callable[[], Awaitable[None]] | None = None  # returns when what became due by the move was done once


class MovableClock:
    """The machine's clock and an offset, which only grows: what was written with a time must stay in the past.

    With a `path` the offset survives the end of the process. `now` may be asked from any thread, the rest belongs to
    the event loop's.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Take the offset from the file, if there is one.

        Raises:
            OSError: it cannot be read.
            ClockError: it is none of ours.
        """
        self._path = path
        self._offset = _read(path) if path is not None else timedelta()
        self._followers: dict[int, Follower] = {}
        self._count = 0

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far it is ahead of the machine's."""
        return self._offset

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Tell `follower` of every move; what is returned ends that."""
        self._count += 1
        number = self._count
        self._followers[number] = follower

        def leave() -> None:
            self._followers.pop(number, None)

        return leave

    def advance(self, by: timedelta) -> datetime:
        """Move forward and tell everybody; the new time.

        Raises:
            ClockError: it would go back, or further than somebody can follow. Nothing has changed then.
            OSError: the offset cannot be kept. Nothing has changed then.
        """
        if by < timedelta():
            raise ClockError("The clock cannot go back: what was written would lie in the future.")
        if by > _FURTHEST:
            raise ClockError("The clock goes at most a hundred years at once.")
        to = self.now() + by
        if to >= _LAST:
            raise ClockError("The clock ends with the year 9998.")
        for follower in list(self._followers.values()):
            if follower.check is not None:
                follower.check(to)
        if self._path is not None:
            _write(self._path, self._offset + by)
        self._offset += by
        for follower in list(self._followers.values()):
            follower.moved()
        return self.now()

    async def settle(self) -> None:
        """Wait until everybody has done what became due by the moves so far."""
        for follower in list(self._followers.values()):
            if follower.settle is not None:
                await follower.settle()


def follow(clock: Clock, follower: Follower) -> Callable[[], None]:
    """Follow the clock, if it is one that can be moved; what is returned ends that."""
    return clock.follow(follower) if isinstance(clock, MovableClock) else lambda: None


def _read(path: Path) -> timedelta:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return timedelta()
    try:
        return timedelta(seconds=float(json.loads(text)["offset_seconds"]))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ClockError(f"{path} does not say how far the clock is ahead") from error


def _write(path: Path, offset: timedelta) -> None:
    """Replace the file at once: half a file would be no clock."""
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"offset_seconds": offset.total_seconds()}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
