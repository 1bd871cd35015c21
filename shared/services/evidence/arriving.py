"""A file's bytes are there: from then on the incident has the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.evidence import Evidence, EvidenceStatus, Stored
from shared.domain.incident import Incident
from shared.domain.observables import Observable, ObservableSource
from shared.ports.evidence import evidence_of
from shared.ports.store import INCIDENTS, Work

if TYPE_CHECKING:  # the function is handed in
    from shared.services.evidence.recording import EvidenceRecord
    from shared.services.incidents.observing import Observe


@dataclass(frozen=True, slots=True)
class Arrival:
    """Writes down that a file came."""

    record: EvidenceRecord
    observe: Observe

    def note(self, work: Work, evidence: Evidence, stored: Stored, now: datetime) -> Evidence:
        """Pin the generation, once: who comes second changes nothing."""
        if evidence.status is not EvidenceStatus.AWAITING_UPLOAD:
            return evidence
        changes = {"status": EvidenceStatus.UPLOADED, "pinned": stored, "uploaded_at": now}
        after = evidence.model_copy(update=changes)
        found = stir(work, self.observe, evidence.incident_id, [evidence.file_name], now)
        work.put(evidence_of(evidence.incident_id), after)
        for kind, document in self.record.uploaded(evidence, after, found):
            work.create(kind, document)
        return after


def stir(work: Work, observe: Observe, incident_id: str, texts: Sequence[str], now: datetime) -> Sequence[Observable]:
    """Keep that the incident is active now, with what the texts hold; the observables that are new.

    Version and time of update stay, so that nobody's edit of the incident is refused because a file came.
    """
    incident = work.get(INCIDENTS, incident_id)
    if incident is None:
        return ()
    after: Incident = incident
    for text in texts:
        after = observe(after, text, ObservableSource.EVIDENCE, now)
    work.put(INCIDENTS, after.model_copy(update={"active_at": now}))
    known = {one.key for one in incident.observables}
    return [one for one in after.observables if one.key not in known]
