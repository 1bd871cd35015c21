"""Taking evidence away: its bytes go, its record and its chain of custody stay."""

from __future__ import annotations

from shared.domain.evidence import Evidence, EvidenceStatus
from shared.domain.people import Identity
from shared.ports.clock import Clock
from shared.ports.evidence import EvidenceFiles, evidence_of
from shared.ports.store import Store, Work
from shared.services.evidence.moving import Moving
from shared.services.evidence.recording import EvidenceRecord
from shared.services.evidence.seeing import handled_evidence
from shared.services.evidence.views import ShownEvidence


class EvidenceDeleting:
    """Deletes bytes, for those who handle the incident."""

    def __init__(
        self, store: Store, files: EvidenceFiles, moving: Moving, record: EvidenceRecord, clock: Clock
    ) -> None:
        self._store = store
        self._files = files
        self._moving = moving
        self._record = record
        self._clock = clock

    def delete(self, who: Identity, incident_id: str, evidence_id: str, reason: str) -> ShownEvidence:
        """Delete the bytes. Nobody can get them from the first moment on; asking again deletes what a failure left.

        Raises:
            NotFoundError: there is none that the caller handles.
            UnavailableError: the storage does not answer: ask again.
        """

        def once(work: Work) -> Evidence:
            evidence = handled_evidence(work, who, incident_id, evidence_id)
            if evidence.status is EvidenceStatus.DELETED:
                return evidence
            changes = {
                "status": EvidenceStatus.DELETED,
                "deleted_at": self._clock.now(),
                "deleted_by": who.uid,
                "kept": None,
                "lease_until": None,
                "quarantined": evidence.pinned is None,
            }
            after = evidence.model_copy(update=changes)
            work.put(evidence_of(incident_id), after)
            for kind, document in self._record.deleted(who, evidence, after, reason):
                work.create(kind, document)
            return after

        evidence = self._store.run(once)
        self._moving.discard(evidence)
        if evidence.pinned is not None:
            self._files.delete(evidence.pinned)
        return ShownEvidence.of(evidence, self._clock.now())
