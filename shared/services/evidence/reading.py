"""Listing and reading evidence. Reading one is an entry of its chain of custody."""

from __future__ import annotations

from shared.domain.evidence import FINAL, LINK_LIFETIME, MAX_FILES, Bucket, Evidence, EvidenceStatus
from shared.domain.keyed_paging import page_of
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.clock import Clock
from shared.ports.evidence import evidence_of
from shared.ports.link_tokens import LinkTokens
from shared.ports.store import INCIDENTS, Store
from shared.services.evidence.recording import EvidenceRecord
from shared.services.evidence.seeing import seen_evidence
from shared.services.evidence.views import EvidenceLink, EvidencePage, ListedEvidence, ShownEvidence
from shared.services.messages.seeing import seen_incident

PURPOSE = "evidence"


class EvidenceReading:
    """Reads evidence of incidents that the caller may see. `base_url` is where links lead to."""

    def __init__(self, store: Store, tokens: LinkTokens, record: EvidenceRecord, clock: Clock, base_url: str) -> None:
        self._store = store
        self._tokens = tokens
        self._record = record
        self._clock = clock
        self._base_url = base_url

    def find(self, who: Identity, incident_id: str, limit: int, cursor: str | None = None) -> EvidencePage:
        """One page, oldest first.

        Raises:
            NotFoundError: there is no incident that the caller may see.
            InvalidInputError: the cursor is not one of ours.
        """
        incident = seen_incident(self._store, who, incident_id)
        entry = self._record.opened(who, incident)
        if entry is not None:
            self._store.create(*entry)
        found = self._store.run(lambda work: work.find(evidence_of(incident.id), MAX_FILES))
        now = self._clock.now()
        page, following = page_of(found, lambda one: (one.created_at.isoformat(), one.id), limit, cursor)
        return EvidencePage(items=[ListedEvidence.of(one, now) for one in page], next_cursor=following)

    def get(self, who: Identity, incident_id: str, evidence_id: str) -> ShownEvidence:
        """One piece, with a link to its bytes where the caller may have them.

        Raises:
            NotFoundError: there is none that the caller may see.
        """
        evidence = seen_evidence(self._store, who, incident_id, evidence_id)
        if evidence.status in FINAL:
            self._store.create(*self._record.seen(who, evidence, "evidence:viewed"))
        return ShownEvidence.of(evidence, self._clock.now(), self._link(who, evidence))

    def _link(self, who: Identity, evidence: Evidence) -> EvidenceLink | None:
        kept = evidence.kept
        if kept is None or evidence.status is EvidenceStatus.DELETED:
            return None
        incident = self._store.get(INCIDENTS, evidence.incident_id)
        if incident is None or (kept.bucket is not Bucket.CLEAN and not may_work_on(who, incident)):
            return None
        claims = {
            "incident": evidence.incident_id,
            "evidence": evidence.id,
            "uid": who.uid,
            "generation": kept.generation,
        }
        token = self._tokens.make(PURPOSE, claims, LINK_LIFETIME)
        path = f"/api/incidents/{evidence.incident_id}/evidence/{evidence.id}/content"
        return EvidenceLink(
            url=f"{self._base_url}{path}?token={token}",
            expires_at=self._clock.now() + LINK_LIFETIME,
            archive=kept.bucket is Bucket.INFECTED,
        )
