"""Scanning what is inside an archive, entry by entry, and adding what was found to the archive's own results."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.file_names import disguises, is_active, shown
from shared.domain.inspection import MAX_NAMES, MAX_WARNINGS, InspectionWarning, ScanResult, ScanVerdict, WarningCode
from shared.ports.scanning import Scan, Scanner


class Contents:
    """The entries of one archive, shown to the scanners that do not unpack it themselves."""

    def __init__(self, scanners: Sequence[Scanner]) -> None:
        self._scanners = scanners
        self._found: dict[str, list[tuple[str, ScanResult]]] = {}
        self._active: list[str] = []
        self._disguised: dict[str, None] = {}

    def visit(self, path: str) -> Entry:
        """Start an entry; its results are kept here when it is finished."""
        if len(self._active) < MAX_NAMES and is_active(path):
            self._active.append(shown(path))
        if len(self._disguised) < MAX_WARNINGS:
            self._disguised.update(dict.fromkeys(disguises(path)))
        return Entry(path, self._scanners, self._found)

    @property
    def warnings(self) -> list[InspectionWarning]:
        """What the names of the entries tell."""
        noted = [InspectionWarning(code=WarningCode.DISGUISED_NAME, text=text) for text in self._disguised]
        if self._active:
            text = f"holds what runs when it is opened: {', '.join(self._active)}"
            noted.append(InspectionWarning(code=WarningCode.ACTIVE_CONTENT, text=text))
        return noted

    def added_to(self, scans: Sequence[ScanResult]) -> list[ScanResult]:
        """The results of the archive itself with those of its entries."""
        return [_added(scan, self._found.get(scan.scanner, ())) for scan in scans]


class Entry:
    """One entry on its way through the scanners."""

    def __init__(self, path: str, scanners: Sequence[Scanner], found: dict[str, list[tuple[str, ScanResult]]]) -> None:
        self._path = path
        self._found = found
        self._scans: list[Scan] = []
        try:
            self._scans.extend(scanner.begin(None) for scanner in scanners)
        except BaseException:
            self.close()
            raise

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        for scan in self._scans:
            scan.feed(chunk)

    def finish(self) -> None:
        """The entry is whole: ask for the answers."""
        for scan in self._scans:
            result = scan.finish()
            if result.verdict is not ScanVerdict.CLEAN or result.suspicious:
                self._found.setdefault(result.scanner, []).append((self._path, result))

    def close(self) -> None:
        """Let go of the scans."""
        for scan in self._scans:
            scan.close()


def _added(scan: ScanResult, found: Sequence[tuple[str, ScanResult]]) -> ScanResult:
    infected = [(path, result) for path, result in found if result.verdict is ScanVerdict.INFECTED]
    skipped = [(path, result) for path, result in found if result.verdict is ScanVerdict.NOT_SCANNED]
    reasons = [scan.reason] if scan.reason else []
    reasons += [f"{', '.join(result.signatures)} in {shown(path)}" for path, result in infected[:MAX_NAMES]]
    verdict = scan.verdict
    if infected:
        verdict = ScanVerdict.INFECTED
    elif skipped and verdict is ScanVerdict.CLEAN:
        verdict = ScanVerdict.NOT_SCANNED
        reasons += [f"{shown(path)}: {result.reason}" for path, result in skipped[:MAX_NAMES]]
    return scan.model_copy(
        update={
            "verdict": verdict,
            "signatures": _names([*scan.signatures, *(name for _, result in infected for name in result.signatures)]),
            "suspicious": _names([*scan.suspicious, *(name for _, result in found for name in result.suspicious)]),
            "reason": "; ".join(reasons),
        }
    )


def _names(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MAX_NAMES]
