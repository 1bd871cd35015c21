"""A person's own notifications: reading them, and saying which were read."""

from __future__ import annotations

from shared.domain.notifications import NotificationPage, ReadRequest, Unread
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.ports.clock import Clock
from shared.ports.notifications import Notifications, notifications_of
from shared.ports.store import Store, Work

_AT_ONCE = 200  # a commit takes 500 writes


class NotificationInbox:
    """Everybody meets their own ones only: they lie below their own document."""

    def __init__(self, notifications: Notifications, store: Store, clock: Clock) -> None:
        self._notifications = notifications
        self._store = store
        self._clock = clock

    def page(
        self, who: Identity, limit: int, cursor: str | None = None, *, unread_only: bool = False
    ) -> NotificationPage:
        """One page, newest first.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        found = self._notifications.find(who.uid, limit + 1, after, unread_only=unread_only)
        page = found[:limit]
        return NotificationPage(
            items=page,
            next_cursor=Cursor(page[-1].created_at, page[-1].id).encode() if len(found) > limit else None,
            unread=self._notifications.unread(who.uid),
        )

    def read(self, who: Identity, request: ReadRequest) -> Unread:
        """Note that they were read; one that was read before keeps its time."""
        if request.ids is not None:
            ids = list(dict.fromkeys(request.ids))
            self._store.run(lambda work: self._mark(work, who.uid, ids))
        while request.all and self._store.run(lambda work: self._mark_some(work, who.uid)) == _AT_ONCE:
            pass
        return Unread(unread=self._notifications.unread(who.uid))

    def _mark(self, work: Work, uid: str, ids: list[str]) -> None:
        kind = notifications_of(uid)
        found = [one for key in ids if (one := work.get(kind, key)) is not None]
        for one in found:
            if one.read_at is None:
                work.put(kind, one.model_copy(update={"read_at": self._clock.now()}))

    def _mark_some(self, work: Work, uid: str) -> int:
        kind = notifications_of(uid)
        found = work.find(kind, _AT_ONCE, read_at=None)
        for one in found:
            work.put(kind, one.model_copy(update={"read_at": self._clock.now()}))
        return len(found)
