"""Contents on their way out: whole or a range, compressed or not.

Source: "Range requests" and "Transcoding of gzip-compressed files" of the Cloud Storage documentation, RFC 9110.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any, BinaryIO, Final

from aiohttp import web

from emulator.storage.errors import InvalidError, RangeError
from emulator.storage.exchange.call import Call

_BLOCK: Final = 1 << 18
_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*")
_FIELD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ACTIVE: Final = re.compile(r"(text/html|image/svg|application/xhtml|[a-z]+/xml)", re.IGNORECASE)
_OVERRIDES: Final = {
    "response-content-disposition": "Content-Disposition",
    "response-content-type": "Content-Type",
}
_PROPERTIES: Final = {
    "cacheControl": "Cache-Control",
    "contentDisposition": "Content-Disposition",
    "contentEncoding": "Content-Encoding",
    "contentLanguage": "Content-Language",
}


async def send(call: Call, resource: Mapping[str, Any], content: BinaryIO) -> web.StreamResponse:
    """Answer with an object's content; closes it.

    Raises:
        RangeError: no byte lies in the range asked for.
    """
    with content:
        if call.request is None:
            raise InvalidError("A batch cannot hold downloads.")
        inflate = resource.get("contentEncoding") == "gzip" and "gzip" not in call.headers.get("Accept-Encoding", "")
        size = int(resource["size"])
        part = None if inflate else _range(call.headers.get("Range"), size)
        response = web.StreamResponse(headers=headers(resource, call.query))
        start, length = part or (0, size)
        if part is not None:
            response.set_status(HTTPStatus.PARTIAL_CONTENT)
            response.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
            del response.headers["X-Goog-Hash"]  # it is that of the whole
        if inflate:
            response.headers.pop("Content-Encoding", None)
            response.headers["Warning"] = "214 UploadServer gunzipped"
        else:
            response.headers["Accept-Ranges"] = "bytes"
            response.content_length = length
        # Cross-origin and other headers are added by the application when the response is prepared.
        await response.prepare(call.request)
        if call.method != "HEAD":
            blocks = _blocks(content, start, length)
            async for block in _inflated(blocks) if inflate else blocks:
                await response.write(block)
        await response.write_eof()
        return response


async def _blocks(content: BinaryIO, start: int, length: int) -> AsyncIterator[bytes]:
    content.seek(start)
    while length > 0:
        most = min(_BLOCK, length)
        # One block is in the system's cache, most likely; of a large file the disk may have to be waited for.
        block = content.read(most) if length <= _BLOCK else await asyncio.to_thread(content.read, most)
        if not block:
            return
        length -= len(block)
        yield block


async def _inflated(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    inflating = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for block in blocks:
        data = block
        while data:
            try:
                yield inflating.decompress(data, _BLOCK)
            except zlib.error:
                return  # the client sees an end that is none; there is nothing that could still be said
            data = inflating.unconsumed_tail


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of what is asked for; None for the whole. A header in another form means nothing."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match.group(1, 2) == ("", ""):
        return None
    first, last = match.group(1, 2)
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise RangeError(size)
        return size - length, length
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeError(size)
    return start, end - start + 1


def headers(resource: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, str]:
    """What is said of an object beside its content."""
    updated = datetime.fromisoformat(resource["updated"])
    sums = [("crc32c", resource.get("crc32c")), ("md5", resource.get("md5Hash"))]
    found = {
        "Content-Type": resource.get("contentType", "application/octet-stream"),
        "ETag": f'"{resource["etag"]}"',
        "Last-Modified": format_datetime(updated, usegmt=True),
        "X-Goog-Generation": resource["generation"],
        "X-Goog-Metageneration": resource["metageneration"],
        "X-Goog-Storage-Class": resource["storageClass"],
        "X-Goog-Stored-Content-Encoding": resource.get("contentEncoding", "identity"),
        "X-Goog-Stored-Content-Length": resource["size"],
        "X-Goog-Hash": ",".join(f"{name}={value}" for name, value in sums if value),
        # The origin also takes calls of administrators: what was uploaded must not act in its name.
        "X-Content-Type-Options": "nosniff",
    }
    found |= {header: resource[name] for name, header in _PROPERTIES.items() if name in resource}
    found |= {header: query[name] for name, header in _OVERRIDES.items() if name in query}
    if _ACTIVE.match(found["Content-Type"]):
        found["Content-Security-Policy"] = "sandbox"
    for name, value in resource.get("metadata", {}).items():
        if _FIELD.fullmatch(name) and name != "firebaseStorageDownloadTokens":
            found[f"X-Goog-Meta-{name}"] = value
    return {name: _CONTROL.sub(" ", value).encode(errors="replace").decode() for name, value in found.items()}
