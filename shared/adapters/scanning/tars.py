"""Reading tar forward, member by member (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar's long names).

Only regular files have content. A header's sizes are limited before anything is read by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.adapters.scanning.limits import MAX_NAME, DamagedError
from shared.adapters.scanning.streams import Reader

_BLOCK = 512
_MAX_EXTRA = 1024 * 1024
_FILES = frozenset({0, ord("0"), ord("7")})
_LINKS = frozenset(b"12")
_PAX_RECORD = re.compile(rb"\d+ (path|size)=([^\n]*)\n")


@dataclass(frozen=True)
class Member:
    """One entry; its content has to be read before the next is asked for."""

    name: str
    size: int
    target: str = ""


def is_tar(head: bytes) -> bool:
    """Whether these are the first bytes of a tar file; the older format has no mark but the header's checksum."""
    return len(head) >= _BLOCK and any(head[:_BLOCK]) and _checksum_holds(head[:_BLOCK])


def members(reader: Reader) -> Iterator[Member]:
    """The members in order; links come with their target and no size.

    Raises:
        DamagedError: a header is none, or announces more than is there.
    """
    extra: dict[str, str] = {}
    while header := reader.take(_BLOCK):
        if not any(header):
            return
        if len(header) < _BLOCK or not _checksum_holds(header):
            raise DamagedError("a header of it is damaged")
        size = _number(header[124:136])
        kind = header[156]
        if kind in b"LKxg":
            extra.update(_extra(kind, _small(reader, size)) if kind in b"Lx" else _skipped(reader, size))
            continue
        size = _pax_size(extra, size)
        content = 0 if kind in _LINKS or kind == ord("5") else size
        target = _text(header[157:257]) if kind in _LINKS else ""
        yield Member((extra.get("path") or _name(header))[:MAX_NAME], content if kind in _FILES else 0, target)
        if kind not in _FILES:
            _skip(reader, content)
        reader.take(-content % _BLOCK)
        extra = {}


def _checksum_holds(header: bytes) -> bool:
    try:
        expected = _number(header[148:156])
    except DamagedError:
        return False
    return expected == sum(header[:148]) + sum(header[156:_BLOCK]) + 8 * ord(" ")


def _number(field: bytes) -> int:
    if field[0] & 0x80:  # GNU's form for what octal digits cannot hold
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise DamagedError("a header of it is damaged")
    return int(digits or b"0", 8)


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    name = _text(header[:100])
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _small(reader: Reader, size: int) -> bytes:
    if size > _MAX_EXTRA:
        raise DamagedError("a name in it is too long")
    data = reader.take(size)
    reader.take(-size % _BLOCK)
    return data


def _skipped(reader: Reader, size: int) -> dict[str, str]:
    _skip(reader, size + -size % _BLOCK)
    return {}


def _skip(reader: Reader, size: int) -> None:
    for _ in reader.part(size):
        pass


def _extra(kind: int, data: bytes) -> dict[str, str]:
    if kind == ord("L"):
        return {"path": _text(data)}
    return {key.decode(): value.decode("utf-8", "replace") for key, value in _PAX_RECORD.findall(data)}


def _pax_size(extra: dict[str, str], size: int) -> int:
    given = extra.get("size")
    if given is None:
        return size
    if not re.fullmatch(r"[0-9]{1,18}", given):
        raise DamagedError("a header of it is damaged")
    return int(given)
