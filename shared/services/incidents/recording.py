"""What is written down beside every change of an incident: the audit entry and the entry of its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange, changes_between
from shared.domain.incident import Incident
from shared.domain.people import Identity
from shared.domain.taxonomy import Tlp
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
_FOR_NAMED_PEOPLE = {Tlp.RED, Tlp.AMBER_STRICT}
_ACTIONS = {TimelineKind.REPORTED: "incident:reported", TimelineKind.ANALYZED: "incident:analyzed"}


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
        self, who: Identity | Actor, before: Incident, after: Incident, kind: TimelineKind = TimelineKind.CHANGED
    ) -> list[New]:
        """Somebody changed it. `kind` says in which way."""
        return [
            (AUDIT, self._audit_entry(who, _ACTIONS.get(kind, "incident:changed"), before, after)),
            (
                timeline_of(after.id),
                # Who else may see it is for those who handle it to know.
                self.entry(
                    who,
                    after.id,
                    kind,
                    changes=timeline_changes(before, after),
                    internal=kind is TimelineKind.ACCESS,
                ),
            ),
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
        named = incident.tlp in _FOR_NAMED_PEOPLE or incident.confidential
        if not named or incident.reporter_id == who.uid:
            return None
        return self._trail.entry(who, "incident:read", _target(incident), subject=incident.reporter_id)

    def _audit_entry(self, who: Identity | Actor, action: str, before: Incident | None, after: Incident) -> AuditEntry:
        return self._trail.entry(
            who,
            action,
            _target(after),
            subject=after.reporter_id,
            changes=changes_between(before, after, _PLAIN_FIELDS, ignore={"id"}),
        )


def timeline_changes(before: Incident, after: Incident) -> list[TimelineChange]:
    """What differs between two states, field by field, as JSON values."""
    old, new = (state.model_dump(mode="json", exclude=set(_NOT_IN_TIMELINE)) for state in (before, after))
    return [TimelineChange(field=name, old=old[name], new=new[name]) for name in new if old[name] != new[name]]


def _target(incident: Incident) -> AuditTarget:
    return AuditTarget(kind="incident", id=incident.id)
