"""Bringing inspected bytes to where people can get them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from shared.domain.errors import RetryLaterError, UnavailableError
from shared.domain.evidence import Bucket, Evidence, EvidenceStatus, Stored
from shared.ports.evidence import EvidenceFiles, ObjectTakenError, Wrap
from shared.ports.scanning import Readable


class Moving:
    """Copies what is clean, and wraps everything else. Can be repeated: what an earlier try left is replaced."""

    def __init__(self, files: EvidenceFiles, wrap: Wrap) -> None:
        self._files = files
        self._wrap = wrap

    def keep(self, evidence: Evidence, file: Readable, mine: Callable[[], bool]) -> Evidence:
        """The inspected evidence with the place where its bytes are kept.

        `mine` tells whether the caller still has the evidence: what another call put there is never taken away.

        Raises:
            ObjectGoneError: the pinned generation is not there any more.
            UnavailableError: the storage does not answer, or the copy is not the same.
            RetryLaterError: another call took over.
        """
        if evidence.status is EvidenceStatus.CLEAN:
            return evidence.model_copy(update={"kept": self._copied(evidence, mine), "kept_sha256": evidence.sha256})
        stored, sha256 = self._wrapped(evidence, file, mine)
        return evidence.model_copy(update={"kept": stored, "kept_sha256": sha256})

    def discard(self, evidence: Evidence) -> None:
        """Delete what is kept of it, in every bucket but quarantine."""
        for bucket in (Bucket.CLEAN, Bucket.INFECTED):
            found = self._files.stat(bucket, evidence.object_name)
            if found is not None:
                self._files.delete(found)

    def _make_room(self, evidence: Evidence, mine: Callable[[], bool]) -> None:
        if not mine():
            raise RetryLaterError(f"Evidence {evidence.id} was taken over by another call")
        self.discard(evidence)

    def _copied(self, evidence: Evidence, mine: Callable[[], bool]) -> Stored:
        pinned = evidence.pinned
        assert pinned is not None  # noqa: S101  # who inspected it had it pinned
        try:
            copy = self._files.copy(pinned, Bucket.CLEAN)
        except ObjectTakenError:
            self._make_room(evidence, mine)
            copy = self._files.copy(pinned, Bucket.CLEAN)
        if (copy.size, copy.crc32c) != (pinned.size, pinned.crc32c):
            self._files.delete(copy)
            raise UnavailableError("The copy of a file is not the file")
        return copy

    def _wrapped(self, evidence: Evidence, file: Readable, mine: Callable[[], bool]) -> tuple[Stored, str]:
        digest = hashlib.sha256()
        name = evidence.object_name
        try:
            stored = self._files.put(Bucket.INFECTED, name, _hashed(self._wrap(file, evidence), digest.update))
        except ObjectTakenError:
            self._make_room(evidence, mine)
            digest = hashlib.sha256()
            stored = self._files.put(Bucket.INFECTED, name, _hashed(self._wrap(file, evidence), digest.update))
        return stored, digest.hexdigest()


def _hashed(content: Iterable[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    for piece in content:
        update(piece)
        yield piece
