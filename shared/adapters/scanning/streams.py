"""Streams of bytes: cut into what is asked for, or decompressed in pieces of bounded size.

The standard library's `gzip` and `tarfile` trust what a header says and would read as much at once; these do not.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from shared.adapters.scanning.limits import MB, DamagedError
from shared.ports.scanning import Readable

PIECE = MB
"""At most so many bytes come out of a decompressor at a time."""
_SLICE = 64 * 1024
_XZ_MEMORY = 96 * MB
"""xz -9 asks for 65 MB to unpack; a header can ask for 4 GB."""


def ranges(file: Readable, offset: int, length: int, piece: int = PIECE) -> Iterator[bytes]:
    """A part of a file, in order."""
    end = min(offset + length, file.size)
    for at in range(offset, end, piece):
        yield file.read(at, min(piece, end - at))


class Reader:
    """Reads a stream by lengths, forward only. `head` looks ahead without taking."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream = stream
        self._kept = bytearray()

    def head(self, length: int) -> bytes:
        """The next bytes, fewer where the stream ends; they stay."""
        while len(self._kept) < length:
            chunk = next(self._stream, None)
            if chunk is None:
                break
            self._kept += chunk
        return bytes(self._kept[:length])

    def take(self, length: int) -> bytes:
        """The next bytes, fewer where the stream ends. For small lengths."""
        taken = self.head(length)
        del self._kept[: len(taken)]
        return taken

    def some(self, limit: int) -> bytes:
        """At least one and at most `limit` bytes; empty at the end."""
        if not self._kept:
            self._kept += next(self._stream, b"")
        taken = bytes(self._kept[:limit])
        del self._kept[:limit]
        return taken

    def part(self, length: int) -> Iterator[bytes]:
        """The next `length` bytes in pieces.

        Raises:
            DamagedError: the stream ends before.
        """
        while length > 0:
            piece = self.some(min(length, PIECE))
            if not piece:
                raise DamagedError("it ends in the middle of an entry")
            length -= len(piece)
            yield piece

    def rest(self) -> Iterator[bytes]:
        """Everything that is left."""
        while piece := self.some(PIECE):
            yield piece


class _Decompressor(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflater:
    """zlib's decompressor with the interface of bz2's and lzma's. `wbits` as of zlib: 31 is gzip, -15 raw DEFLATE."""

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        """Whether the end of the compressed stream was met."""
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without more going in."""
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """At most `max_length` bytes of what went in."""
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max(max_length, 0))


def deflated() -> Inflater:
    """For an entry of a ZIP."""
    return Inflater(-15)


_MAKERS: dict[str, Callable[[], _Decompressor]] = {
    "gzip": lambda: Inflater(31),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
}
STREAMED = frozenset(_MAKERS)


def decompressed(kind: str, stream: Iterator[bytes]) -> Iterator[bytes]:
    """What a gzip, bzip2 or xz stream holds; several streams one after the other are one, as their tools have it.

    Raises:
        DamagedError: it is no such stream, ends too early, or asks for too much memory.
    """
    return _Unpacking(_MAKERS[kind], repeated=True).of(stream)


def single(stream: Iterator[bytes], make: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """What one compressed stream holds; what follows it is left alone.

    Raises:
        DamagedError: as `decompressed`.
    """
    return _Unpacking(make, repeated=False).of(stream)


class _Unpacking:
    def __init__(self, make: Callable[[], _Decompressor], *, repeated: bool) -> None:
        self._make = make
        self._repeated = repeated
        self._now = make()

    def of(self, stream: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for data in _slices(stream):
                yield from self._pieces(data)
                if self._now.eof and not self._repeated:
                    return
            # zlib can hold back output when the input ends at the same moment as the room for output.
            while not self._now.eof:
                piece = self._now.decompress(b"", PIECE)
                if not piece:
                    raise DamagedError("it ends in the middle")
                yield piece
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            raise DamagedError("it is damaged") from error

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        left = data
        while True:
            if self._now.eof:
                left = left.lstrip(b"\0")  # padding between streams and behind the last
                if not left or not self._repeated:
                    return
                self._now = self._make()
            piece = self._now.decompress(left, PIECE)
            left = self._now.unused_data if self._now.eof else b""
            if piece:
                yield piece
            if self._now.needs_input and not self._now.eof:
                return


def _slices(stream: Iterator[bytes]) -> Iterator[bytes]:
    # zlib hands back what it did not consume, a copy each time: small slices keep that cheap.
    for chunk in stream:
        for at in range(0, len(chunk), _SLICE):
            yield chunk[at : at + _SLICE]
