"""Changing an incident: who may change what, on which version, into which state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from shared.domain.incident import CLEARABLE_FIELDS, REPORTER_FIELDS, Incident, IncidentChange, Source
from shared.domain.lifecycle import check_transition
from shared.domain.people import Identity
from shared.domain.taxonomy import Status
from shared.domain.visibility import may_see, may_work_on
from shared.ports.clock import Clock
from shared.ports.repositories import Incidents
from shared.services.incidents.detection import check_detected
from shared.services.incidents.recording import IncidentRecord

_JUDGED_FIELDS = ("category", "severity", "priority")
_FIRST_REACHED = {Status.ANALYSIS: "triaged_at", Status.ERADICATION: "contained_at", Status.RECOVERY: "contained_at"}


class IncidentChanging:
    """Applies a change to the version it was made on."""

    def __init__(self, incidents: Incidents, record: IncidentRecord, clock: Clock) -> None:
        self._incidents = incidents
        self._record = record
        self._clock = clock

    def change(self, who: Identity, incident_id: str, change: IncidentChange, expected_version: int) -> Incident:
        """The incident with the change made; an unchanged one keeps its version.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: a field that the caller may not change.
            VersionConflictError: somebody else changed it first.
            IllegalTransitionError, ConflictError, InvalidInputError: the change makes no sense on what is stored.
        """
        wanted = {name: getattr(change, name) for name in change.model_fields_set}
        unclearable = [name for name, value in wanted.items() if value is None and name not in CLEARABLE_FIELDS]
        if unclearable:
            raise InvalidInputError("A field cannot be empty", dict.fromkeys(unclearable, "cannot be null"))

        check_detected(change.detected_at, self._clock.now())

        def apply(incident: Incident) -> Incident:
            if not may_see(who, incident):
                raise NotFoundError("There is no such incident")
            _check_allowed(who, incident, wanted)
            if incident.version != expected_version:
                raise VersionConflictError(expected_version, incident.version)
            return changed(incident, wanted, self._clock.now())

        return self._incidents.update(
            incident_id, apply, lambda before, after: self._record.changed(who, before, after)
        )


def _check_allowed(who: Identity, incident: Incident, wanted: dict[str, Any]) -> None:
    if may_work_on(who, incident):
        return
    foreign = sorted(set(wanted) - REPORTER_FIELDS)
    if foreign:
        raise ForbiddenError(f"Only the security team may change: {', '.join(foreign)}")
    if incident.status is not Status.NEW:
        raise ForbiddenError("The security team works on it already: tell them what to correct")


def changed(incident: Incident, wanted: dict[str, Any], now: datetime) -> Incident:
    """The incident with the wanted values, its derived fields brought along; the same object when nothing differs."""
    updates = {name: value for name, value in wanted.items() if getattr(incident, name) != value}
    if not updates:
        return incident
    status = updates.get("status")
    if status is not None:
        updates |= _moved(incident, status, updates.get("outcome", incident.outcome), now)
    if "category" in updates:
        updates["category_tag"] = updates["category"].rsit_tag if updates["category"] else None
    judged = {name: Source.TEAM if updates[name] else None for name in _JUDGED_FIELDS if name in updates}
    if judged:
        updates["provenance"] = incident.provenance.model_copy(update=judged)
    return incident.model_copy(update=updates | {"updated_at": now, "version": incident.version + 1})


def _moved(incident: Incident, status: Status, outcome: object, now: datetime) -> dict[str, Any]:
    check_transition(incident.status, status)
    if status is Status.CLOSED and outcome is None:
        raise ConflictError("An incident is closed with an outcome: send outcome too")
    stamps: dict[str, Any] = {}
    first = _FIRST_REACHED.get(status)
    if first and getattr(incident, first) is None:
        stamps[first] = now
    if status is Status.CLOSED:
        stamps["closed_at"] = now
        if incident.triaged_at is None:
            stamps["triaged_at"] = now
    elif incident.status is Status.CLOSED:
        stamps["closed_at"] = None
    return stamps
