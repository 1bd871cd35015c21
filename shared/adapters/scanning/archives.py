"""Looking into archives: every level, every entry, within limits. Nothing is written but one bounded temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator

from shared.adapters.scanning import macros, mails, zips
from shared.adapters.scanning.kinds import HEAD, OPAQUE, PLAIN, kind_of
from shared.adapters.scanning.limits import MB, ArchiveLimits, BombError, DamagedError, SpentError, Tally
from shared.adapters.scanning.ranged import Cached, Part, Spooled
from shared.adapters.scanning.streams import STREAMED, Reader, decompressed, ranges
from shared.adapters.scanning.tars import members
from shared.domain.file_names import shown
from shared.domain.inspection import ArchiveReport
from shared.ports.scanning import Readable, Visitor

_ENDINGS = (".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz")


class BoundedArchives:
    """Unpacks ZIP, tar, gzip, bzip2 and xz as streams; other formats are named and left alone."""

    def __init__(self, limits: ArchiveLimits | None = None) -> None:
        self._limits = limits or ArchiveLimits()

    def look_into(self, file: Readable, visitor: Visitor) -> ArchiveReport | None:
        cached = Cached(file)
        kind = kind_of(cached.read(0, HEAD))
        if kind is None or kind in OPAQUE:
            # A ZIP is found from its end: what comes first may be anything, a picture for instance.
            kind = "zip" if zips.is_appended(cached) else kind
        if kind is None:
            return None
        tally = Tally(limits=self._limits, size=file.size)
        try:
            _Walk(tally, visitor).outermost(kind, cached)
        except BombError as bomb:
            tally.explode(str(bomb))
        except (SpentError, DamagedError) as end:
            tally.skip(str(end))
        # A document is no archive because it could hold something.
        return None if kind == "ole" and tally.is_empty() else tally.report(kind)


class _Walk:
    def __init__(self, tally: Tally, visitor: Visitor) -> None:
        self._tally = tally
        self._visitor = visitor
        self._spool = tally.limits.spool
        self._openers: dict[str, Callable[[Reader, str, int, int], None]] = {
            **dict.fromkeys(STREAMED, self._streamed),
            "tar": self._tar,
            "zip": self._spooled_zip,
            "ole": self._office,
            "mail": self._mail,
        }

    def outermost(self, kind: str, file: Readable) -> None:
        """Look into the file itself."""
        if kind in OPAQUE:
            self._tally.pack("", kind)
            return
        if kind not in PLAIN:
            self._tally.enter(1)
        if kind == "zip":
            self._zip(file, "", 1)
            return
        pieces = ranges(file, 0, file.size)
        # A tar's own bytes count as unpacked where nothing else unpacks them: reading them takes the same time.
        reader = Reader(self._metered(pieces, file.size) if kind == "tar" else pieces)
        self._openers[kind](reader, "", file.size, 0 if kind in PLAIN else 1)

    def _entry(self, pieces: Iterator[bytes], path: str, packed: int, depth: int) -> None:
        """Show one entry to the visitor, and what is in it if it is an archive itself. Reads it to its end."""
        visit = self._visitor(path)
        try:
            reader = Reader(_shown_to(visit.feed, pieces))
            try:
                self._inside(reader, path, packed, depth)
                for _ in reader.rest():
                    pass
            except DamagedError as error:
                self._tally.skip(f"{shown(path)}: {error}")
                for _ in reader.rest():
                    pass
            except (BombError, SpentError):
                visit.finish()
                raise
            visit.finish()
        finally:
            visit.close()

    def _inside(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        head = reader.head(HEAD)
        kind = kind_of(head)
        if kind is None:
            return
        if kind in OPAQUE:
            self._tally.pack(path, kind)
            return
        if kind not in PLAIN:
            depth += 1
            self._tally.enter(depth)
        self._openers[kind](reader, path, packed, depth)

    def _streamed(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        kind = kind_of(reader.head(HEAD)) or ""
        inner = _within(path, name := _stem(path))
        self._tally.entry(inner, name)
        self._entry(self._metered(decompressed(kind, reader.rest()), packed), inner, packed, depth)

    def _tar(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        for member in members(reader):
            inner = _within(path, member.name)
            self._tally.entry(inner, member.name)
            if member.target:
                self._tally.link(inner, member.target)
            if member.size:
                self._entry(reader.part(member.size), inner, min(packed, member.size), depth)

    def _mail(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        for name, content in mails.parts(_whole(reader, mails.MAX_SIZE)):
            inner = _within(path, name)
            self._tally.entry(inner, name)
            self._entry(self._metered(iter([content]), packed), inner, min(packed, len(content)), depth)

    def _office(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        data = _whole(reader, macros.MAX_SIZE)
        self._tally.encrypted = self._tally.encrypted or macros.is_encrypted(data)
        for number, source in enumerate(macros.sources(data), start=1):
            inner = _within(path, name := f"macro {number}.vba")
            self._tally.entry(inner, name)
            self._entry(self._metered(iter([source]), packed), inner, packed, depth)

    def _spooled_zip(self, reader: Reader, path: str, packed: int, depth: int) -> None:
        with tempfile.TemporaryFile() as kept:
            size = 0
            for piece in reader.rest():
                size += len(piece)
                if size > self._spool:
                    self._tally.skip(f"{shown(path)}: a ZIP of more than {self._spool // MB} MB within an archive")
                    return
                kept.write(piece)
            self._zip(Spooled(kept, size), path, depth)

    def _zip(self, file: Readable, path: str, depth: int) -> None:
        directory = zips.find_directory(file)
        if directory is None:
            raise DamagedError("its directory is missing")
        if directory.before:
            self._in_front(Part(file, 0, directory.before), path, depth)
        limit = self._tally.limits.entries
        entries = list(zips.entries_of(file, directory, limit + 1))
        if len(entries) <= limit and len(entries) != directory.entries:
            self._tally.doubt(f"its directory counts {directory.entries} entries and has {len(entries)}")
        zips.refuse_overlap(entries)
        self._tally.weigh(sum(entry.unpacked for entry in entries), file.size)
        for entry in entries:
            inner = _within(path, entry.name)
            self._tally.entry(inner, entry.name)
            if not entry.is_folder:
                self._zipped(file, entry, inner, depth)

    def _in_front(self, front: Part, path: str, depth: int) -> None:
        # Some programs unpack the first of two archives, some the last (Perception Point, "Evasive ZIP concatenation").
        try:
            hidden = zips.find_directory(front)
        except DamagedError:
            hidden = None
        if hidden is not None:
            self._tally.doubt("a ZIP archive that stands behind another one")
            self._tally.enter(depth + 1)
            self._zip(front, path, depth + 1)

    def _zipped(self, file: Readable, entry: zips.Entry, path: str, depth: int) -> None:
        try:
            found = zips.open_entry(file, entry)
        except DamagedError as error:
            self._tally.skip(f"{shown(path)}: {error}")
            return
        if entry.encrypted or found.encrypted:
            self._tally.encrypted = True
        elif entry.method not in zips.METHODS:
            self._tally.pack(path, f"ZIP method {entry.method}")
        else:
            pieces = self._metered(zips.unpacked(entry, found.data), entry.packed)
            self._entry(pieces, path, entry.packed, depth)

    def _metered(self, pieces: Iterator[bytes], packed: int) -> Iterator[bytes]:
        so_far = 0
        for piece in pieces:
            so_far += len(piece)
            self._tally.unpack(len(piece), packed, so_far)
            yield piece


def _shown_to(feed: Callable[[bytes], None], pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        feed(piece)
        yield piece


def _whole(reader: Reader, limit: int) -> bytes:
    data = bytearray()
    for piece in reader.rest():
        data += piece
        if len(data) > limit:
            raise DamagedError(f"more than {limit // MB} MB, what it holds is not looked into")
    return bytes(data)


def _within(path: str, name: str) -> str:
    return f"{path}!{name}" if path else name


def _stem(path: str) -> str:
    name = path.rpartition("!")[2].rpartition("/")[2]
    ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), "")
    return (name[: -len(ending)] if ending else "") or "content"
