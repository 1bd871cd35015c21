"""The contents of objects on disk.

What arrives is written to a file of its own, and takes an object's place by being renamed: so a content is there whole
or not at all, and none is ever held in memory.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

import google_crc32c

_STAGED: Final = "_staged"  # no bucket's name begins so
_BLOCK: Final = 1 << 20


class Staged:
    """A content on its way: bytes are added at the end, its checksums are of what is there."""

    def __init__(self, path: Path) -> None:
        """What the file holds already is read, to go on with it."""
        self.path = path
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._crc32c = google_crc32c.Checksum()  # type: ignore[no-untyped-call]  # it ships no types
        self.size = 0
        self._file = path.open("a+b", buffering=0)
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self._count(block)

    def _count(self, data: bytes) -> None:
        self._md5.update(data)
        self._crc32c.update(data)  # type: ignore[no-untyped-call]
        self.size += len(data)

    def write(self, data: bytes) -> None:
        """Add to the end."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._count(data)

    @property
    def md5_hash(self) -> str:
        """As `md5Hash` of the JSON API."""
        return base64.b64encode(self._md5.digest()).decode()

    @property
    def crc32c(self) -> str:
        """As `crc32c` of the JSON API."""
        return base64.b64encode(self._crc32c.digest()).decode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the file, which stays."""
        self._file.close()

    def discard(self) -> None:
        """Remove what has not become an object's content."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Contents:
    """A folder of contents, named by keys like `bucket/digest`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        (root / _STAGED).mkdir(parents=True, exist_ok=True)

    @staticmethod
    def key(bucket: str, name: str, generation: int) -> str:
        """Of an object's generation. Names are hashed: as paths they can be too long, or each other's folder."""
        digest = hashlib.sha256(f"{name}\n{generation}".encode()).hexdigest()
        return f"{bucket}/{digest}"

    def stage(self, upload: str | None = None) -> Staged:
        """A content to be written, or that of an upload to go on with."""
        return Staged(self._root / _STAGED / (upload or uuid4().hex))

    def adopt(self, staged: Staged, key: str) -> None:
        """Make it the content of an object."""
        staged.close()
        path = self._root / key
        path.parent.mkdir(exist_ok=True)
        staged.path.replace(path)

    def link(self, source: str, key: str) -> None:
        """Give another object the same content, without copying it: contents never change."""
        path = self._root / key
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(self._root / source)

    def open(self, key: str) -> BinaryIO:
        """For reading; it can be read on although the object goes away."""
        return (self._root / key).open("rb")

    def discard(self, key: str) -> None:
        """Remove a content that is no object's any more."""
        (self._root / key).unlink(missing_ok=True)

    def discard_upload(self, upload: str) -> None:
        """Remove what has arrived of an upload."""
        (self._root / _STAGED / upload).unlink(missing_ok=True)

    def remove_strays(self, keys: Collection[str], uploads: Collection[str]) -> None:
        """Remove files that a killed process left without an object or upload."""
        wanted = {*keys, *(f"{_STAGED}/{upload}" for upload in uploads)}
        for folder, _, names in os.walk(self._root):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118  # several times faster over many files
                if os.path.relpath(path, self._root) not in wanted:
                    Path(path).unlink()
