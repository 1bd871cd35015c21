"""Scanning with YARA rules of our own, by yara-x, inside the process."""

from __future__ import annotations

import hashlib
import time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import local

import yara_x

from shared.domain.errors import UnavailableError
from shared.domain.inspection import MAX_NAMES, ScanResult, ScanVerdict

NAME = "yara"
RULES = Path(__file__).with_name("rules")
_MB = 1024 * 1024
_WINDOW = 16 * _MB
_OVERLAP = _MB
_WINDOW_SECONDS = 120
_FILE_SECONDS = 240
"""For one file: made to cost, it could keep the rules busy for longer than a function lives, at every retry."""
MALICIOUS = "malicious"
SUSPICIOUS = "suspicious"


@cache
def compiled(folder: Path = RULES) -> tuple[yara_x.Rules, str]:
    """The rules of a folder and the version that its answers carry: the library's and a digest of the rules.

    Rules see `at_start`: whether what they are given is the beginning of the file, for conditions such as
    `at_start and uint16be(0) == 0x4D5A`; of large files they are given one window after the other.
    """
    compiler = yara_x.Compiler()
    compiler.define_global("at_start", True)  # a value, not a switch
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yar")):
        source = path.read_text(encoding="utf-8")
        digest.update(source.encode())
        compiler.new_namespace(path.stem)
        compiler.add_source(source, origin=path.name)
    return compiler.build(), f"{version('yara-x')}, rules {digest.hexdigest()[:12]}"


class YaraScanner:
    """Finds what the rules describe. Does not unpack."""

    def __init__(
        self, rules: Path = RULES, *, window: int = _WINDOW, overlap: int = _OVERLAP, seconds: float = _FILE_SECONDS
    ) -> None:
        self._rules, self._version = compiled(rules)
        self._of_thread = local()  # the library ties a matcher to the thread that made it; servers have several
        self._window = window
        self._overlap = overlap
        self._seconds = seconds

    @property
    def name(self) -> str:
        """As shown with its answers."""
        return NAME

    def unpacks(self, size: int) -> bool:
        return False

    def begin(self, size: int | None) -> YaraScan:
        return YaraScan(self, self._window, self._overlap, self._seconds)

    def result(self, found: dict[str, str], scanned: int | None) -> ScanResult:
        """The answer for rules that matched, by name, with their severity.

        `scanned`: the bytes after which the time was used up, None if it was not.
        """
        malicious = [name for name, severity in found.items() if severity == MALICIOUS]
        otherwise = ScanVerdict.CLEAN if scanned is None else ScanVerdict.NOT_SCANNED
        return ScanResult(
            scanner=NAME,
            version=self._version,
            verdict=ScanVerdict.INFECTED if malicious else otherwise,
            signatures=malicious[:MAX_NAMES],
            reason="" if scanned is None else f"it takes too long, only the first {scanned // _MB} MB were scanned",
            suspicious=[name for name in found if name not in malicious][:MAX_NAMES],
        )

    def matching(self, data: bytes, *, at_start: bool) -> dict[str, str]:
        """The rules that match these bytes, with their severity.

        Raises:
            UnavailableError: it took too long.
        """
        matcher = self._matcher()
        matcher.set_global("at_start", at_start)
        try:
            results = matcher.scan(data)
        except (yara_x.TimeoutError, yara_x.ScanError) as error:
            raise UnavailableError("The rules were not matched in time") from error
        return {rule.identifier: str(dict(rule.metadata).get("severity", MALICIOUS)) for rule in results.matching_rules}

    def _matcher(self) -> yara_x.Scanner:
        matcher: yara_x.Scanner | None = getattr(self._of_thread, "matcher", None)
        if matcher is None:
            matcher = yara_x.Scanner(self._rules)
            matcher.set_timeout(_WINDOW_SECONDS)
            matcher.fast_scan(True)  # the library's signature
            self._of_thread.matcher = matcher
        return matcher


class YaraScan:
    """One file in windows that overlap, so that what lies across a border of two is found."""

    def __init__(self, scanner: YaraScanner, window: int, overlap: int, seconds: float) -> None:
        self._scanner = scanner
        self._window = window
        self._overlap = overlap
        self._left = seconds
        self._kept = bytearray()
        self._new = 0
        self._scanned = 0
        self._whole = True
        self._found: dict[str, str] = {}

    def feed(self, chunk: bytes) -> None:
        at = 0
        while at < len(chunk) and self._whole:
            piece = chunk[at : at + self._window - len(self._kept)]
            self._kept += piece
            self._new += len(piece)
            at += len(piece)
            if len(self._kept) >= self._window:
                self._match()

    def finish(self) -> ScanResult:
        if self._new and self._whole:
            self._match()
        return self._scanner.result(self._found, None if self._whole else self._scanned)

    def close(self) -> None:
        self._kept.clear()

    def _match(self) -> None:
        if self._left <= 0:
            self._whole = False
            return
        start = time.monotonic()
        self._found.update(self._scanner.matching(bytes(self._kept), at_start=not self._scanned))
        self._left -= time.monotonic() - start
        self._scanned += self._new
        self._new = 0
        del self._kept[: max(0, len(self._kept) - self._overlap)]
