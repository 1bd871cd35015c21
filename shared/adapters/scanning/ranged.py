"""Reading a file by ranges without asking for each few bytes anew, and as the file object that libraries want."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import IO

from shared.ports.scanning import Readable

_BLOCK = 2 * 1024 * 1024
_BLOCKS = 4


class Cached:
    """A `Readable` that fetches whole blocks and keeps the last few: 8 MB, whatever the file."""

    def __init__(self, file: Readable, block: int = _BLOCK, blocks: int = _BLOCKS) -> None:
        self._file = file
        self._block = block
        self._most = blocks
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes."""
        return self._file.size

    def read(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        return b"".join(self._pieces(offset, offset + length))

    def _pieces(self, offset: int, end: int) -> Iterator[bytes]:
        while offset < end:
            number, within = divmod(offset, self._block)
            piece = self._fetched(number)[within : within + end - offset]
            if not piece:
                return
            yield piece
            offset += len(piece)

    def _fetched(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        while len(self._kept) >= self._most:
            self._kept.popitem(last=False)
        self._kept[number] = self._file.read(number * self._block, self._block)
        return self._kept[number]


class Part:
    """A part of a `Readable` as one of its own."""

    def __init__(self, file: Readable, offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self._size = size

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        return self._file.read(self._offset + offset, max(0, min(length, self._size - offset)))


class Spooled:
    """A `Readable` over a temporary file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)


class RangeFile(io.RawIOBase):
    """A `Readable` as a file object, for libraries that seek."""

    def __init__(self, file: Readable) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # the stub wants any buffer
        data = self._file.read(self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
