"""Bodies in parts, read as they arrive: only what is not content is ever held.

Source: RFC 2046, section 5.1; "Multipart uploads" of the Cloud Storage documentation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email.message import Message
from email.parser import BytesParser
from typing import Any, Final, NamedTuple

from emulator.storage.errors import InvalidError
from emulator.storage.exchange.call import decoded

_MOST_HEAD: Final = 64 << 10  # bytes
_MOST_METADATA: Final = 1 << 20


class Parts(NamedTuple):
    """What a multipart upload says beside the content."""

    metadata: dict[str, Any]
    content_type: str | None


def boundary_of(content_type: str) -> bytes:
    """What lies between the parts.

    Raises:
        InvalidError: the content type does not say.
    """
    header = Message()
    header["Content-Type"] = content_type.replace("\n", "").replace("\r", "")
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 200:
        raise InvalidError("A multipart body needs a boundary.")
    return b"\r\n--" + boundary.encode(errors="replace")


async def read_upload(content_type: str, chunks: AsyncIterator[bytes], write: Callable[[bytes], None]) -> Parts:
    """Read an upload of two parts: metadata in JSON, and the content, which is written away piece by piece.

    Raises:
        InvalidError: it has not this form.
    """
    boundary = boundary_of(content_type)
    buffer = _Buffer(chunks)
    await buffer.until(boundary, _MOST_HEAD)  # what precedes the first part means nothing
    await buffer.head()
    metadata = decoded(await buffer.until(boundary, _MOST_METADATA))
    headers = await buffer.head()
    await buffer.copy_until(boundary, write)
    if not await buffer.ends():
        raise InvalidError("A multipart upload has two parts: metadata and content.")
    return Parts(metadata, headers.get("Content-Type"))


class _Buffer:
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._data = bytearray(b"\r\n")  # so that a body may begin with its boundary

    async def _more(self) -> None:
        async for chunk in self._chunks:
            self._data += chunk
            return
        raise InvalidError("The multipart body has no end.")

    async def until(self, mark: bytes, most: int) -> bytes:
        """What comes before the mark, which is passed over."""
        searched = 0
        while (at := self._data.find(mark, searched)) < 0:
            if len(self._data) > most:
                raise InvalidError("A part of the multipart body is too large.")
            searched = max(0, len(self._data) - len(mark))
            await self._more()
        found = bytes(self._data[:at])
        del self._data[: at + len(mark)]
        return found

    async def head(self) -> Message:
        """The headers of a part; what is left of its boundary's line comes before them."""
        while len(self._data) < 2:
            await self._more()
        if self._data.startswith(b"--"):
            raise InvalidError("A multipart upload has two parts: metadata and content.")
        block = await self.until(b"\r\n\r\n", _MOST_HEAD)
        _, _, head = block.partition(b"\r\n")
        return BytesParser().parsebytes(head + b"\r\n\r\n")

    async def copy_until(self, mark: bytes, write: Callable[[bytes], None]) -> None:
        """Write away what comes before the mark, which is passed over."""
        while (at := self._data.find(mark)) < 0:
            safe = len(self._data) - len(mark) + 1  # the end may be the beginning of the mark
            if safe > 0:
                write(bytes(self._data[:safe]))
                del self._data[:safe]
            await self._more()
        write(bytes(self._data[:at]))
        del self._data[: at + len(mark)]

    async def ends(self) -> bool:
        """Whether that was the last part; what follows means nothing, but is awaited."""
        while len(self._data) < 2:
            await self._more()
        async for _ in self._chunks:
            pass
        return self._data.startswith(b"--")
