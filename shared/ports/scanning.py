"""Looking at bytes: what reads them, what tells their type, what looks into archives, what scans.

Files reach 5 GB and an instance has little memory, so nothing here ever holds a whole file. What scans is fed (one pass
serves all scanners and the hashes); what needs to jump about reads ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from shared.domain.errors import UnavailableError
from shared.domain.inspection import ArchiveReport, DetectedType, KnownType, ScanResult

CHUNK = 8 * 1024 * 1024
"""Bytes of one read in a pass over a file."""


class Readable(Protocol):
    """One unchanging file (a pinned generation of an object), read by ranges."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on, `length` of them, fewer only where the file ends.

        Raises:
            UnavailableError: it cannot be read now.
        """
        ...


def chunks(file: Readable, size: int = CHUNK) -> Iterator[bytes]:
    """The whole file in order, in pieces of `size` bytes.

    Raises:
        UnavailableError: it cannot be read, or ends before its size.
    """
    for offset in range(0, file.size, size):
        wanted = min(size, file.size - offset)
        chunk = file.read(offset, wanted)
        if len(chunk) != wanted:
            raise UnavailableError("The file ended before its size")
        yield chunk


class Content:
    """A `Readable` over bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._data)

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset` on."""
        return self._data[offset : offset + length]


class TypeDetector(Protocol):
    """Tells a file's type by its bytes."""

    def detect(self, file: Readable) -> DetectedType:
        """What it is, whatever its name says."""
        ...

    def promised(self, name: str, content_type: str | None) -> tuple[KnownType, ...]:
        """The types that the name's extension and the content type stand for; none when they promise nothing."""
        ...


class Scan(Protocol):
    """One file under way through one scanner. Close it in any case."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes.

        Raises:
            UnavailableError: the scanner does not answer.
        """
        ...

    def finish(self) -> ScanResult:
        """The answer, when everything was fed.

        Raises:
            UnavailableError: the scanner does not answer. Never is that taken for clean.
        """
        ...

    def close(self) -> None:
        """Let go of what the scan holds; harmless after `finish` and twice."""
        ...


class Scanner(Protocol):
    """Looks for malware."""

    @property
    def name(self) -> str:
        """As shown with its answers."""
        ...

    def unpacks(self, size: int) -> bool:
        """Whether it looks into an archive of this size by itself; if not, what is inside is fed to it too."""
        ...

    def begin(self, size: int | None) -> Scan:
        """Start scanning a file of this size in bytes, None where it is not known before.

        Raises:
            UnavailableError: the scanner does not answer.
        """
        ...


class Visit(Protocol):
    """Takes the unpacked bytes of one entry of an archive."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        ...

    def finish(self) -> None:
        """That was all that could be unpacked: what is there is judged, even if the entry is damaged or was cut."""
        ...

    def close(self) -> None:
        """The entry is done with, in any case."""
        ...


Visitor = Callable[[str], Visit]
"""Called with an entry's path, archives within archives joined by "!": `letters.zip!a.docx!word/document.xml`."""


class Archives(Protocol):
    """Looks into archives within limits that no hostile file can exceed."""

    def look_into(self, file: Readable, visitor: Visitor) -> ArchiveReport | None:
        """What the archive holds, each entry's bytes shown to the visitor; None when the file is no archive.

        Raises:
            UnavailableError: the file cannot be read, or the visitor's scanner does not answer.
        """
        ...
