"""What comes into quarantine is inspected, and released or locked away, whatever happens on the way.

Events come twice, late and in any order, and instances die at any point. So each step can be repeated: the generation
is pinned once, one call at a time has the lease, objects are created once, and the result is committed by whoever
still has the lease.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from shared.domain.errors import NotFoundError, RetryLaterError
from shared.domain.evidence import FINAL, Evidence, EvidenceStatus, Stored, ids_in
from shared.domain.incident import Incident
from shared.domain.inspection import Inspection, Verdict
from shared.domain.observables import Observable
from shared.ports.clock import Clock
from shared.ports.evidence import EvidenceFiles, ObjectGoneError, evidence_of
from shared.ports.scanning import Readable
from shared.ports.store import AUDIT, INCIDENTS, New, Store, Work
from shared.services.evidence.arriving import Arrival, stir, with_hash
from shared.services.evidence.moving import Moving

LEASE = timedelta(minutes=10)
"""Longer than the function may run (540 s)."""

Inspect: TypeAlias = Callable[[Readable, str, str | None], Inspection]
"""(file, its name and its type as the uploader said them) → what it is."""

_REPLACED = "It was replaced or removed before it could be looked at"
_OTHER_SIZE = "Its size is not the one that was announced"
_OTHER_BYTES = "Its bytes are not the ones that were sent"
_STATUS_OF = {
    Verdict.CLEAN: EvidenceStatus.CLEAN,
    Verdict.INFECTED: EvidenceStatus.INFECTED,
    Verdict.REFUSED: EvidenceStatus.REFUSED,
}


@dataclass(frozen=True, slots=True)
class _Claim:
    """`mine`: this call has the lease. `foreign`: the event is about other bytes than the pinned ones."""

    evidence: Evidence
    mine: bool = False
    foreign: bool = False


class Receiving:
    """Brings a piece of evidence to its final state."""

    def __init__(  # what it takes
        self, store: Store, files: EvidenceFiles, moving: Moving, inspect: Inspect, arrival: Arrival, clock: Clock
    ) -> None:
        self._store = store
        self._files = files
        self._moving = moving
        self._inspect = inspect
        self._arrival = arrival
        self._record = arrival.record
        self._clock = clock

    def receive(self, arrived: Stored) -> EvidenceStatus:
        """Handle that a generation of an object came into quarantine; the evidence's status then.

        Raises:
            NotFoundError: it is nobody's evidence. It stays, out of reach, until the bucket's lifecycle takes it.
            RetryLaterError: another call has it now: deliver the event again.
            UnavailableError: the storage or a scanner does not answer: deliver the event again.
        """
        ids = ids_in(arrived.name)
        if ids is None:
            raise NotFoundError("An object in quarantine belongs to no evidence")
        claim = self._store.run(lambda work: self._claim(work, *ids, arrived))
        if claim.foreign:
            return self._refuse_other(claim.evidence, arrived)
        if not claim.mine:
            return self._cleared(claim.evidence)
        try:
            return self._work_on(claim.evidence)
        except BaseException:
            self._give_back(claim.evidence)
            raise

    def _claim(self, work: Work, incident_id: str, evidence_id: str, arrived: Stored) -> _Claim:
        evidence = work.get(evidence_of(incident_id), evidence_id)
        if evidence is None:
            raise NotFoundError("An object in quarantine belongs to no evidence")
        now = self._clock.now()
        if evidence.status is EvidenceStatus.DELETED and evidence.pinned is None:
            # It was given up before it came: what comes now is only taken away.
            evidence = evidence.model_copy(update={"pinned": arrived})
            work.put(evidence_of(incident_id), evidence)
        evidence = self._arrival.note(work, evidence, arrived, now)
        if evidence.pinned is not None and evidence.pinned.generation != arrived.generation:
            return _Claim(evidence, foreign=True)
        if evidence.status in FINAL:
            return _Claim(evidence)
        if evidence.lease_until is not None and evidence.lease_until > now:
            raise RetryLaterError(f"Evidence {evidence.id} is being inspected by another call")
        changes = {"status": EvidenceStatus.SCANNING, "lease_until": now + LEASE}
        evidence = evidence.model_copy(update=changes)
        work.put(evidence_of(incident_id), evidence)
        return _Claim(evidence, mine=True)

    def _work_on(self, evidence: Evidence) -> EvidenceStatus:
        pinned = evidence.pinned
        assert pinned is not None  # noqa: S101  # a claim pins
        if pinned.size != evidence.size:
            return self._settle(evidence, _refused(evidence, _OTHER_SIZE))
        file = self._files.open(pinned)
        try:
            inspection = self._inspect(file, evidence.original_name, evidence.content_type)
            if evidence.sha256 is not None and evidence.sha256 != inspection.hashes.sha256:
                return self._settle(evidence, _refused(evidence, _OTHER_BYTES), inspection)
            after = self._moving.keep(_inspected(evidence, inspection), file, lambda: self._has(evidence))
            return self._settle(evidence, after, inspection)
        except ObjectGoneError:
            return self._settle(evidence, _refused(evidence, _REPLACED))

    def _has(self, claimed: Evidence) -> bool:
        current = self._store.get(evidence_of(claimed.incident_id), claimed.id)
        return current is not None and current.lease_until == claimed.lease_until

    def _settle(self, claimed: Evidence, after: Evidence, inspection: Inspection | None = None) -> EvidenceStatus:
        after = after.model_copy(update={"inspected_at": self._clock.now(), "lease_until": None})

        def commit(work: Work) -> Evidence:
            current = work.get(evidence_of(claimed.incident_id), claimed.id)
            incident = work.get(INCIDENTS, claimed.incident_id)
            if current is None or incident is None or current.lease_until != claimed.lease_until:
                # Somebody deleted it meanwhile, or another call took over.
                return current or claimed.model_copy(update={"status": EvidenceStatus.DELETED})
            for kind, document in self._entries(work, incident, current, after, inspection):
                work.create(kind, document)
            work.put(evidence_of(claimed.incident_id), after)
            return after

        kept = self._store.run(commit)
        if after.kept is not None and kept.kept != after.kept:
            self._files.delete(after.kept)
        return self._cleared(kept)

    def _entries(
        self, work: Work, incident: Incident, before: Evidence, after: Evidence, inspection: Inspection | None
    ) -> list[New]:
        now, sha256 = self._clock.now(), after.sha256
        found: Sequence[Observable]
        if after.status is EvidenceStatus.INFECTED and sha256 is not None:
            found = stir(work, incident.id, now, lambda one: with_hash(one, sha256, now))
        else:
            found = stir(work, incident.id, now)
        entries = [self._record.inspected(after, inspection)] if inspection is not None else []
        return entries + self._record.settled(incident, before, after, found)

    def _cleared(self, evidence: Evidence) -> EvidenceStatus:
        """Take the bytes out of quarantine, once their place is elsewhere or nowhere."""
        if evidence.status not in FINAL or not evidence.quarantined or evidence.pinned is None:
            return evidence.status
        self._files.delete(evidence.pinned)

        def commit(work: Work) -> EvidenceStatus:
            current = work.get(evidence_of(evidence.incident_id), evidence.id)
            if current is None or not current.quarantined:
                return evidence.status
            after = current.model_copy(update={"quarantined": False})
            work.put(evidence_of(evidence.incident_id), after)
            work.create(*self._record.purged(after))
            return after.status

        return self._store.run(commit)

    def _refuse_other(self, evidence: Evidence, other: Stored) -> EvidenceStatus:
        """Throw away what came in the place of the pinned bytes, or refuse those if they came in its place.

        Generations rise with time: the first one is what the uploader sent.
        """
        self._files.delete(other)
        first = evidence.pinned is not None and int(other.generation) < int(evidence.pinned.generation)

        def commit(work: Work) -> Evidence:
            current = work.get(evidence_of(evidence.incident_id), evidence.id) or evidence
            entries = self._record.overwritten(current, other)
            if work.get(AUDIT, entries[0][1].id) is None:  # type: ignore[attr-defined]  # an audit entry
                for kind, document in entries:
                    work.create(kind, document)
            if not first or current.status in {EvidenceStatus.REFUSED, EvidenceStatus.DELETED}:
                return current
            refused = _refused(current, _REPLACED).model_copy(update={"kept": None, "lease_until": None})
            for kind, document in self._record.settled(_incident(work, current), current, refused, ()):
                work.create(kind, document)
            work.put(evidence_of(current.incident_id), refused)
            return refused

        if first:
            self._moving.discard(evidence)
        return self._cleared(self._store.run(commit))

    def _give_back(self, claimed: Evidence) -> None:
        """Let the next delivery begin at once, where this one failed."""

        def commit(work: Work) -> None:
            current = work.get(evidence_of(claimed.incident_id), claimed.id)
            if current is not None and current.lease_until == claimed.lease_until and current.status not in FINAL:
                work.put(evidence_of(claimed.incident_id), current.model_copy(update={"lease_until": None}))

        self._store.run(commit)


def _incident(work: Work, evidence: Evidence) -> Incident:
    incident = work.get(INCIDENTS, evidence.incident_id)
    if incident is None:
        raise NotFoundError("There is no such incident")
    return incident


def _inspected(evidence: Evidence, inspection: Inspection) -> Evidence:
    hashes = inspection.hashes
    refused = inspection.verdict is Verdict.REFUSED
    return evidence.model_copy(
        update={
            "status": _STATUS_OF[inspection.verdict],
            "refusal": "It cannot be looked at wholly: it unpacks to far more than it is" if refused else None,
            "detected_type": inspection.type.mime,
            "detected_label": inspection.type.label,
            "sha256": hashes.sha256,
            "sha1": hashes.sha1,
            "md5": hashes.md5,
            "warnings": inspection.warnings,
            "scans": inspection.scans,
            "archive": inspection.archive,
        }
    )


def _refused(evidence: Evidence, reason: str) -> Evidence:
    return evidence.model_copy(update={"status": EvidenceStatus.REFUSED, "refusal": reason})
