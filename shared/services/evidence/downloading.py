"""Fetching the bytes by a link, as somebody's browser does: without a token of theirs, so all is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.errors import NotFoundError
from shared.domain.evidence import Bucket, Evidence, EvidenceStatus, Stored
from shared.domain.people import Identity, Origin
from shared.domain.visibility import user_may_see, user_works_on
from shared.ports.evidence import EvidenceFiles, evidence_of
from shared.ports.link_tokens import LinkTokens
from shared.ports.store import INCIDENTS, USERS, Store
from shared.services.evidence.reading import PURPOSE
from shared.services.evidence.recording import EvidenceRecord

PIECE = 4 * 1024 * 1024
"""Bytes that are in memory at once."""
_DEAD = "This link does not hold any more"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that may be fetched: the bytes are those of one generation. `sha256` is of these bytes."""

    file_name: str
    size: int
    sha256: str
    who: Identity
    evidence: Evidence
    stored: Stored


class EvidenceDownloading:
    """Opens links. A link is dead when its time is over, its person may not have the file any more, or it changed."""

    def __init__(self, tokens: LinkTokens, store: Store, files: EvidenceFiles, record: EvidenceRecord) -> None:
        self._tokens = tokens
        self._store = store
        self._files = files
        self._record = record

    def open(self, token: str, incident_id: str, evidence_id: str, origin: Origin) -> Opened:
        """What the link leads to.

        Raises:
            NotFoundError: the link is dead.
        """
        claims = self._tokens.read(PURPOSE, token)
        if (claims["incident"], claims["evidence"]) != (incident_id, evidence_id):
            raise NotFoundError(_DEAD)
        user = self._store.get(USERS, claims["uid"])
        incident = self._store.get(INCIDENTS, incident_id)
        if user is None or incident is None or not user_may_see(user, incident):
            raise NotFoundError(_DEAD)
        evidence = self._store.get(evidence_of(incident_id), evidence_id)
        if evidence is None or evidence.status is EvidenceStatus.DELETED:
            raise NotFoundError(_DEAD)
        kept = evidence.kept
        if kept is None or kept.generation != claims["generation"] or evidence.kept_sha256 is None:
            raise NotFoundError(_DEAD)
        dangerous = kept.bucket is not Bucket.CLEAN
        if dangerous and not user_works_on(user, incident):
            raise NotFoundError(_DEAD)
        name = f"{evidence.file_name}.zip" if dangerous else evidence.file_name
        who = Identity(user.uid, user.email, user.role, email_verified=True, origin=origin)
        return Opened(name, kept.size, evidence.kept_sha256, who, evidence, kept)

    def fetch(self, opened: Opened, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end` (not with it); that somebody fetches them is written down first.

        Raises:
            ObjectGoneError, UnavailableError: they cannot be read, before the first piece or on the way.
        """
        more: dict[str, object] = {"generation": opened.stored.generation, "bucket": opened.stored.bucket.value}
        if (start, end) != (0, opened.size):
            more["range"] = f"{start}-{end - 1}"
        if opened.stored.bucket is Bucket.INFECTED:
            more["kept_sha256"] = opened.sha256
        file = self._files.open(opened.stored)
        # The first piece is read before anybody is told that there is something.
        first = file.read(start, min(PIECE, end - start))
        self._store.create(*self._record.seen(opened.who, opened.evidence, "evidence:downloaded", more))

        def pieces() -> Iterator[bytes]:
            yield first
            for offset in range(start + len(first), end, PIECE):
                yield file.read(offset, min(PIECE, end - offset))

        return pieces()
