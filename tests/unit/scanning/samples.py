"""Files to inspect, put together when a test runs: none of them lies in the repository for a scanner to find."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

EICAR = b"X5O!P%@AP[4" + b"\\PZX54(P^)" + b"7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE" + b"!$H+H*"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0" + bytes(range(256)) * 4


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes], mode: str = "w", form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of these files; modes as of tarfile: w, w:gz, w:bz2, w:xz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]  # a mode
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def nested_bomb(levels: int, width: int = 4) -> bytes:
    """As 42.zip is made: few bytes that unpack, level for level, to width**levels files of 60 MB."""
    bomb = zipped({"0": bytes(60 * 1024 * 1024)})
    for _ in range(levels):
        bomb = zipped({f"{number}.zip": bomb for number in range(width)})
    return bomb


def overlapping_bomb(entries: int) -> bytes:
    """As Fifield's: every entry of the directory has the same bytes."""
    kernel = zlib.compress(bytes(1024 * 1024), 9)[2:-4]
    crc = zlib.crc32(bytes(1024 * 1024))
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(kernel), 1024 * 1024, 1, 0) + b"a" + kernel
    line = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(kernel), 1024 * 1024, 1, 0, 0, 0, 0, 0, 0
    )
    directory = (line + b"a") * entries
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, len(directory), len(local), 0)
    return local + directory + end
