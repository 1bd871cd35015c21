"""What looking at a file's bytes tells: its hashes, what it really is, what it holds, and whether it may be released.

The rules of the verdict stand in `conclude` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.base import Model

MAX_WARNINGS = 50
"""Of one inspection; an archive can hold a reason for one in every entry."""
MAX_NAMES = 20
"""Signatures, reasons and unsafe names that are kept of one file."""


def _hex(length: int) -> StringConstraints:
    return StringConstraints(pattern=f"^[0-9a-f]{{{length}}}$")


class Hashes(Model):
    """Of the whole file, in lower-case hex. SHA-256 is the one that proves; the others are for looking it up."""

    sha256: Annotated[str, _hex(64)]
    sha1: Annotated[str, _hex(40)]
    md5: Annotated[str, _hex(32)]
    size: Annotated[int, Field(ge=0)]


class KnownType(Model):
    """A type as a name's extension or a declared content type promises it."""

    label: str
    group: str
    text: bool


class DetectedType(Model):
    """What the bytes are, whatever the name says. `score` is the detector's confidence, 0 to 1."""

    label: str
    mime: str
    group: str
    description: str
    score: Annotated[float, Field(ge=0, le=1)]
    text: bool = False


class ArchiveReport(Model):
    """What looking into an archive told.

    `depth` counts the levels of archives within archives, 1 for one that holds none. `unpacked_size` is the bytes that
    were unpacked before a limit was met. `truncated`: not everything in it was looked at, `reasons` say why.
    `opaque` names what is packed in a format that is not looked into, `unsafe_names` entries that unpack to other
    places than the archive's folder, `ambiguous` says what different programs unpack differently.
    """

    kind: str
    entries: int = 0
    unpacked_size: int = 0
    depth: int = 1
    encrypted: bool = False
    bomb: bool = False
    truncated: bool = False
    reasons: list[str] = []
    opaque: list[str] = []
    unsafe_names: list[str] = []
    ambiguous: list[str] = []


class ScanVerdict(StrEnum):
    """What one scanner says. `not_scanned`: it was asked and answered that it does not scan this, `reason` says why."""

    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"


class ScanResult(Model):
    """One scanner's answer. `signatures` name what is malicious, `suspicious` what deserves a warning."""

    scanner: str
    version: str
    verdict: ScanVerdict
    signatures: list[str] = []
    suspicious: list[str] = []
    reason: str = ""


class Verdict(StrEnum):
    """`infected` and `refused` files are for the security team only, `refused` ones were not wholly looked at."""

    CLEAN = "clean"
    INFECTED = "infected"
    REFUSED = "refused"


class WarningCode(StrEnum):
    """For programs, what a warning's text says to people."""

    ENCRYPTED = "encrypted"
    NOT_LOOKED_INTO = "not_looked_into"
    TRUNCATED = "truncated"
    NOT_SCANNED = "not_scanned"
    UNSAFE_NAMES = "unsafe_names"
    DISGUISED_NAME = "disguised_name"
    TYPE_MISMATCH = "type_mismatch"
    POLYGLOT = "polyglot"
    SUSPICIOUS = "suspicious"
    ACTIVE_CONTENT = "active_content"


class InspectionWarning(Model):
    """What whoever opens the file should know."""

    code: WarningCode
    text: str


class Inspection(Model):
    """Everything that was found out about one file."""

    hashes: Hashes
    type: DetectedType
    archive: ArchiveReport | None = None
    scans: list[ScanResult]
    verdict: Verdict
    warnings: list[InspectionWarning] = []

    @property
    def dangerous(self) -> bool:
        """Whether to warn before it is opened: every warning is a reason, what could not be looked at too."""
        return self.verdict is not Verdict.CLEAN or bool(self.warnings)


def conclude(
    hashes: Hashes,
    detected: DetectedType,
    archive: ArchiveReport | None,
    scans: Sequence[ScanResult],
    warnings: Iterable[InspectionWarning] = (),
) -> Inspection:
    """The inspection that the findings add up to.

    One scanner that finds malware is enough: infected. A decompression bomb is refused, for nobody can say what it
    holds. Everything else is clean, with a warning for whatever could not be looked at. A scanner that did not answer
    has no result at all: its adapter raises UnavailableError, and there is no inspection to conclude.
    """
    if any(scan.verdict is ScanVerdict.INFECTED for scan in scans):
        verdict = Verdict.INFECTED
    elif archive is not None and archive.bomb:
        verdict = Verdict.REFUSED
    else:
        verdict = Verdict.CLEAN
    noted = [*_of_archive(archive), *_of_scans(scans), *warnings]
    return Inspection(
        hashes=hashes,
        type=detected,
        archive=archive,
        scans=list(scans),
        verdict=verdict,
        warnings=list(dict.fromkeys(noted))[:MAX_WARNINGS],
    )


def _of_archive(archive: ArchiveReport | None) -> list[InspectionWarning]:
    if archive is None:
        return []
    noted = []
    if archive.encrypted:
        noted.append(_warning(WarningCode.ENCRYPTED, "encrypted: its content could not be scanned"))
    if archive.truncated:
        reasons = "; ".join(archive.reasons)
        noted.append(_warning(WarningCode.TRUNCATED, f"not all of its content was looked at: {reasons}"))
    if archive.opaque:
        noted.append(_warning(WarningCode.NOT_LOOKED_INTO, f"packed and not looked into: {', '.join(archive.opaque)}"))
    if archive.unsafe_names:
        names = ", ".join(archive.unsafe_names)
        noted.append(_warning(WarningCode.UNSAFE_NAMES, f"names that unpack to other places: {names}"))
    noted.extend(_warning(WarningCode.POLYGLOT, text) for text in archive.ambiguous)
    return noted


def _of_scans(scans: Sequence[ScanResult]) -> list[InspectionWarning]:
    noted = []
    for scan in scans:
        if scan.verdict is ScanVerdict.NOT_SCANNED:
            noted.append(_warning(WarningCode.NOT_SCANNED, f"{scan.scanner} did not scan it: {scan.reason}"))
        noted.extend(_warning(WarningCode.SUSPICIOUS, f"{scan.scanner}: {name}") for name in scan.suspicious)
    return noted


def _warning(code: WarningCode, text: str) -> InspectionWarning:
    return InspectionWarning(code=code, text=text)
