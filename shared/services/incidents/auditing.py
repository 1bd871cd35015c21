"""What the audit trail says of an incident."""

from __future__ import annotations

from shared.domain.audit import Actor, AuditEntry, AuditTarget, changes_between
from shared.domain.incident import Incident
from shared.domain.people import Identity
from shared.domain.taxonomy import Tlp
from shared.services.audit import AuditTrail

# Judgements, states and times. Words, assets and what was read from them may name people or secrets.
_PLAIN_FIELDS = frozenset(Incident.model_fields) - {
    "title",
    "description",
    "tags",
    "affected_assets",
    "observables",
    "analysis",
}
_FOR_NAMED_PEOPLE = {Tlp.RED, Tlp.AMBER_STRICT}


class IncidentAudit:
    """Makes the entries; personal values are encrypted under the reporter's key, with whom they go."""

    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail

    def reported(self, who: Identity, incident: Incident) -> AuditEntry:
        """Somebody reported it."""
        return self._entry(who, "incident:reported", None, incident)

    def changed(self, who: Identity, before: Incident, after: Incident) -> AuditEntry:
        """Somebody changed it."""
        return self._entry(who, "incident:changed", before, after)

    def analyzed(self, before: Incident, after: Incident) -> AuditEntry:
        """The AI judged it."""
        return self._entry(Actor(kind="system", id="incident_analysis"), "incident:analyzed", before, after)

    def read(self, who: Identity, incident: Incident) -> AuditEntry | None:
        """Somebody else than the reporter read one that is for named people only; None where that says nothing."""
        if incident.tlp not in _FOR_NAMED_PEOPLE or incident.reporter_id == who.uid:
            return None
        return self._trail.entry(who, "incident:read", _target(incident), subject=incident.reporter_id)

    def _entry(self, who: Identity | Actor, action: str, before: Incident | None, after: Incident) -> AuditEntry:
        return self._trail.entry(
            who,
            action,
            _target(after),
            subject=after.reporter_id,
            changes=changes_between(before, after, _PLAIN_FIELDS, ignore={"id"}),
        )


def _target(incident: Incident) -> AuditTarget:
    return AuditTarget(kind="incident", id=incident.id)
