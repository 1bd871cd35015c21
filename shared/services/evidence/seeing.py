"""What somebody may see of an incident's evidence; everything else does not exist for them."""

from __future__ import annotations

from shared.domain.errors import NotFoundError
from shared.domain.evidence import Evidence
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.evidence import evidence_of
from shared.ports.store import Store, Work
from shared.services.messages.seeing import seen_incident

MISSING = "There is no such evidence"


def seen_evidence(source: Work | Store, who: Identity, incident_id: str, evidence_id: str) -> Evidence:
    """A piece of evidence of an incident that the caller may see.

    Raises:
        NotFoundError: there is none.
    """
    incident = seen_incident(source, who, incident_id)
    evidence = source.get(evidence_of(incident.id), evidence_id)
    if evidence is None:
        raise NotFoundError(MISSING)
    return evidence


def handled_evidence(source: Work | Store, who: Identity, incident_id: str, evidence_id: str) -> Evidence:
    """As `seen_evidence`, of an incident that the caller handles. Without that there is none for them.

    Raises:
        NotFoundError: there is none.
    """
    incident = seen_incident(source, who, incident_id)
    evidence = source.get(evidence_of(incident.id), evidence_id)
    if evidence is None or not may_work_on(who, incident):
        raise NotFoundError(MISSING)
    return evidence
