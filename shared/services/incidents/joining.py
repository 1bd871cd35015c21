"""Whoever reported an incident says that it is the same as another one.

They are shown that one's reference and nothing else: what they may not join is not there for them.
"""

from __future__ import annotations

from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.links import OtherIncident
from shared.domain.people import Identity
from shared.domain.taxonomy import FOR_NAMED_PEOPLE, Status
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import may_see
from shared.ports.store import INCIDENTS, Store, Work
from shared.services.incidents.linking import shown
from shared.services.incidents.merging import IncidentMerging, Told
from shared.services.incidents.others import MISSING, named


class IncidentJoining:
    """Merges somebody's own new report into an open incident."""

    def __init__(self, store: Store, merging: IncidentMerging) -> None:
        self._store = store
        self._merging = merging

    def join(self, who: Identity, incident_id: str, request: OtherIncident) -> Incident:
        """The caller's own incident, merged into the other one; the same again does nothing.

        Raises:
            NotFoundError: the caller did not report the first, or the other is none that can be joined.
            ConflictError: the report is no longer new, was merged already, or is for named people only.
        """

        def body(work: Work) -> Incident:
            own = work.get(INCIDENTS, incident_id)
            if own is None or own.reporter_id != who.uid or not may_see(who, own):
                raise NotFoundError(MISSING)
            others = named(work, request.name)
            if any(own.merged_into == other.id for other in others):
                return own
            _check_own(own)
            joinable = [other for other in others if _can_be_joined(other)]
            if len(joinable) != 1:
                raise NotFoundError(MISSING)
            return self._merging.merge_within(work, who, own, joinable[0], Told(TimelineKind.JOINED)).source

        return shown(who, self._store.run(body))


def _check_own(own: Incident) -> None:
    if own.merged_into is not None:
        raise ConflictError("Your report was merged into another incident already")
    if own.status is not Status.NEW:
        raise ConflictError("The security team works on your report already: tell them that it is the same")
    if own.confidential or own.tlp in FOR_NAMED_PEOPLE:
        raise ConflictError("Your report is for named people only: tell them that it is the same")
    if own.merged_ids:
        raise ConflictError("Others were merged into your report already: tell the security team that it is the same")


def _can_be_joined(other: Incident) -> bool:
    return (
        other.status is not Status.CLOSED
        and other.merged_into is None
        and not other.confidential
        and other.tlp not in FOR_NAMED_PEOPLE
    )
