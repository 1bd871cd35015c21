"""One listener for all sockets of an instance: a change is read once, however many follow."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain.live import Change, Place, Position
from shared.ports.clock import Clock
from shared.ports.live import Changes, Watching

MAX_WAITING = 256
"""Changes that wait for one socket; who reads more slowly than that is dropped."""
OVERLAP = timedelta(seconds=30)
"""So far back a new listener begins: further than clocks differ and a commit takes."""
RENEWED_AFTER = timedelta(minutes=10)
"""A listener keeps everything that it was told: it is followed by a new one from time to time."""


class Mailbox:
    """Changes for one socket, in the order in which they came. Filled by one thread, emptied by another."""

    def __init__(self, most: int = MAX_WAITING) -> None:
        self._most = most
        self._waiting: deque[Change] = deque()
        self._arrived = threading.Condition()
        self._overflowed = False

    @property
    def overflowed(self) -> bool:
        """Whether changes were dropped: then nothing that comes later may be sent."""
        return self._overflowed

    def put(self, changes: Sequence[Change]) -> None:
        """Add them, if there is room for all."""
        with self._arrived:
            if self._overflowed or len(self._waiting) + len(changes) > self._most:
                self._overflowed = True
                self._waiting.clear()
            else:
                self._waiting.extend(changes)
            self._arrived.notify()

    def take(self, timeout: float) -> list[Change]:
        """Everything that is there; waits so many seconds for something."""
        with self._arrived:
            if not self._waiting and not self._overflowed:
                self._arrived.wait(timeout)
            taken = list(self._waiting)
            self._waiting.clear()
            return taken


class Hub:
    """Hands the changes to all mailboxes. The listener is there while there is a mailbox."""

    def __init__(self, changes: Changes, clock: Clock) -> None:
        self._changes = changes
        self._clock = clock
        self._lock = threading.Lock()
        self._mailboxes: set[Mailbox] = set()
        self._watching: Watching | None = None
        self._opened_at = self._alive_at = clock.now()
        self._telling = threading.Lock()
        self._heard = Position(Place(0), Place(0))

    def join(self) -> Mailbox:
        """A mailbox for what is told from now on.

        Raises:
            UnavailableError: the database does not answer.
        """
        mailbox = Mailbox()
        with self._lock:
            if self._watching is None:
                now = self._changes.now()
                self._heard = Position(Place.behind(now), Place.behind(now))
                self._open(now - OVERLAP)
            self._mailboxes.add(mailbox)
        return mailbox

    def leave(self, mailbox: Mailbox) -> None:
        """Nothing more for this one."""
        with self._lock:
            self._mailboxes.discard(mailbox)
            if not self._mailboxes and self._watching is not None:
                self._watching.stop()
                self._watching = None

    def tend(self) -> None:
        """Open the listener anew if it ended or is old. Called every now and then; returns at once if another does it.

        Raises:
            UnavailableError: the database does not answer.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            now = self._clock.now()
            if self._watching is None:
                return
            if not self._watching.is_alive:
                # Whatever came since it was last seen alive may not have been told.
                self._replace(min(self._alive_at, self._changes.now()) - OVERLAP)
            elif now - self._opened_at > RENEWED_AFTER:
                self._replace(self._changes.now() - OVERLAP)
            self._alive_at = now
        finally:
            self._lock.release()

    def _replace(self, since: datetime) -> None:
        old = self._watching
        self._open(since)  # first, so that there is no gap
        if old is not None:
            old.stop()

    def _open(self, since: datetime) -> None:
        self._watching = self._changes.follow(since, self._told)
        self._opened_at = self._alive_at = self._clock.now()

    def _told(self, changes: Sequence[Change]) -> None:
        # A new listener begins with what the one before has told.
        with self._telling:
            fresh = []
            for change in changes:
                if change.new_to(self._heard):
                    self._heard = change.passed(self._heard)
                    fresh.append(change)
            if fresh:
                for mailbox in list(self._mailboxes):
                    mailbox.put(fresh)
