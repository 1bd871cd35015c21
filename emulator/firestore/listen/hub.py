"""Brings every commit to every stream that may care."""

from __future__ import annotations

import asyncio
from typing import Protocol

from emulator.firestore.storage.records import Commit


class Subscriber(Protocol):
    """A stream."""

    def notify(self, commit: Commit) -> None:
        """A commit is visible; called in the order of commits, in the event loop's thread."""
        ...


class Hub:
    """The streams that are open."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._subscribers: set[Subscriber] = set()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Begin to notify."""
        self._subscribers.add(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Stop notifying."""
        self._subscribers.discard(subscriber)

    def publish(self, commit: Commit) -> None:
        """Notify all; may be called from any thread, one commit after the other."""
        self._loop.call_soon_threadsafe(self._publish, commit)

    def _publish(self, commit: Commit) -> None:
        for subscriber in self._subscribers:
            subscriber.notify(commit)
