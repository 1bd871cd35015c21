"""Inspecting one file: hashes, true type, archives, malware. One pass, and a second one into archives only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from shared.domain.file_names import disguises, is_active, shown
from shared.domain.file_signatures import Structure
from shared.domain.file_types import is_active_type, mismatch
from shared.domain.hashing import Hashing
from shared.domain.inspection import (
    DetectedType,
    Hashes,
    Inspection,
    InspectionWarning,
    ScanResult,
    WarningCode,
    conclude,
)
from shared.ports.scanning import Archives, Readable, Scanner, TypeDetector, chunks
from shared.services.evidence.contents import Contents


class Inspecting:
    """Looks at a file with everything there is."""

    def __init__(self, detector: TypeDetector, archives: Archives, scanners: Sequence[Scanner]) -> None:
        self._detector = detector
        self._archives = archives
        self._scanners = scanners

    def inspect(self, file: Readable, file_name: str, declared_type: str | None = None) -> Inspection:
        """What the file is and whether it may be released; the name and type are what the uploader said.

        Memory stays bounded whatever the file's size. The same file gives the same answer again.

        Raises:
            UnavailableError: the file cannot be read, or a scanner does not answer; nothing was decided, try again.
        """
        detected = self._detector.detect(file)
        structure = Structure()
        hashes, scans = self._pass_over(file, structure)
        contents = Contents([scanner for scanner in self._scanners if not scanner.unpacks(file.size)])
        archive = self._archives.look_into(file, contents.visit)
        promised = self._detector.promised(file_name, declared_type)
        warnings = [
            *_of_file(file_name, detected),
            *_noted(WarningCode.TYPE_MISMATCH, mismatch(promised, detected)),
            *_noted(WarningCode.POLYGLOT, structure.polyglots()),
            *contents.warnings,
        ]
        return conclude(hashes, detected, archive, contents.added_to(scans), warnings)

    def _pass_over(self, file: Readable, structure: Structure) -> tuple[Hashes, list[ScanResult]]:
        hashing = Hashing()
        with ExitStack() as closing:
            scans = []
            for scanner in self._scanners:
                scan = scanner.begin(file.size)
                closing.callback(scan.close)
                scans.append(scan)
            for chunk in chunks(file):
                hashing.feed(chunk)
                structure.feed(chunk)
                for scan in scans:
                    scan.feed(chunk)
            return hashing.hashes(), [scan.finish() for scan in scans]


def _of_file(file_name: str, detected: DetectedType) -> Iterator[InspectionWarning]:
    yield from _noted(WarningCode.DISGUISED_NAME, disguises(file_name))
    if is_active_type(detected):
        text = f"{detected.description}: opening it can run what it holds"
        yield InspectionWarning(code=WarningCode.ACTIVE_CONTENT, text=text)
    elif is_active(file_name):
        text = f"{shown(file_name)}: opening a file of this name can run what it holds"
        yield InspectionWarning(code=WarningCode.ACTIVE_CONTENT, text=text)


def _noted(code: WarningCode, texts: Iterator[str]) -> Iterator[InspectionWarning]:
    return (InspectionWarning(code=code, text=text) for text in texts)
