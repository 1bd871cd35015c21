"""Fakes of the lists of timelines and notifications and of the workload, held to the contract of the real adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.notifications import Notification
from shared.domain.paging import Cursor
from shared.domain.taxonomy import Status
from shared.domain.timeline import TimelineEntry
from shared.ports.notifications import notifications_of
from shared.ports.store import INCIDENTS, timeline_of
from shared.ports.timelines import TimelineFilter
from tests.fakes import FakeStore


class FakeWorkload:
    """Looks through the incidents of a FakeStore."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def open_incidents(self, uids: Sequence[str]) -> Mapping[str, int]:
        working = [one for one in self._store.all(INCIDENTS) if one.status is not Status.CLOSED]
        return {uid: sum(uid in one.assignee_ids for one in working) for uid in uids}


class FakeTimelines:
    """Lists of what a FakeStore holds."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def find(self, where: TimelineFilter, limit: int, after: Cursor | None = None) -> list[TimelineEntry]:
        found = sorted(
            (
                one
                for one in self._store.all(timeline_of(where.incident_id))
                if not (where.public_only and one.internal) and where.kind in {None, one.kind}
            ),
            key=lambda one: (one.at, one.id),
            reverse=not where.oldest_first,
        )
        if after is not None:
            place = (after.created_at, after.id)
            found = [
                one for one in found if (one.at, one.id) != place and ((one.at, one.id) > place) == where.oldest_first
            ]
        return found[:limit]


class FakeNotifications:
    """Lists of what a FakeStore holds."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store

    def find(
        self, uid: str, limit: int, after: Cursor | None = None, *, unread_only: bool = False
    ) -> list[Notification]:
        kept = self._store.all(notifications_of(uid))
        found = sorted(
            (one for one in kept if not (unread_only and one.read_at)),
            key=lambda one: (one.created_at, one.id),
            reverse=True,
        )
        if after is not None:
            found = [one for one in found if (one.created_at, one.id) < (after.created_at, after.id)]
        return found[:limit]

    def unread(self, uid: str) -> int:
        return sum(one.read_at is None for one in self._store.all(notifications_of(uid)))
