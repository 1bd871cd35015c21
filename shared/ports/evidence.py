"""Where the bytes of evidence are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from shared.domain.base import UtcDatetime
from shared.domain.custody_report import CustodyReport
from shared.domain.errors import NotFoundError, SecuraError
from shared.domain.evidence import Bucket, Evidence, EvidenceTally, Stored
from shared.ports.scanning import Readable
from shared.ports.store import Kind

CONTENT_TYPE = "application/octet-stream"
"""Of every object, whatever the file is: nothing is ever shown by a browser from where it is kept."""


class ObjectTakenError(SecuraError):
    """There is an object of this name already, and nothing is ever overwritten."""


class ObjectGoneError(NotFoundError):
    """The generation is not there any more."""


@dataclass(frozen=True, slots=True)
class UploadSession:
    """A resumable upload: whoever has the URL can send the bytes of this one object."""

    url: str
    expires_at: UtcDatetime


class EvidenceFiles(Protocol):
    """Three buckets. A generation never changes; an object is written once.

    Raises (each of them):
        UnavailableError: the storage does not answer.
    """

    def put(self, bucket: Bucket, name: str, content: Iterable[bytes]) -> Stored:
        """Keep a new object; it is there as a whole or, when `content` raises, not at all.

        Raises:
            ObjectTakenError: the name is taken.
        """
        ...

    def start_session(self, name: str, size: int) -> UploadSession:
        """Let somebody upload a new object of exactly `size` bytes into quarantine."""
        ...

    def stat(self, bucket: Bucket, name: str) -> Stored | None:
        """What is there under the name now, or None."""
        ...

    def open(self, stored: Stored) -> Readable:
        """The bytes of exactly this generation.

        Reading raises:
            ObjectGoneError: it is not there any more.
        """
        ...

    def copy(self, stored: Stored, bucket: Bucket) -> Stored:
        """Copy exactly this generation into another bucket, under the same name.

        Raises:
            ObjectTakenError: the name is taken there.
            ObjectGoneError: the generation is not there any more.
        """
        ...

    def delete(self, stored: Stored) -> bool:
        """Delete exactly this generation; False when it is not there any more."""
        ...


Wrap = Callable[[Readable, Evidence], Iterator[bytes]]
"""Makes an encrypted archive of a dangerous file, piece by piece."""


def evidence_of(incident_id: str) -> Kind[Evidence]:
    """The evidence of one incident."""
    return Kind(f"incidents/{incident_id}/evidence", Evidence)


def tallies_of(incident_id: str) -> Kind[EvidenceTally]:
    """How many files one incident has."""
    return Kind(f"incidents/{incident_id}/tallies", EvidenceTally)


Print = Callable[[CustodyReport], bytes]
"""Makes a PDF document of a chain of custody."""
