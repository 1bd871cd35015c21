"""Evidence in Cloud Storage. The client goes by STORAGE_EMULATOR_HOST, and by the credentials of where it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed, RequestRangeNotSatisfiable
from google.auth.exceptions import TransportError
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption
from requests.exceptions import RequestException

from shared.domain.errors import UnavailableError
from shared.domain.evidence import SESSION_LIFETIME, Bucket, Stored
from shared.ports.evidence import CONTENT_TYPE, ObjectGoneError, ObjectTakenError, UploadSession
from shared.ports.scanning import Readable

_CHUNK = 8 * 1024 * 1024
"""Bytes sent at once: a multiple of 256 KiB, as resumable uploads want."""
_GONE = "The file is not there any more"


class StorageEvidenceFiles:
    """Objects by pinned generation; what is created is created with if-generation-match 0."""

    def __init__(self, client: Client, buckets: Mapping[Bucket, str]) -> None:
        self._client = client
        self._buckets = buckets

    def put(self, bucket: Bucket, name: str, content: Iterable[bytes]) -> Stored:
        blob = self._blob(bucket, name)
        blob.chunk_size = _CHUNK
        blob.content_disposition = "attachment"
        with _errors():
            # checksum: the client computes a CRC-32C on the way, and compares it with what Storage got.
            blob.upload_from_file(_Stream(content), content_type=CONTENT_TYPE, if_generation_match=0, checksum="crc32c")
        return _stored(bucket, blob)

    def start_session(self, name: str, size: int) -> UploadSession:
        now = datetime.now(UTC)
        with _errors():
            url = self._blob(Bucket.QUARANTINE, name).create_resumable_upload_session(
                content_type=CONTENT_TYPE, size=size, if_generation_match=0
            )
        return UploadSession(url, now + SESSION_LIFETIME)

    def stat(self, bucket: Bucket, name: str) -> Stored | None:
        blob = self._blob(bucket, name)
        try:
            with _errors():
                blob.reload()
        except ObjectGoneError:
            return None
        return _stored(bucket, blob)

    def open(self, stored: Stored) -> Readable:
        return _Pinned(self._blob(stored.bucket, stored.name, stored.generation), stored.size)

    def copy(self, stored: Stored, bucket: Bucket) -> Stored:
        source = self._blob(stored.bucket, stored.name, stored.generation)
        target = self._blob(bucket, stored.name)
        # Without these, a rewrite would take over the source's; the type is always ours.
        target.content_type = CONTENT_TYPE
        target.content_disposition = "attachment"
        token: str | None = None
        with _errors():
            while True:  # a large object between places of storage takes several calls
                token, _, _ = target.rewrite(
                    source,
                    token=token,
                    if_generation_match=0,
                    if_source_generation_match=int(stored.generation),
                )
                if token is None:
                    return _stored(bucket, target)

    def delete(self, stored: Stored) -> bool:
        blob = self._blob(stored.bucket, stored.name, stored.generation)
        try:
            with _errors():
                blob.delete(if_generation_match=int(stored.generation))
        except (ObjectGoneError, ObjectTakenError):
            return False
        return True

    def _blob(self, bucket: Bucket, name: str, generation: str | None = None) -> Blob:
        place = self._client.bucket(self._buckets[bucket])
        return place.blob(name, generation=int(generation) if generation else None)


class _Pinned:
    """A `Readable` over one generation."""

    def __init__(self, blob: Blob, size: int) -> None:
        self._blob = blob
        self._size = size

    @property
    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        if length <= 0 or offset >= self._size:
            return b""
        last = min(offset + length, self._size) - 1
        with _errors():
            # raw: as it is kept, never unpacked on the way. Checksums are of whole objects only.
            return bytes(
                self._blob.download_as_bytes(
                    start=offset, end=last, raw_download=True, checksum=None, single_shot_download=True
                )
            )


class _Stream:
    """What an upload reads from: pieces of any length as `read(n)`. Ends of pieces are not ends of the file."""

    def __init__(self, content: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(content)
        self._left = bytearray()
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._left += piece
        taken = bytes(self._left) if size < 0 else bytes(self._left[:size])
        del self._left[: len(taken)]
        self._position += len(taken)
        return taken

    def tell(self) -> int:
        """How much was read: the client looks whether it is at the beginning."""
        return self._position


def _stored(bucket: Bucket, blob: Blob) -> Stored:
    return Stored(
        bucket=bucket,
        name=blob.name,
        generation=str(blob.generation),
        size=int(blob.size),
        crc32c=blob.crc32c,
        md5=blob.md5_hash,
    )


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except PreconditionFailed as error:
        raise ObjectTakenError("There is such a file already") from error
    except (NotFound, RequestRangeNotSatisfiable) as error:
        raise ObjectGoneError(_GONE) from error
    except (GoogleAPIError, RequestException, TransportError, DataCorruption) as error:
        raise UnavailableError("The storage of evidence does not answer") from error
