"""Taking files in: through the platform, or by a session of the storage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from shared.domain.errors import ConflictError, IdempotencyMismatchError, InvalidInputError
from shared.domain.evidence import (
    MAX_DIRECT,
    MAX_FILES,
    Bucket,
    Evidence,
    EvidenceAnnouncement,
    EvidenceStatus,
    EvidenceTally,
    Stored,
    TooLargeError,
    kept_text,
    safe_name,
)
from shared.domain.people import Identity
from shared.ports.clock import Clock, Ids
from shared.ports.evidence import CONTENT_TYPE, EvidenceFiles, ObjectTakenError, evidence_of, tallies_of
from shared.ports.store import Store, Work
from shared.services.evidence.arriving import Arrival
from shared.services.evidence.views import ShownEvidence, TakenEvidence, UploadPlan
from shared.services.messages.seeing import check_open, seen_incident


class Sent(Protocol):
    """A file that was sent whole: it can be read as often as needed."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def pieces(self) -> Iterable[bytes]:
        """Its bytes, from the beginning."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer, and whether an earlier request with the same key had been carried out."""

    content: TakenEvidence
    replayed: bool


@dataclass(frozen=True, slots=True)
class Tools:
    """What taking in needs."""

    store: Store
    files: EvidenceFiles
    arrival: Arrival
    clock: Clock
    ids: Ids
    max_size: int
    """Bytes of a file that comes by a session."""


class EvidenceUploading:
    """Takes in files of incidents that the caller may see."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._store = tools.store

    def upload(
        self, who: Identity, incident_id: str, what: EvidenceAnnouncement, sent: Sent, key: str | None = None
    ) -> Taken:
        """Keep a file that was sent. A retry with the same key goes on where the first try ended.

        Raises:
            NotFoundError: there is no incident that the caller may see.
            TooLargeError: it is over 10 MiB.
            ConflictError: the incident has 200 files, or goes on in another one.
            IdempotencyMismatchError: the key came before with another file.
            UnavailableError: the storage does not answer: try again.
        """
        _check_size(sent.size, MAX_DIRECT, "send its name and size as JSON to get an upload session instead")
        digest = hashlib.sha256()
        for piece in sent.pieces():
            digest.update(piece)
        draft = self._draft(who, incident_id, what, key, digest.hexdigest())
        evidence, replayed = self._announced(who, draft)
        if evidence.status is EvidenceStatus.AWAITING_UPLOAD:
            stored = self._put(evidence, sent)
            evidence = self._store.run(lambda work: self._arrived(work, evidence, stored))
        return self._taken(evidence, replayed=replayed)

    def announce(self, who: Identity, incident_id: str, what: EvidenceAnnouncement, key: str | None = None) -> Taken:
        """Give the caller a session to upload the file by. A retry with the same key gives a new one for it.

        Raises:
            As `upload`; TooLargeError: it is over the platform's limit.
        """
        _check_size(what.size, self._tools.max_size, "split it")
        evidence, replayed = self._announced(who, self._draft(who, incident_id, what, key, None))
        if evidence.status is not EvidenceStatus.AWAITING_UPLOAD:
            return self._taken(evidence, replayed=replayed)
        session = self._tools.files.start_session(evidence.object_name, evidence.size)
        headers = {"Content-Type": CONTENT_TYPE}
        return self._taken(
            evidence, UploadPlan(url=session.url, headers=headers, expires_at=session.expires_at), replayed=replayed
        )

    def _put(self, evidence: Evidence, sent: Sent) -> Stored:
        files, name = self._tools.files, evidence.object_name
        try:
            return files.put(Bucket.QUARANTINE, name, sent.pieces())
        except ObjectTakenError:
            # An earlier try got this far; its bytes are compared with their hash before anything is released.
            found = files.stat(Bucket.QUARANTINE, name)
            if found is None:
                raise ConflictError("This file is being taken in by another request") from None
            return found

    def _arrived(self, work: Work, evidence: Evidence, stored: Stored) -> Evidence:
        current = work.get(evidence_of(evidence.incident_id), evidence.id) or evidence
        return self._tools.arrival.note(work, current, stored, self._tools.clock.now())

    def _announced(self, who: Identity, draft: Evidence) -> tuple[Evidence, bool]:
        def once(work: Work) -> tuple[Evidence, bool]:
            incident = seen_incident(work, who, draft.incident_id)
            earlier = work.get(evidence_of(incident.id), draft.id)
            if earlier is not None:
                if earlier.request_hash != draft.request_hash:
                    raise IdempotencyMismatchError("This Idempotency-Key was used for another file; take a new key")
                return earlier, True
            check_open(work, who, incident)
            tally = work.get(tallies_of(incident.id), "evidence") or EvidenceTally()
            if tally.count >= MAX_FILES:
                raise ConflictError(f"An incident holds at most {MAX_FILES} files: pack several into one archive")
            work.put(tallies_of(incident.id), EvidenceTally(count=tally.count + 1))
            work.create(evidence_of(incident.id), draft)
            work.create(*self._tools.arrival.record.announced(who, draft))
            return draft, False

        return self._store.run(once)

    def _draft(
        self, who: Identity, incident_id: str, what: EvidenceAnnouncement, key: str | None, sha256: str | None
    ) -> Evidence:
        scope = _digest("evidence", who.uid, incident_id, key) if key is not None else None
        return Evidence(
            id=scope[:20] if scope else self._tools.ids.new(),
            incident_id=incident_id,
            uploader_id=who.uid,
            file_name=safe_name(what.file_name),
            original_name=kept_text(what.file_name),
            description=what.description,
            size=what.size,
            content_type=what.content_type,
            sha256=sha256,
            request_hash=_digest(scope, kept_text(what.model_dump_json()), sha256 or "") if scope else None,
            created_at=self._tools.clock.now(),
        )

    def _taken(self, evidence: Evidence, upload: UploadPlan | None = None, *, replayed: bool) -> Taken:
        shown = ShownEvidence.of(evidence, self._tools.clock.now())
        return Taken(TakenEvidence(evidence=shown, upload=upload), replayed)


def _check_size(size: int, limit: int, otherwise: str) -> None:
    if size > limit:
        raise TooLargeError(f"The file has {size} bytes, and {limit} are the limit: {otherwise}")
    if size == 0:
        raise InvalidInputError("The file is empty", {"size": "at least 1 byte"})


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
