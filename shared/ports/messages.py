"""Messages as lists; they are written in transactions, as `messages_of(incident_id)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.domain.messages import Message, MessageFilter, Place, ReadReceipt, Revision
from shared.domain.paging import Cursor
from shared.ports.store import Kind

MAX_READERS = 200
"""Receipts of one incident that are looked at."""


def revisions_of(incident_id: str) -> Kind[Revision]:
    """What the messages of one incident said before they were changed."""
    return Kind(f"incidents/{incident_id}/revisions", Revision)


def receipts_of(incident_id: str) -> Kind[ReadReceipt]:
    """How far people have read the messages of one incident."""
    return Kind(f"incidents/{incident_id}/receipts", ReadReceipt, "uid")


class Messages(Protocol):
    """The collections `incidents/{id}/messages` and `incidents/{id}/receipts`.

    Raises (each of them):
        UnavailableError: the database does not answer.
    """

    def find(self, where: MessageFilter, limit: int, after: Cursor | None = None) -> list[Message]:
        """At most `limit` messages in the order of their places, from behind the cursor on."""
        ...

    def receipts(self, incident_id: str) -> Sequence[ReadReceipt]:
        """Who has read how far, at most MAX_READERS of them, in the order of their uids."""
        ...

    def unread(self, where: MessageFilter, uid: str, after: Place | None) -> int:
        """How many messages that fit stand behind the place (all of them, for None) and are not the person's own."""
        ...
