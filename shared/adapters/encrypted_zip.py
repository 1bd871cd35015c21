"""Dangerous files as ZIP archives encrypted by AES-256, written piece by piece.

The encryption keeps nobody out: its password is known. It keeps the file from being opened by accident, and scanners
on the way from taking it away.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyzipper

from shared.domain.evidence import ZIP_PASSWORD, Evidence
from shared.ports.scanning import Readable, chunks

WARNING = "WARNING.txt"
_AES_256 = 256


class _Sink(io.RawIOBase):
    """Takes what the archive writes, until it is drained."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        part = bytes(memoryview(data))  # type: ignore[arg-type]  # a buffer: RawIOBase has no name for it here
        self._parts.append(part)
        return len(part)

    def drain(self) -> bytes:
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


def encrypted_zip(file: Readable, evidence: Evidence) -> Iterator[bytes]:
    """The archive: WARNING.txt and the file below `dangerous/`, in memory a few megabytes at a time."""
    sink = _Sink()
    with pyzipper.AESZipFile(sink, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(ZIP_PASSWORD.encode())
        archive.setencryption(pyzipper.WZ_AES, nbits=_AES_256)
        with archive.open(_entry(archive, WARNING, evidence), "w") as entry:
            entry.write(_warning(evidence).encode())
        with archive.open(_entry(archive, f"dangerous/{evidence.file_name}", evidence), "w", force_zip64=True) as entry:
            for chunk in chunks(file):
                entry.write(chunk)
                yield sink.drain()
    yield sink.drain()


def _entry(archive: pyzipper.AESZipFile, name: str, evidence: Evidence) -> pyzipper.zipfile.ZipInfo:
    at = evidence.created_at
    return archive.zipinfo_cls(name, date_time=(at.year, at.month, at.day, at.hour, at.minute, at.second))


def _warning(evidence: Evidence) -> str:
    found = sorted({name for scan in evidence.scans for name in scan.signatures})
    lines = [
        "DANGEROUS FILE",
        "",
        "The file in this archive was classified as dangerous. Opening it can damage this computer and everything",
        "that it can reach. Unpack it only on a machine that is set up for examining malware.",
        "",
        f"Evidence: {evidence.id} of incident {evidence.incident_id}",
        f"SHA-256:  {evidence.sha256}",
        f"Found:    {', '.join(found) or evidence.refusal or 'not wholly looked at'}",
        "",
    ]
    return "\r\n".join(lines)
