"""The fake of the messages' lists, held to the same contract as the real adapter by tests/contract."""

from __future__ import annotations

from shared.domain.messages import Message, MessageFilter, Place, ReadReceipt
from shared.domain.paging import Cursor
from shared.ports.messages import MAX_READERS, receipts_of
from shared.ports.store import messages_of
from tests.fakes import FakeStore


class FakeMessages:
    """Lists of what a FakeStore holds."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def find(self, where: MessageFilter, limit: int, after: Cursor | None = None) -> list[Message]:
        return self._behind(where, (after.created_at, after.id) if after else None)[:limit]

    def receipts(self, incident_id: str) -> list[ReadReceipt]:
        return sorted(self._store.all(receipts_of(incident_id)), key=lambda one: one.uid)[:MAX_READERS]

    def unread(self, where: MessageFilter, uid: str, after: Place | None) -> int:
        return sum(one.author_id != uid for one in self._behind(where, after))

    def _behind(self, where: MessageFilter, place: Place | None) -> list[Message]:
        def fits(one: Message) -> bool:
            return not (where.public_only and one.internal) and where.thread in {None, one.thread}

        found = sorted(filter(fits, self._store.all(messages_of(where.incident_id))), key=lambda one: one.place)
        if where.oldest_first:
            return [one for one in found if place is None or one.place > place]
        return [one for one in reversed(found) if place is None or one.place < place]
