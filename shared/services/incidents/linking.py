"""Linking incidents. Both sides change together, and nobody is told of an incident that they may not see."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.errors import ConflictError
from shared.domain.incident import Incident, LinkKind
from shared.domain.links import (
    MAX_ANCESTORS,
    LinkRequest,
    check_audience,
    link_between,
    next_version,
    with_link,
    without_link,
)
from shared.domain.people import Identity
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import may_work_on
from shared.ports.clock import Clock
from shared.ports.store import INCIDENTS, Store, Work
from shared.services.incidents.others import workable, workable_named
from shared.services.incidents.recording import IncidentRecord


def shown(who: Identity, incident: Incident) -> Incident:
    """The incident as somebody sees it: which others it is connected with is for those who work on it.

    Its reporter sees that it was merged, and into which one, for that is what became of their report. No other incident
    needs to be read for this: those who work on an incident may see all that it is linked to (`check_audience`).
    """
    if may_work_on(who, incident) or not (incident.links or incident.merged_ids):
        return incident
    return incident.model_copy(update={"links": [], "merged_ids": []})


@dataclass(frozen=True, slots=True)
class Change:
    """An incident before and after, and the other one that the change concerns."""

    before: Incident
    after: Incident
    about: str


def keep(work: Work, record: IncidentRecord, who: Identity, change: Change, kind: TimelineKind) -> None:
    """Write a change that only those who work on the incident are told of."""
    work.put(INCIDENTS, change.after)
    for document_kind, document in record.changed(
        who, change.before, change.after, kind, about=change.about, internal=True
    ):
        work.create(document_kind, document)


class IncidentLinking:
    """Makes and removes links: at most one between two incidents."""

    def __init__(self, store: Store, record: IncidentRecord, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._clock = clock

    def link(self, who: Identity, incident_id: str, request: LinkRequest) -> Incident:
        """The incident with the link; one of another kind to the same incident gives way. The same again does nothing.

        Raises:
            NotFoundError: the caller does not work on both.
            ConflictError: to itself, in a circle, too many, or one is confidential and others see the other one.
        """

        def body(work: Work) -> Incident:
            one = workable(work, who, incident_id)
            other = workable_named(work, who, request.name)
            if one.id == other.id:
                raise ConflictError("An incident cannot be linked to itself")
            check_audience(one, other)
            there = link_between(one, other.id)
            if there is not None and there.kind is request.kind:
                return one
            _check_not_merged(one, other)
            if request.kind is LinkKind.PARENT:
                _check_no_circle(work, child=one, parent=other)
            if request.kind is LinkKind.CHILD:
                _check_no_circle(work, child=other, parent=one)
            now = self._clock.now()
            after = next_version(one, now, links=with_link(one, request.kind, other.id))
            back = next_version(other, now, links=with_link(other, request.kind.inverse, one.id))
            keep(work, self._record, who, Change(one, after, other.id), TimelineKind.LINKED)
            keep(work, self._record, who, Change(other, back, one.id), TimelineKind.LINKED)
            return after

        return self._store.run(body)

    def unlink(self, who: Identity, incident_id: str, other_id: str) -> Incident:
        """The incident without the link; where there is none, as it is.

        Raises:
            NotFoundError: the caller does not work on both.
            ConflictError: the link belongs to a merge.
        """

        def body(work: Work) -> Incident:
            one = workable(work, who, incident_id)
            other = workable(work, who, other_id)
            if link_between(one, other.id) is None:
                return one
            _check_not_merged(one, other)
            now = self._clock.now()
            after = next_version(one, now, links=without_link(one, other.id))
            back = next_version(other, now, links=without_link(other, one.id))
            keep(work, self._record, who, Change(one, after, other.id), TimelineKind.UNLINKED)
            keep(work, self._record, who, Change(other, back, one.id), TimelineKind.UNLINKED)
            return after

        return self._store.run(body)


def _check_not_merged(one: Incident, other: Incident) -> None:
    if other.id == one.merged_into or one.id == other.merged_into:
        raise ConflictError("One was merged into the other: undo the merge instead")


def _check_no_circle(work: Work, child: Incident, parent: Incident) -> None:
    """Pass a parent that is not below its child, over all generations. A link between the two gives way anyway.

    Raises:
        ConflictError: it is, or there are too many generations to tell.
    """
    seen = {parent.id}
    waiting = [parent.model_copy(update={"links": without_link(parent, child.id)})]
    while waiting:
        for link in waiting.pop().links:
            if link.kind is not LinkKind.PARENT or link.incident_id in seen:
                continue
            if link.incident_id == child.id:
                raise ConflictError(f"{child.reference} is above {parent.reference} already: that would be a circle")
            if len(seen) >= MAX_ANCESTORS:
                raise ConflictError(f"{parent.reference} has over {MAX_ANCESTORS} incidents above it: no more fit")
            seen.add(link.incident_id)
            above = work.get(INCIDENTS, link.incident_id)
            waiting += [above] if above else []
