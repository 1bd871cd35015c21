"""The stream of changes over Firestore's listeners: one for incidents, one for all timelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from google.cloud.firestore import Client, DocumentSnapshot, FieldFilter, Query
from google.cloud.firestore_v1.watch import ChangeType, DocumentChange, Watch
from google.protobuf.timestamp_pb2 import Timestamp

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded, read_fields
from shared.domain.incident import Incident
from shared.domain.live import Change, Place, micros
from shared.domain.search import ANY, GONE, term
from shared.domain.timeline import TimelineEntry
from shared.ports.store import INCIDENTS, timeline_of


class FirestoreChanges:
    """Follows `incidents` by `committed_at`, and the collection group `timeline` by `recorded_at`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def now(self) -> datetime:
        with firestore_errors():
            # A document that nobody has is answered with the time of the read, too.
            read_time: datetime = self._client.collection("incidents").document("-").get([]).read_time
        return read_time

    def follow(self, since: datetime, told: Callable[[Sequence[Change]], None]) -> _Pair:
        incidents = self._incidents().where(filter=FieldFilter("committed_at", ">", since))
        timelines = self._timelines(since)
        return _Pair(
            incidents.on_snapshot(_guarded(lambda changes: told(self._of_incidents(changes)))),
            timelines.on_snapshot(_guarded(lambda changes: told(self._of_timelines(changes)))),
        )

    def between(self, scopes: Sequence[str], since: datetime, most: int) -> list[Change] | None:
        terms = [term(scope, text) for scope in scopes for text in (ANY, GONE)]
        query = self._incidents().where(filter=FieldFilter("audience", "array_contains_any", terms))
        query = query.where(filter=FieldFilter("committed_at", ">", since)).limit(most + 1)
        with firestore_errors():
            incidents = list(query.select(read_fields(INCIDENTS) or ()).stream())
            entries = list(self._timelines(since).limit(most + 1).stream())
            if len(incidents) > most or len(entries) > most:
                return None
            found = [_changed(snapshot) for snapshot in incidents] + self._with_incidents(entries)
        return sorted(found, key=lambda change: change.place)

    def _incidents(self) -> Query:
        every: Query = self._client.collection(INCIDENTS.collection).order_by("committed_at")
        return every

    def _timelines(self, since: datetime) -> Query:
        group: Query = self._client.collection_group("timeline")
        return group.where(filter=FieldFilter("recorded_at", ">", since)).order_by("recorded_at")

    def _of_incidents(self, changes: Iterable[DocumentChange]) -> list[Change]:
        snapshots = [change.document for change in changes if change.type is not ChangeType.REMOVED]
        return sorted(map(_changed, snapshots), key=lambda change: change.place)

    def _of_timelines(self, changes: Iterable[DocumentChange]) -> list[Change]:
        added = [change.document for change in changes if change.type is ChangeType.ADDED]
        return sorted(self._with_incidents(added), key=lambda change: change.place)

    def _with_incidents(self, entries: Sequence[DocumentSnapshot[Any]]) -> list[Change]:
        """The entries with their incidents as they are now: who may see an entry is for the incident to say."""
        references = {snapshot.reference.parent.parent for snapshot in entries} - {None}
        found = self._client.get_all(list(references), field_paths=read_fields(INCIDENTS)) if references else ()
        incidents: dict[str, Incident] = {one.id: decoded(INCIDENTS, one) for one in found if one.exists}
        changes = []
        for snapshot in entries:
            entry: TimelineEntry = decoded(timeline_of(""), snapshot)
            if entry.incident_id in incidents:
                place = _place(snapshot, snapshot.create_time)
                changes.append(Change(place, incidents[entry.incident_id], entry))
        return changes


class _Pair:
    def __init__(self, *watches: Watch) -> None:
        self._watches = watches

    @property
    def is_alive(self) -> bool:
        return all(watch.is_active for watch in self._watches)

    def stop(self) -> None:
        for watch in self._watches:
            watch.unsubscribe()  # type: ignore[no-untyped-call]  # the library gives no types here


def _changed(snapshot: DocumentSnapshot[Any]) -> Change:
    return Change(_place(snapshot, snapshot.update_time), decoded(INCIDENTS, snapshot))


def _place(snapshot: DocumentSnapshot[Any], at: Any) -> Place:
    # A query's snapshots have protobuf's Timestamp, a listener's a datetime.
    return Place(at.ToMicroseconds() if isinstance(at, Timestamp) else micros(at), snapshot.reference.path)


def _guarded(told: Callable[[Iterable[DocumentChange]], None]) -> Callable[[Any, Any, Any], None]:
    """The callback of a listener. What it raises would end the listener without a word."""

    def heard(_documents: Any, changes: Iterable[DocumentChange], _read_time: Any) -> None:
        try:
            told(changes)
        except Exception:
            structlog.get_logger().exception("changes could not be told")
            raise

    return heard
