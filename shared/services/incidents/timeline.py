"""Reading the timeline of an incident, and entering what the attacker did."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.audit import AuditEntry, AuditTarget, FieldChange, as_json
from shared.domain.errors import IdempotencyMismatchError, InvalidInputError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.domain.timeline import TimelineEntry, TimelineKind
from shared.domain.timeline_views import ActivityRequest, TimelineItem, TimelinePage
from shared.domain.visibility import may_see, may_work_on
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, INCIDENTS, Store, Work, timeline_of
from shared.ports.timelines import TimelineFilter, Timelines
from shared.services.audit import AuditTrail
from shared.services.incidents.others import MISSING, workable
from shared.services.incidents.recording import IncidentRecord

_EXPORT_PAGE = 200


@dataclass(frozen=True, slots=True)
class Entered:
    """The entry, and whether this call made it or an earlier one with the same key did."""

    item: TimelineItem
    replayed: bool


class TimelineReading:
    """Lists and exports. That one for named people was read by another than its reporter is audited."""

    def __init__(self, timelines: Timelines, store: Store, record: IncidentRecord) -> None:
        self._timelines = timelines
        self._store = store
        self._record = record

    def page(  # a list's usual arguments
        self,
        who: Identity,
        incident_id: str,
        limit: int,
        *,
        kind: TimelineKind | None = None,
        oldest_first: bool = True,
        cursor: str | None = None,
    ) -> TimelinePage:
        """One page.

        Raises:
            NotFoundError: there is no incident that the caller may see.
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        incident = self._seen(who, incident_id)
        entry = self._record.read(who, incident)
        if entry is not None:
            self._store.create(AUDIT, entry)
        where = TimelineFilter(incident_id, not may_work_on(who, incident), kind, oldest_first)
        found = self._timelines.find(where, limit + 1, after)
        page = found[:limit]
        return TimelinePage(
            items=[TimelineItem.of(one) for one in page],
            next_cursor=Cursor(page[-1].at, page[-1].id).encode() if len(found) > limit else None,
        )

    def export(
        self, who: Identity, incident_id: str, *, kind: TimelineKind | None = None, oldest_first: bool = True
    ) -> tuple[Incident, Iterator[TimelineItem]]:
        """The incident and all of its timeline that the caller may see; read in pages while it is written out.

        Raises:
            NotFoundError: there is no incident that the caller may see.
        """
        incident = self._seen(who, incident_id)
        self._store.create(*self._record.done(who, incident, "incident:timeline_exported"))
        where = TimelineFilter(incident_id, not may_work_on(who, incident), kind, oldest_first)
        return incident, self._all(where)

    def _all(self, where: TimelineFilter) -> Iterator[TimelineItem]:
        after: Cursor | None = None
        while found := self._timelines.find(where, _EXPORT_PAGE, after):
            yield from map(TimelineItem.of, found)
            if len(found) < _EXPORT_PAGE:
                return
            after = Cursor(found[-1].at, found[-1].id)

    def _seen(self, who: Identity, incident_id: str) -> Incident:
        incident = self._store.get(INCIDENTS, incident_id)
        if incident is None or not may_see(who, incident):
            raise NotFoundError(MISSING)
        return incident


class ActivityEntering:
    """Keeps what people found out about the attacker. An entry stays: a correction is a new one about it."""

    def __init__(self, store: Store, trail: AuditTrail, record: IncidentRecord, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._record = record
        self._clock = clock

    def enter(self, who: Identity, incident_id: str, request: ActivityRequest, key: str | None = None) -> Entered:
        """Keep the entry, once per Idempotency-Key.

        Raises:
            NotFoundError: there is no incident that the caller works on.
            InvalidInputError: it lies in the future, or corrects an entry that is not there.
            IdempotencyMismatchError: the key came before with other content.
        """
        if request.at > self._clock.now():
            raise InvalidInputError("That has not happened yet", {"at": "has to be in the past"})
        entry = self._entry(who, incident_id, request, key)
        kind = timeline_of(incident_id)

        def body(work: Work) -> tuple[str, bool]:
            incident = workable(work, who, incident_id)
            earlier = work.get(kind, entry.id)
            if earlier is not None:
                if _content(earlier) != _content(entry):
                    raise IdempotencyMismatchError("This Idempotency-Key was used for another entry; take a new key")
                return earlier.id, True
            if entry.about is not None:
                _check_corrected(work.get(kind, entry.about))
            work.create(kind, entry)
            work.create(AUDIT, self._audited(who, incident, entry))
            return entry.id, False

        entry_id, replayed = self._store.run(body)
        # The database's own time is in the document only.
        kept = self._store.get(kind, entry_id)
        if kept is None:
            raise NotFoundError(MISSING)
        return Entered(TimelineItem.of(kept), replayed)

    def _entry(self, who: Identity, incident_id: str, request: ActivityRequest, key: str | None) -> TimelineEntry:
        entry = self._record.entry(
            who,
            incident_id,
            TimelineKind.ATTACKER_ACTIVITY,
            at=request.at,
            note=request.description,
            about=request.about,
            internal=request.internal,
        )
        entry = entry.model_copy(update={"technique": request.technique})
        if key is None:
            return entry
        scope = "\0".join(("timeline", who.uid, incident_id, key))
        return entry.model_copy(update={"id": hashlib.sha256(scope.encode()).hexdigest()[:20]})

    def _audited(self, who: Identity, incident: Incident, entry: TimelineEntry) -> AuditEntry:
        # Under the key of whoever found it out: it is not the reporter's.
        target = AuditTarget(kind="timeline", id=f"{incident.id}/{entry.id}")
        values = {name: value for name, value in entry.model_dump(mode="json").items() if name in _ENTERED}
        changes = [
            FieldChange(field=name, new=as_json(value), personal=name == "note")
            for name, value in values.items()
            if value is not None
        ]
        return self._trail.entry(who, "incident:activity_entered", target, changes=changes)


_ENTERED = ("at", "note", "technique", "about", "internal")


def _content(entry: TimelineEntry) -> tuple[object, ...]:
    return tuple(getattr(entry, name) for name in _ENTERED)


def _check_corrected(entry: TimelineEntry | None) -> None:
    if entry is None or entry.kind is not TimelineKind.ATTACKER_ACTIVITY:
        raise InvalidInputError("There is no such entry", {"about": "names no entry of the attacker's activity here"})
