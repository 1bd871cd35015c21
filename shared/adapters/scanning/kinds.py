"""Which archive format the first bytes announce."""

from __future__ import annotations

from shared.adapters.scanning.mails import is_mail
from shared.adapters.scanning.tars import is_tar
from shared.domain.file_signatures import format_of

HEAD = 0x8001 + 5
"""Bytes that are enough: ISO 9660's mark lies in the seventeenth sector."""
_LOOKED_INTO = frozenset({"zip", "gzip", "bzip2", "xz", "ole"})
PLAIN = frozenset({"ole", "mail"})
"""What holds files but does not make them smaller: no bomb is made of it, so it is no level of one."""
_OPAQUE_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0x8001, b"CD001", "iso"),
    (7, b"**ACE**", "ace"),
    (2, b"-lh", "lha"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"LZIP", "lzip"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"xar!", "xar"),
    (0, b"MSWIM\0\0\0", "wim"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
    (0, b"!<arch>\n", "ar"),
)
OPAQUE = frozenset(kind for _, _, kind in _OPAQUE_MAGIC)


def kind_of(head: bytes) -> str | None:
    """The archive format, None for everything else."""
    found = format_of(head)
    if found in _LOOKED_INTO:
        return found
    if is_tar(head):
        return "tar"
    if is_mail(head):
        return "mail"
    return next((kind for at, magic, kind in _OPAQUE_MAGIC if head[at : at + len(magic)] == magic), None)
