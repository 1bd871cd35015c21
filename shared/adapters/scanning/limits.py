"""How far an archive is unpacked, and what counts as a bomb."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.file_names import is_unsafe, shown
from shared.domain.inspection import MAX_NAMES, ArchiveReport

MB = 1024 * 1024
MAX_NAME = 1024
"""Characters or bytes of an entry's name that are kept; one that is longer is not safe to unpack anyway."""


@dataclass(frozen=True, kw_only=True)
class ArchiveLimits:
    """Bytes unless said otherwise.

    - `ratio` 100: Apache Tika's SecureContentHandler and Apache POI's ZipSecureFile (minimum inflate ratio 0.01) take
      more for a bomb. DEFLATE itself cannot exceed 1,032 (Fifield, "A better zip bomb", WOOT 2019), so a limit has to
      be below that.
    - `grace`: what unpacks to no more harms nobody, whatever its ratio. Logs and sparse images of little size are
      evidence; 50 MB of them may be as repetitive as they like.
    - `entries` 10,000: clamd's MaxFiles. `unpacked`: what an instance unpacks and scans within its time.
    - `depth` 5 levels, the outermost counted. 42.zip has six, a quine has no end.
    - `spool`: of a ZIP within an archive, which has to be read backwards. On Cloud Run a temporary file is memory.
    """

    unpacked: int = 1024 * MB
    entries: int = 10_000
    depth: int = 5
    ratio: int = 100
    grace: int = 50 * MB
    spool: int = 64 * MB


class BombError(Exception):
    """A decompression bomb; the text says by what."""


class SpentError(Exception):
    """A limit is used up: the rest is not looked at; the text says which."""


class DamagedError(Exception):
    """An archive or entry that is not unpacked (further); the text says why, in our words."""


@dataclass(kw_only=True)
class Tally:
    """What looking into one file adds up to, over all levels. `size` is the file's own, in bytes."""

    limits: ArchiveLimits
    size: int
    entries: int = 0
    unpacked: int = 0
    depth: int = 0
    encrypted: bool = False
    bomb: bool = False
    truncated: bool = False
    reasons: dict[str, None] = field(default_factory=dict)
    opaque: dict[str, None] = field(default_factory=dict)
    unsafe: dict[str, None] = field(default_factory=dict)
    ambiguous: dict[str, None] = field(default_factory=dict)

    def enter(self, depth: int) -> None:
        """An archive at this level, 1 for the outermost.

        Raises:
            BombError: it lies too deep.
        """
        if depth > self.limits.depth:
            raise BombError(f"archives within archives, more than {self.limits.depth} levels deep")
        self.depth = max(self.depth, depth)

    def entry(self, path: str, name: str) -> None:
        """One more entry, of this path over all levels and this name in its own archive.

        Raises:
            SpentError: there are too many.
        """
        if self.entries >= self.limits.entries:
            raise SpentError(f"only the first {self.limits.entries:,} entries were looked at")
        self.entries += 1
        if is_unsafe(name) or len(name) >= MAX_NAME:
            self._keep(self.unsafe, shown(path))

    def link(self, path: str, target: str) -> None:
        """A link of a tar: one that leads out of the archive lets later entries be written there."""
        if is_unsafe(target):
            self._keep(self.unsafe, f"{shown(path)} -> {shown(target)}")

    def unpack(self, size: int, packed: int, so_far: int) -> None:
        """`size` more bytes, `so_far` in all from this stream, out of the `packed` bytes that it lies in.

        Raises:
            BombError: too many for so little.
            SpentError: no more is unpacked.
        """
        self.unpacked += size
        self.weigh(so_far, packed)
        self.weigh(self.unpacked, self.size)
        if self.unpacked > self.limits.unpacked:
            raise SpentError(f"only the first {self.limits.unpacked // MB:,} MB were unpacked")

    def weigh(self, unpacked: int, packed: int) -> None:
        """Hold an unpacked size, real or announced, against the packed one.

        Raises:
            BombError: too many for so little.
        """
        if unpacked > self.limits.grace and unpacked > self.limits.ratio * max(packed, 1):
            raise BombError(f"unpacks to more than {self.limits.ratio} times its size")

    def skip(self, reason: str) -> None:
        """Something was not looked at."""
        self.truncated = True
        self._keep(self.reasons, reason)

    def pack(self, path: str, kind: str) -> None:
        """Something is packed in a format that is not looked into."""
        self._keep(self.opaque, f"{shown(path)} ({kind})" if path else kind)

    def doubt(self, text: str) -> None:
        """Something that different programs unpack differently."""
        self._keep(self.ambiguous, text)

    def explode(self, reason: str) -> None:
        """It is a bomb."""
        self.bomb = self.truncated = True
        self._keep(self.reasons, reason)

    def is_empty(self) -> bool:
        """Whether there is nothing to report."""
        return not (self.entries or self.encrypted or self.truncated or self.opaque)

    def report(self, kind: str) -> ArchiveReport:
        """All of it."""
        return ArchiveReport(
            kind=kind,
            entries=self.entries,
            unpacked_size=self.unpacked,
            depth=max(self.depth, 1),
            encrypted=self.encrypted,
            bomb=self.bomb,
            truncated=self.truncated,
            reasons=list(self.reasons),
            opaque=list(self.opaque),
            unsafe_names=list(self.unsafe),
            ambiguous=list(self.ambiguous),
        )

    @staticmethod
    def _keep(kept: dict[str, None], text: str) -> None:
        if len(kept) < MAX_NAMES:
            kept[text] = None
