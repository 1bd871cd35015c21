"""Reading ZIP by its central directory, a piece at a time (PKWARE APPNOTE.TXT 6.3.10).

The standard library's `zipfile` reads the whole directory into memory and believes it; a hostile one has gigabytes, or
entries that lie over each other (Fifield, "A better zip bomb", WOOT 2019).
"""

from __future__ import annotations

import lzma
import struct
from bz2 import BZ2Decompressor
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from shared.adapters.scanning.limits import MAX_NAME, BombError, DamagedError
from shared.adapters.scanning.ranged import Part
from shared.adapters.scanning.streams import Reader, deflated, ranges, single
from shared.domain.file_signatures import TAIL
from shared.ports.scanning import Readable

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED, _BZIP2, _LZMA, _AES = 0, 8, 12, 14, 99
METHODS = frozenset({_STORED, _DEFLATED, _BZIP2, _LZMA})
_MAX_LZMA_DICTIONARY = 64 * 1024 * 1024
_UNSET = 0xFFFFFFFF


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the directory; `offset` is where its local header lies, counted from the file's start."""

    name: str
    method: int
    packed: int
    unpacked: int
    offset: int
    encrypted: bool

    @property
    def is_folder(self) -> bool:
        """Whether it has no content by its kind."""
        return self.name.endswith("/") and self.unpacked == 0


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Where the central directory lies. `before`: bytes in front of the archive's own first byte."""

    offset: int
    size: int
    entries: int
    before: int


def is_appended(file: Readable) -> bool:
    """Whether a file that begins as something else ends as a ZIP that can be unpacked."""
    try:
        directory = find_directory(file)
    except DamagedError:
        return False
    return directory is not None and file.read(directory.offset, 4) == b"PK\x01\x02"


def find_directory(file: Readable) -> Directory | None:
    """The directory of a ZIP, None when the file has no end of one.

    Raises:
        DamagedError: it has an end of one that points nowhere.
    """
    start = max(0, file.size - TAIL)
    tail = file.read(start, file.size - start)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if len(tail) - at >= _END.size and (len(tail) - at - _END.size) >= _END.unpack_from(tail, at)[7]:
            return _directory(file, start + at, _END.unpack_from(tail, at))
        at = tail.rfind(b"PK\x05\x06", 0, at)
    return None


def _directory(file: Readable, end: int, record: tuple[bytes, int, int, int, int, int, int, int]) -> Directory:
    entries, size, offset = record[4], record[5], record[6]
    if file.read(end - 20, 4) == b"PK\x06\x07" and end >= 20 + _END_64.size:
        told = int.from_bytes(file.read(end - 12, 8), "little")
        at = next((at for at in (told, end - 20 - _END_64.size) if file.read(at, 4) == b"PK\x06\x06"), None)
        if at is None:
            raise DamagedError("its directory is damaged")
        wide = _END_64.unpack(file.read(at, _END_64.size).ljust(_END_64.size, b"\0"))
        entries, size, offset, end = wide[7], wide[8], wide[9], at
    before = end - size - offset
    if before < 0:
        raise DamagedError("its directory is damaged")
    return Directory(offset=end - size, size=size, entries=entries, before=before)


def entries_of(file: Readable, directory: Directory, limit: int) -> Iterator[Entry]:
    """The first entries of the directory, `limit` at most.

    Raises:
        DamagedError: the directory cannot be read.
    """
    reader = Reader(ranges(file, directory.offset, directory.size))
    for _ in range(limit):
        header = reader.take(_CENTRAL.size)
        if not header:
            return
        if len(header) < _CENTRAL.size or header[:4] != b"PK\x01\x02":
            raise DamagedError("its directory is damaged")
        fields = _CENTRAL.unpack(header)
        raw, extra = reader.take(fields[10]), reader.take(fields[11])
        reader.take(fields[12])
        yield _entry(fields, raw, extra, directory)


def _entry(fields: tuple[int, ...], raw: bytes, extra: bytes, directory: Directory) -> Entry:
    flags, method = fields[3], fields[4]
    wide = _zip64(extra)
    unpacked, packed, offset = (
        next(wide, _UNSET) if value == _UNSET else value for value in (fields[9], fields[8], fields[16])
    )
    offset += directory.before
    if offset + _LOCAL.size + packed > directory.offset:
        raise DamagedError("its directory points to the wrong places")
    return Entry(
        name=raw[:MAX_NAME].decode("utf-8" if flags & 0x800 else "cp437", "replace"),
        method=method,
        packed=packed,
        unpacked=unpacked,
        offset=offset,
        encrypted=bool(flags & 0x2041) or method == _AES,
    )


def _zip64(extra: bytes) -> Iterator[int]:
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            body = extra[at + 4 : at + 4 + size]
            yield from (int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8))
            return
        at += 4 + size


def refuse_overlap(entries: list[Entry]) -> None:
    """No byte of an honest archive belongs to two entries.

    Raises:
        BombError: some lie over each other.
    """
    ordered = sorted(entries, key=lambda entry: entry.offset)
    if any(later.offset < entry.offset + _LOCAL.size + entry.packed for entry, later in pairwise(ordered)):
        raise BombError("its entries lie over each other")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an entry's own header says, and where its packed bytes lie."""

    name: bytes
    encrypted: bool
    data: Part


def open_entry(file: Readable, entry: Entry) -> Found:
    """The entry by its local header.

    Raises:
        DamagedError: there is none.
    """
    header = file.read(entry.offset, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise DamagedError("it is damaged")
    fields = _LOCAL.unpack(header)
    start = entry.offset + _LOCAL.size + fields[9] + fields[10]
    return Found(
        name=file.read(entry.offset + _LOCAL.size, fields[9]),
        encrypted=bool(fields[2] & 0x2041),
        data=Part(file, start, entry.packed),
    )


def unpacked(entry: Entry, data: Readable) -> Iterator[bytes]:
    """The entry's content, in bounded pieces. The method is one of METHODS.

    Raises:
        DamagedError: it cannot be unpacked.
    """
    if entry.method == _STORED:
        return ranges(data, 0, data.size)
    if entry.method == _DEFLATED:
        return single(ranges(data, 0, data.size), deflated)
    if entry.method == _BZIP2:
        return single(ranges(data, 0, data.size), BZ2Decompressor)
    return _lzma(data)


def _lzma(data: Readable) -> Iterator[bytes]:
    # APPNOTE 5.8.8: version (2), size of the properties (2), properties (5): lc/lp/pb and the dictionary's size.
    header = data.read(0, 9)
    if len(header) < 9 or header[2:4] != b"\x05\0" or header[4] >= 9 * 5 * 5:
        raise DamagedError("it is damaged")
    rest, lc = divmod(header[4], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(header[5:9], "little")
    if dictionary > _MAX_LZMA_DICTIONARY or lc + lp > 4:
        raise DamagedError("unpacking it takes too much memory")
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}]
    # Raw LZMA may end without a mark, so its end is its size: whoever reads stops there.
    return _until_input_ends(ranges(data, 9, data.size - 9), lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters))


def _until_input_ends(stream: Iterator[bytes], decompressor: lzma.LZMADecompressor) -> Iterator[bytes]:
    piece_size = 1024 * 1024
    try:
        for chunk in stream:
            piece = decompressor.decompress(chunk, piece_size)
            while piece:
                yield piece
                piece = b"" if decompressor.eof else decompressor.decompress(b"", piece_size)
    except lzma.LZMAError as error:
        raise DamagedError("it is damaged") from error
