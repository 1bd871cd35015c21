"""What is written down beside every change of an incident: the audit entry and the entry of its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange, changes_between
from shared.domain.incident import Incident
from shared.domain.people import Identity
from shared.domain.taxonomy import FOR_NAMED_PEOPLE
from shared.domain.timeline import TimelineChange, TimelineEntry, TimelineKind
from shared.ports.clock import Clock, Ids
from shared.ports.store import AUDIT, New, timeline_of
from shared.services.audit import AuditTrail
from shared.services.audit.recording import actor_of

# Judgements, states, times, and who: uids name nobody outside. Words, assets and what was read from them may name
# people or secrets.
_PLAIN_FIELDS = frozenset(Incident.model_fields) - {
    "title",
    "description",
    "tags",
    "affected_assets",
    "observables",
    "custom_fields",
    "summary",
    "analysis",
}
# What no reader of a timeline looks for: bookkeeping, and the analysis, which is in the incident.
_NOT_IN_TIMELINE = frozenset(
    {"id", "version", "created_at", "updated_at", "active_at", "provenance", "analysis", "withdrawal", "category_tag"}
)
# What names other incidents and people, whom the reporter may not know of.
_FOR_THE_TEAM = frozenset({"links", "merged_ids", "access_ids"})
_ACTIONS = {
    TimelineKind.REPORTED: "incident:reported",
    TimelineKind.ANALYZED: "incident:analyzed",
    TimelineKind.ACCESS: "incident:access_changed",
    TimelineKind.ASSIGNED: "incident:assigned",
    TimelineKind.LINKED: "incident:linked",
    TimelineKind.UNLINKED: "incident:unlinked",
    TimelineKind.MERGED: "incident:merged",
    TimelineKind.UNMERGED: "incident:unmerged",
    TimelineKind.SPLIT: "incident:split",
    TimelineKind.JOINED: "incident:joined",
}


class IncidentRecord:
    """Makes the entries; personal values of the audit are encrypted under the reporter's key, with whom they go.

    Each method gives the documents to create in the same commit as the change.
    """

    def __init__(self, trail: AuditTrail, clock: Clock, ids: Ids) -> None:
        self._trail = trail
        self._clock = clock
        self._ids = ids

    def reported(self, who: Identity, incident: Incident) -> list[New]:
        """Somebody reported it."""
        return [
            (AUDIT, self._audit_entry(who, "incident:reported", None, incident)),
            (timeline_of(incident.id), self.entry(who, incident.id, TimelineKind.REPORTED)),
        ]

    def changed(
        self,
        who: Identity | Actor,
        before: Incident,
        after: Incident,
        kind: TimelineKind = TimelineKind.CHANGED,
        *,
        note: str | None = None,
        about: str | None = None,
        internal: bool = False,
    ) -> list[New]:
        """Somebody changed it. `kind` says in which way, `note` why, `about` which other document it concerns."""
        before, after = _with_other_observables(before, after)
        changes = timeline_changes(before, after)
        # Who else may see it is for those who handle it to know.
        internal = internal or kind is TimelineKind.ACCESS
        if not internal:
            changes = [change for change in changes if change.field not in _FOR_THE_TEAM]
        entry = self.entry(who, after.id, kind, changes=changes, internal=internal, note=note, about=about)
        if after.version != before.version:
            entry = entry.model_copy(update={"version": after.version})
        return [
            (AUDIT, self._audit_entry(who, _ACTIONS.get(kind, "incident:changed"), before, after, note)),
            (timeline_of(after.id), entry),
        ]

    def analyzed(self, before: Incident, after: Incident) -> list[New]:
        """The AI judged it."""
        return self.changed(Actor(kind="system", id="incident_analysis"), before, after, TimelineKind.ANALYZED)

    def done(
        self,
        who: Identity | Actor,
        incident: Incident,
        action: str,
        target: AuditTarget | None = None,
        changes: Sequence[FieldChange] = (),
    ) -> New:
        """The audit entry of something done at an incident that changes no field of it, such as evidence:uploaded."""
        subject = incident.reporter_id
        target = target or _target(incident)
        return AUDIT, self._trail.entry(who, action, target, subject=subject, changes=changes)

    def entry(  # noqa: PLR0913  # what an entry of the timeline says
        self,
        who: Identity | Actor,
        incident_id: str,
        kind: TimelineKind,
        *,
        changes: Sequence[TimelineChange] = (),
        internal: bool = False,
        note: str | None = None,
        about: str | None = None,
        at: datetime | None = None,
    ) -> TimelineEntry:
        """An entry of the timeline, `at` now where nothing else is said."""
        return TimelineEntry(
            id=self._ids.new(),
            incident_id=incident_id,
            at=at or self._clock.now(),
            kind=kind,
            actor=actor_of(who),
            internal=internal,
            changes=list(changes),
            note=note,
            about=about,
        )

    def read(self, who: Identity, incident: Incident) -> AuditEntry | None:
        """Somebody else than the reporter read one that is for named people only; None where that says nothing."""
        named = incident.tlp in FOR_NAMED_PEOPLE or incident.confidential
        if not named or incident.reporter_id == who.uid:
            return None
        return self._trail.entry(who, "incident:read", _target(incident), subject=incident.reporter_id)

    def _audit_entry(
        self, who: Identity | Actor, action: str, before: Incident | None, after: Incident, reason: str | None = None
    ) -> AuditEntry:
        return self._trail.entry(
            who,
            action,
            _target(after),
            subject=after.reporter_id,
            changes=changes_between(before, after, _PLAIN_FIELDS, ignore={"id"}),
            reason=reason,
        )


def _with_other_observables(before: Incident, after: Incident) -> tuple[Incident, Incident]:
    """Both, each with those observables only that the other has not: of 200, entries tell those that came or went."""
    if before.observables == after.observables:
        return before, after
    kept = {one.key for one in before.observables} & {one.key for one in after.observables}
    old, new = ([one for one in state.observables if one.key not in kept] for state in (before, after))
    return before.model_copy(update={"observables": old}), after.model_copy(update={"observables": new})


def timeline_changes(before: Incident, after: Incident) -> list[TimelineChange]:
    """What differs between two states, field by field, as JSON values."""
    old, new = (state.model_dump(mode="json", exclude=set(_NOT_IN_TIMELINE)) for state in (before, after))
    return [TimelineChange(field=name, old=old[name], new=new[name]) for name in new if old[name] != new[name]]


def _target(incident: Incident) -> AuditTarget:
    return AuditTarget(kind="incident", id=incident.id)
