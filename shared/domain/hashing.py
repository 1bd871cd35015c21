"""The three hashes of a file in one pass. Pure."""

from __future__ import annotations

import hashlib

from shared.domain.inspection import Hashes


class Hashing:
    """Fed with a file's bytes in order.

    SHA-256 is what proves that a file is unchanged. SHA-1 and MD5 prove nothing; they are kept because lists of known
    malware are still looked up by them.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        for digest in (self._sha256, self._sha1, self._md5):
            digest.update(chunk)
        self._size += len(chunk)

    def hashes(self) -> Hashes:
        """Of everything fed so far."""
        return Hashes(
            sha256=self._sha256.hexdigest(), sha1=self._sha1.hexdigest(), md5=self._md5.hexdigest(), size=self._size
        )
