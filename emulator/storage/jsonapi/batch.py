"""Several calls in one request.

Source: "Sending batch requests" of the Cloud Storage documentation.
"""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import web
from multidict import CIMultiDict

from emulator.storage.backend import Backend
from emulator.storage.errors import InvalidError, StorageError, UnsupportedError
from emulator.storage.exchange.call import Call, parsed
from emulator.storage.exchange.multipart import boundary_of
from emulator.storage.exchange.routes import Routes
from emulator.storage.jsonapi.answers import refusal

_MOST: Final = 10 << 20  # bytes
_MOST_CALLS: Final = 1000  # a client that keeps to the documented 100 is not the only one


async def serve(routes: Routes[Backend], backend: Backend, call: Call) -> web.Response:
    """The answers of the calls, each in a part of its own, in their order.

    Raises:
        InvalidError: the body is no batch.
    """
    parts = _parts(call.headers.get("Content-Type", ""), await call.read(_MOST))
    boundary = f"batch_{uuid4().hex}"
    answers = [await _part(routes, backend, call, part) for part in parts]
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + answer + b"\r\n" for answer in answers)
    return web.Response(
        body=body + b"--" + boundary.encode() + b"--\r\n",
        headers={"Content-Type": f"multipart/mixed; boundary={boundary}"},
    )


def _parts(content_type: str, body: bytes) -> list[Message]:
    boundary_of(content_type)  # refuses what has none
    whole = BytesParser().parsebytes(b"Content-Type: " + content_type.encode(errors="replace") + b"\r\n\r\n" + body)
    parts = whole.get_payload()
    if not isinstance(parts, list) or not 0 < len(parts) <= _MOST_CALLS:
        raise InvalidError("The body is no batch, or holds too many calls.")
    return [part for part in parts if isinstance(part, Message)]


async def _part(routes: Routes[Backend], backend: Backend, outer: Call, part: Message) -> bytes:
    inner = part.get_payload(decode=True)
    line, _, rest = (inner if isinstance(inner, bytes) else b"").lstrip().partition(b"\n")
    # Clients end lines in either way, and the blank line after the headers may be the end.
    head, *body = re.split(rb"\r?\n\r?\n|^\r?\n", rest, maxsplit=1)
    headers = BytesParser().parsebytes(head + b"\r\n\r\n")
    try:
        call = _inner(line, headers, b"".join(body), outer)
        answer = await routes.handle(backend, call, call.path)
        if not isinstance(answer, web.Response):
            raise UnsupportedError("A batch cannot hold this call.")
    except StorageError as error:
        answer = refusal(error)
    return _written(answer, part.get("Content-ID"))


def _inner(line: bytes, headers: Message, body: bytes, outer: Call) -> Call:
    words = line.decode(errors="replace").split()
    if len(words) not in {2, 3}:
        raise InvalidError("A part of the batch is no request.")
    try:
        target = urlsplit(words[1])
    except ValueError:
        raise InvalidError("A part of the batch has no address.") from None
    length = headers.get("Content-Length", "")
    content = (
        body[: int(length)] if length.isascii() and length.isdigit() and len(length) < 10 else body.rstrip(b"\r\n")
    )
    path = target.path.removeprefix("/storage/v1")
    named = CIMultiDict((str(name), str(value)) for name, value in headers.items())
    return Call(words[0].upper(), path, parsed(target.query), named, outer.base_url, body=content)


def _written(answer: web.Response, content_id: str | None) -> bytes:
    head = ["Content-Type: application/http"]
    if content_id is not None:
        token = content_id.strip("<> ").replace("\r", "").replace("\n", "")
        head.append(f"Content-ID: <response-{token}>")
    body = answer.body if isinstance(answer.body, bytes) else b""
    status = HTTPStatus(answer.status)
    inner = [f"HTTP/1.1 {answer.status} {status.phrase}", f"Content-Length: {len(body)}"]
    inner.append("Content-Type: application/json; charset=UTF-8")
    return "\r\n".join([*head, "", *inner, "", ""]).encode() + body
