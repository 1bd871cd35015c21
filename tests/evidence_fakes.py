"""The fake of where evidence is kept, held to the same contract as the real adapter by tests/contract."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import google_crc32c

from shared.domain.errors import UnavailableError
from shared.domain.evidence import SESSION_LIFETIME, Bucket, Stored
from shared.ports.evidence import ObjectGoneError, ObjectTakenError, UploadSession
from shared.ports.scanning import Readable
from tests.fakes import START


class FakeEvidenceFiles:
    """Objects in memory. `down` names calls that fail; `calls` those that were made."""

    def __init__(self) -> None:
        self.objects: dict[tuple[Bucket, str], tuple[Stored, bytes]] = {}
        self.down: set[str] = set()
        self.calls: list[str] = []
        self._last = 1000

    def put(self, bucket: Bucket, name: str, content: Iterable[bytes]) -> Stored:
        self._call("put")
        data = b"".join(content)
        if (bucket, name) in self.objects:
            raise ObjectTakenError("There is such a file already")
        return self.overwrite(bucket, name, data)

    def overwrite(self, bucket: Bucket, name: str, data: bytes) -> Stored:
        """As somebody does who may do anything in the bucket."""
        self._last += 1
        stored = Stored(
            bucket=bucket,
            name=name,
            generation=str(self._last),
            size=len(data),
            crc32c=base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode(),
            md5=base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        )
        self.objects[bucket, name] = (stored, data)
        return stored

    def start_session(self, name: str, size: int) -> UploadSession:
        self._call("start_session")
        return UploadSession(f"https://storage.example/{name}?size={size}", START + SESSION_LIFETIME)

    def stat(self, bucket: Bucket, name: str) -> Stored | None:
        self._call("stat")
        found = self.objects.get((bucket, name))
        return found[0] if found else None

    def open(self, stored: Stored) -> Readable:
        self._call("open")
        return _Pinned(self, stored)

    def copy(self, stored: Stored, bucket: Bucket) -> Stored:
        self._call("copy")
        data = self.read(stored)
        if (bucket, stored.name) in self.objects:
            raise ObjectTakenError("There is such a file already")
        return self.overwrite(bucket, stored.name, data)

    def delete(self, stored: Stored) -> bool:
        self._call("delete")
        found = self.objects.get((stored.bucket, stored.name))
        if found is None or found[0].generation != stored.generation:
            return False
        del self.objects[stored.bucket, stored.name]
        return True

    def read(self, stored: Stored) -> bytes:
        found = self.objects.get((stored.bucket, stored.name))
        if found is None or found[0].generation != stored.generation:
            raise ObjectGoneError("The file is not there any more")
        return found[1]

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.down:
            raise UnavailableError("The storage of evidence does not answer")


class _Pinned:
    def __init__(self, files: FakeEvidenceFiles, stored: Stored) -> None:
        self._files = files
        self._stored = stored

    @property
    def size(self) -> int:
        return self._stored.size

    def read(self, offset: int, length: int) -> bytes:
        if length <= 0 or offset >= self._stored.size:
            return b""
        return self._files.read(self._stored)[offset : offset + length]
