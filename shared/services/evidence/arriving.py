"""A file's bytes are there: from then on the incident has the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.evidence import Evidence, EvidenceStatus, Stored
from shared.domain.incident import Incident
from shared.domain.observables import MAX_OBSERVABLES, Observable, ObservableSource, ObservableType
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

        def named(incident: Incident) -> Incident:
            return self.observe(incident, evidence.file_name, ObservableSource.EVIDENCE, now)

        found = stir(work, evidence.incident_id, now, named)
        work.put(evidence_of(evidence.incident_id), after)
        for kind, document in self.record.uploaded(evidence, after, found):
            work.create(kind, document)
        return after


def stir(
    work: Work, incident_id: str, now: datetime, add: Callable[[Incident], Incident] = lambda one: one
) -> Sequence[Observable]:
    """Keep that the incident is active now, with what `add` adds to it; the observables that are new.

    Version and time of update stay, so that nobody's edit of the incident is refused because a file came.
    """
    incident = work.get(INCIDENTS, incident_id)
    if incident is None:
        return ()
    after = add(incident)
    work.put(INCIDENTS, after.model_copy(update={"active_at": now}))
    known = {one.key for one in incident.observables}
    return [one for one in after.observables if one.key not in known]


def with_hash(incident: Incident, sha256: str, now: datetime) -> Incident:
    """The incident with the hash of a dangerous file among its observables.

    It is added as it is: of evidence, `Observe` takes texts for file names.
    """
    one = Observable(
        type=ObservableType.HASH,
        value=sha256,
        tlp=incident.tlp,
        source=ObservableSource.EVIDENCE,
        first_seen_at=now,
    )
    there = {other.key for other in incident.observables}
    if one.key in there or len(there) >= MAX_OBSERVABLES:
        return incident
    return incident.model_copy(update={"observables": [*incident.observables, one]})
