"""Changing an incident: who may change what, on which version, into which state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from shared.domain.incident import CLEARABLE_FIELDS, REPORTER_FIELDS, Incident, IncidentChange, Source
from shared.domain.lifecycle import check_closing, check_reopening, check_transition
from shared.domain.links import next_version
from shared.domain.observables import ObservableSource
from shared.domain.people import Identity
from shared.domain.taxonomy import Status
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import may_see, may_work_on
from shared.ports.clock import Clock
from shared.ports.repositories import Incidents
from shared.ports.store import New, Store
from shared.services.incidents.accepting import CheckCustom
from shared.services.incidents.access import access_changes, withdrawal
from shared.services.incidents.conflicts import explained
from shared.services.incidents.detection import check_detected
from shared.services.incidents.linking import shown
from shared.services.incidents.observing import Observe
from shared.services.incidents.others import words
from shared.services.incidents.recording import IncidentRecord

_JUDGED_FIELDS = ("category", "severity", "priority")
_FIRST_REACHED = {Status.ANALYSIS: "triaged_at", Status.ERADICATION: "contained_at", Status.RECOVERY: "contained_at"}
_ACCESS_FIELDS = ("confidential", "access_ids")


class _StaleError(Exception):
    """The change was made on another version; what is there now."""

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self.incident = incident


@dataclass(frozen=True, slots=True)
class Rules:
    """What a changed field is held to beside its own shape, and what is read from changed words."""

    check_custom: CheckCustom
    observe: Observe


class IncidentChanging:
    """Applies a change to the version it was made on."""

    def __init__(self, incidents: Incidents, store: Store, record: IncidentRecord, clock: Clock, rules: Rules) -> None:
        self._incidents = incidents
        self._store = store
        self._record = record
        self._clock = clock
        self._rules = rules

    def change(self, who: Identity, incident_id: str, change: IncidentChange, expected_version: int) -> Incident:
        """The incident with the change made, as the caller sees it; an unchanged one keeps its version.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: a field that the caller may not change.
            VersionConflictError: somebody else changed it first: who, what, and what is there now.
            IllegalTransitionError, ConflictError, InvalidInputError: the change makes no sense on what is stored.
        """
        wanted = _wanted(change)
        check_detected(change.detected_at, self._clock.now())

        def apply(incident: Incident) -> Incident:
            if not may_see(who, incident):
                raise NotFoundError("There is no such incident")
            _check_allowed(who, incident, wanted)
            if incident.version != expected_version:
                raise _StaleError(incident)
            return self._applied(who, incident, wanted, change.reason)

        def beside(before: Incident, after: Incident) -> list[New]:
            return self._record.changed(who, before, after, _kind(before, after), note=change.reason)

        try:
            return shown(who, self._incidents.update(incident_id, apply, beside))
        except _StaleError as stale:
            raise explained(self._store, who, stale.incident, expected_version) from None

    def _applied(self, who: Identity, incident: Incident, wanted: dict[str, Any], reason: str | None) -> Incident:
        full = wanted | access_changes(self._store, who, incident, wanted)
        if "custom_fields" in wanted:
            full["custom_fields"] = self._rules.check_custom(wanted["custom_fields"], incident.custom_fields)
        now = self._clock.now()
        after = changed(incident, full, now, reason)
        # All of the words are read again: what is there already is not found twice.
        if words(after) != words(incident):
            return self._rules.observe(after, words(after), ObservableSource.REPORT, now)
        return after


def _wanted(change: IncidentChange) -> dict[str, Any]:
    wanted = {name: getattr(change, name) for name in change.model_fields_set - {"reason"}}
    unclearable = [name for name, value in wanted.items() if value is None and name not in CLEARABLE_FIELDS]
    if unclearable:
        raise InvalidInputError("A field cannot be empty", dict.fromkeys(unclearable, "cannot be null"))
    return wanted


def _check_allowed(who: Identity, incident: Incident, wanted: dict[str, Any]) -> None:
    if may_work_on(who, incident):
        return
    foreign = sorted(set(wanted) - REPORTER_FIELDS)
    if foreign:
        raise ForbiddenError(f"Only the security team may change: {', '.join(foreign)}")
    if incident.status is not Status.NEW:
        raise ForbiddenError("The security team works on it already: tell them what to correct")


def _kind(before: Incident, after: Incident) -> TimelineKind:
    """Access, where nothing else changed: whoever reported it is told of everything else."""
    others = set(Incident.model_fields) - {*_ACCESS_FIELDS, "withdrawal", "version", "updated_at"}
    same = all(getattr(before, name) == getattr(after, name) for name in others)
    return TimelineKind.ACCESS if same else TimelineKind.CHANGED


def changed(incident: Incident, wanted: dict[str, Any], now: datetime, reason: str | None = None) -> Incident:
    """The incident with the wanted values, its derived fields brought along; the same object when nothing differs."""
    updates = {name: value for name, value in wanted.items() if getattr(incident, name) != value}
    if not updates:
        return incident
    status = updates.get("status")
    if status is not None:
        updates |= _moved(incident, incident.model_copy(update=updates), reason, now)
    _check_still_closed(incident, updates)
    if "category" in updates:
        updates["category_tag"] = updates["category"].rsit_tag if updates["category"] else None
    judged = {name: Source.TEAM if updates[name] else None for name in _JUDGED_FIELDS if name in updates}
    if judged:
        updates["provenance"] = incident.provenance.model_copy(update=judged)
    after = next_version(incident, now, **updates)
    if not updates.keys().isdisjoint(_ACCESS_FIELDS):
        after = after.model_copy(update={"withdrawal": withdrawal(incident, after, now)})
    return after


def _moved(incident: Incident, wanted: Incident, reason: str | None, now: datetime) -> dict[str, Any]:
    if incident.merged_into is not None:
        raise ConflictError("It was merged into another incident: undo the merge to work on it again")
    check_transition(incident.status, wanted.status)
    stamps: dict[str, Any] = {}
    first = _FIRST_REACHED.get(wanted.status)
    if first and getattr(incident, first) is None:
        stamps[first] = now
    if wanted.status is Status.CLOSED:
        check_closing(wanted.outcome, wanted.summary)
        stamps["closed_at"] = now
        if incident.triaged_at is None:
            stamps["triaged_at"] = now
    elif incident.status is Status.CLOSED:
        check_reopening(reason)
        stamps["closed_at"] = None
    return stamps


def _check_still_closed(incident: Incident, updates: dict[str, Any]) -> None:
    """A closed incident keeps an outcome, and a merged one the outcome that its merge gave it."""
    if incident.status is not Status.CLOSED or "outcome" not in updates:
        return
    if incident.merged_into is not None:
        raise ConflictError("It was merged into another incident: undo the merge to judge it anew")
    if updates["outcome"] is None and "status" not in updates:
        raise ConflictError("A closed incident keeps an outcome: send another one, or reopen it")
