"""A request and its response as the handlers of gcp-storage-emulator know them (its server.Request and Response).

Its own server reads one connection at a time from a socket and takes uploads apart with the e-mail parser, which fails
on an upload that is itself an e-mail; the handlers need none of that.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from gcp_storage_emulator.server import _parse_batch_item  # the format of batches is the library's affair

_MOST_INFLATED: Final = 1 << 30  # bytes


class MalformedRequestError(ValueError):
    """The body is not what its headers say."""


class Request:
    """A request with its body. `target` is path and query as sent, `base_url` the server as the client named it."""

    def __init__(self, method: str, base_url: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.base_url = base_url
        self.full_url = base_url + target
        parts = urlsplit(self.full_url)
        self.path = parts.path
        self.query = parse_qs(parts.query)
        self.params: dict[str, str] = {}
        self._headers = headers
        self._body = body

    def get_header(self, key: str, default: str | None = None) -> str | None:
        """A header by its name in any case."""
        return self._headers.get(key, default)

    def set_params(self, values: Mapping[str, str]) -> None:
        """The parts of the path that the route names, still percent-encoded."""
        self.params = {name: unquote(value) for name, value in values.items()}

    @cached_property
    def data(self) -> Any:
        """The decoded body: JSON, the parts of an upload or a batch, or bytes; None when there is none.

        Raises:
            MalformedRequestError: the body is not what its headers say.
        """
        body = self._inflated()
        if not body:
            return None
        content_type = self._headers.get("Content-Type", "application/octet-stream")
        if content_type.startswith("application/json") and "upload_id" not in self.query:
            return json.loads(body)
        if content_type.startswith("multipart/mixed"):
            message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
            return [_parse_batch_item(item) for item in message.get_payload()]
        if content_type.startswith("multipart/"):
            return _upload(content_type, body)
        return body

    def _inflated(self) -> bytes:
        encoding = self._headers.get("Content-Encoding", "")
        if not self._body or encoding not in {"gzip", "deflate"}:
            return self._body
        inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            body = inflating.decompress(self._body, _MOST_INFLATED)
        except zlib.error as error:
            raise MalformedRequestError(f"The body is no {encoding}: {error}") from error
        if inflating.unconsumed_tail:
            raise MalformedRequestError("The body is too large.")
        return body


def _upload(content_type: str, body: bytes) -> dict[str, Any]:
    """The two parts of a multipart upload: the object's metadata, and its content as it is."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str):
        raise MalformedRequestError("A multipart body needs a boundary.")
    mark = b"--" + boundary.encode()
    parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(parts) != 4 or not parts[3].startswith(b"--"):
        raise MalformedRequestError("A multipart upload has two parts: metadata and content.")
    _, metadata = _part(parts[1])
    content_headers, content = _part(parts[2])
    return {
        "meta": json.loads(metadata),
        "content": content,
        "content-type": content_headers.get("Content-Type", "application/octet-stream"),
    }


def _part(part: bytes) -> tuple[Message, bytes]:
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank:
        raise MalformedRequestError("A part of a multipart body has no end of its headers.")
    return BytesParser().parsebytes(head.lstrip() + b"\r\n\r\n"), content


class Response:
    """What a handler answers; links in it begin with `base_url`."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.status: HTTPStatus | int = HTTPStatus.OK
        self.headers: dict[str, str] = {}
        self.body = b""

    def write(self, content: str) -> None:
        """Add text to the body."""
        self.body += content.encode()

    def write_file(self, content: bytes, content_type: str | None = "application/octet-stream") -> None:
        """Answer with an object's content."""
        if content_type is not None:
            self["Content-type"] = content_type
        self.body = content

    def json(self, value: Any) -> None:
        """Answer with JSON."""
        self["Content-type"] = "application/json"
        self.body = json.dumps(self._linked(value)).encode()

    def _linked(self, value: Any) -> Any:
        """A copy whose links lead to this server as the client names it, not as the uploader named it once."""
        if isinstance(value, list):
            return [self._linked(one) for one in value]
        if not isinstance(value, dict):
            return value
        linked = {name: self._linked(one) for name, one in value.items()}
        for name in ("mediaLink", "selfLink"):
            if isinstance(link := linked.get(name), str):
                linked[name] = self._base_url + urlunsplit(("", "", *urlsplit(link)[2:]))
        return linked

    def refuse(self, status: HTTPStatus, reason: str, message: str) -> None:
        """Answer with an error as the JSON API writes it."""
        self.status = status
        errors = [{"domain": "global", "reason": reason, "message": message}]
        self.json({"error": {"code": status.value, "message": message, "errors": errors}})

    def __setitem__(self, name: str, value: str) -> None:
        self.headers[name] = value

    def __getitem__(self, name: str) -> str:
        return self.headers[name]
