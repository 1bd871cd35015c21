"""Formats told by their structure, and files that are two formats at once (polyglots).

A polyglot passes as harmless for one program and is something else for another, so one is dangerous to open even when
no scanner knows it. Sources: the formats' specifications; Albertini, "Abusing file formats", PoC||GTFO 7:6 (2015).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

HEAD = 1024
"""Readers of PDF accept the header anywhere in the first 1,024 bytes (ISO 32000-1, Annex H, implementation note 13)."""
TAIL = 22 + 65_535
"""A ZIP's end record with its longest comment (APPNOTE.TXT 4.3.16)."""
_END_OF_ZIP = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
_SCRIPT = re.compile(rb"<script[\s>/]|<html[\s>]|<\?php\s|<iframe\s|<svg[\s>]|javascript:", re.IGNORECASE)
_OVERLAP = 16

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"MZ", "pe"),
    (b"\x7fELF", "elf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"{\\rtf", "rtf"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"MSCF\0\0\0\0", "cab"),
)
_IMAGES = frozenset({"png", "gif", "jpeg", "bmp", "tiff", "webp"})
# A self-extracting archive is a program with a ZIP behind it; whoever sends one sends a program, and that is said.
_END_IN_ZIP = frozenset({"zip", "pe"})


def format_of(head: bytes) -> str | None:
    """The format that the first bytes announce; None for text and what is not in the table."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


class Structure:
    """Watches a file go by, piece after piece, and tells which second formats it holds. Keeps about 64 KiB."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._size = 0
        self._script: str | None = None

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        before = self._tail[-_OVERLAP:]
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
        if self._script is None and format_of(self._head) in _IMAGES:
            found = _SCRIPT.search(before + chunk)
            self._script = found.group().decode("ascii", "replace").strip().lower() if found else None
        self._size += len(chunk)
        self._tail = chunk[-TAIL:] if len(chunk) >= TAIL else (self._tail + chunk)[-TAIL:]

    def polyglots(self) -> Iterator[str]:
        """One sentence for each second format."""
        first = format_of(self._head)
        told = first or "something else"
        if self._script:
            yield f"{told} image that holds the markup {self._script}"
        if first not in _END_IN_ZIP and _ends_as_zip(self._tail, self._size):
            yield f"{told} and a ZIP archive at once"
        if self._head.find(b"%PDF-") > 0 and first is not None:
            yield f"{told} and a PDF at once"
        if first == "gif" and re.match(rb"GIF8[79]a\s*(=|/\*)", self._head):
            yield "gif and a script at once"


def _ends_as_zip(tail: bytes, size: int) -> bool:
    at = tail.rfind(_END_OF_ZIP)
    while at >= 0:
        # Readers tolerate bytes after the comment, so does this.
        if len(tail) - at >= _END.size and _is_end_of_zip(_END.unpack_from(tail, at), size - len(tail) + at):
            return True
        at = tail.rfind(_END_OF_ZIP, 0, at)
    return False


def _is_end_of_zip(record: tuple[bytes, int, int, int, int, int, int, int], at: int) -> bool:
    # The four letters stand in every program that handles ZIP; the numbers behind them fit only in a real one.
    _, disk, first_disk, entries, total, length, offset, _ = record
    if 0xFFFF in (entries, total) or 0xFFFFFFFF in (length, offset):  # ZIP64 keeps the numbers elsewhere
        return disk == first_disk
    return disk == first_disk == 0 < entries == total and 46 * entries <= length and offset + length <= at
