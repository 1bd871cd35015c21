"""People's notifications as lists; they are written in transactions, as `notifications_of(uid)`."""

from __future__ import annotations

from typing import Protocol

from shared.domain.notifications import Notification
from shared.domain.paging import Cursor
from shared.ports.store import Kind


def notifications_of(uid: str) -> Kind[Notification]:
    """The notifications of one person."""
    return Kind(f"users/{uid}/notifications", Notification)


class Notifications(Protocol):
    """The collections `users/{uid}/notifications`.

    Raises (each of them):
        UnavailableError: the database does not answer.
    """

    def find(
        self, uid: str, limit: int, after: Cursor | None = None, *, unread_only: bool = False
    ) -> list[Notification]:
        """At most `limit` of the person's, newest first, from behind the cursor on."""
        ...

    def unread(self, uid: str) -> int:
        """How many the person has not read."""
        ...
