"""Taking the source of macros out of Office documents of the OLE format ([MS-OVBA] 2.4.1, "Compression").

The source of each module is compressed, and begins with "Attribute VB_Name", whose first letters stand there as they
are. The compressed bytes are taken as lying one after the other, as Office writes them; of a document that scatters
them only the beginning is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.adapters.scanning.limits import MB

MAX_SIZE = 32 * MB
"""Of a document: it is held in memory."""
_MAX_SOURCE = 2 * MB
_MAX_MODULES = 200
_CHUNK = 4096
_MODULE = re.compile(rb"\x01[\x00-\xff][\xb0-\xbf]\x00Attribut[\x00-\xff]e")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def is_encrypted(data: bytes) -> bool:
    """Whether it is an Office document under a password ([MS-OFFCRYPTO] 2.3.4)."""
    return _ENCRYPTED in data


def sources(data: bytes) -> Iterator[bytes]:
    """The source of each macro module, in the order of the file."""
    for number, found in enumerate(_MODULE.finditer(data)):
        if number >= _MAX_MODULES:
            return
        yield decompressed(data[found.start() : found.start() + _MAX_SOURCE])


def decompressed(container: bytes) -> bytes:
    """What a compressed container holds, as far as it can be read."""
    out = bytearray()
    at = 1
    while at + 2 <= len(container) and len(out) < _MAX_SOURCE:
        header = int.from_bytes(container[at : at + 2], "little")
        if header & 0x7000 != 0x3000:
            break
        end = min(at + (header & 0x0FFF) + 3, len(container))
        if header & 0x8000:
            _unpack_chunk(container[at + 2 : end], out)
        else:
            out += container[at + 2 : end]
        at = end
    return bytes(out)


def _unpack_chunk(chunk: bytes, out: bytearray) -> None:
    start, at = len(out), 0
    while at < len(chunk):
        flags = chunk[at]
        at += 1
        for bit in range(8):
            if at >= len(chunk) or len(out) - start >= _CHUNK:
                return
            if not flags >> bit & 1:
                out.append(chunk[at])
                at += 1
                continue
            if not _copy(int.from_bytes(chunk[at : at + 2], "little"), out, start):
                return
            at += 2


def _copy(token: int, out: bytearray, start: int) -> bool:
    # 2.4.1.3.19.1: the further into the chunk, the more bits the offset has and the fewer the length.
    offset_bits = max((len(out) - start - 1).bit_length(), 4)
    offset = (token >> (16 - offset_bits)) + 1
    length = (token & (0xFFFF >> offset_bits)) + 3
    if offset > len(out) - start:
        return False
    for _ in range(length):
        out.append(out[-offset])
    return True
