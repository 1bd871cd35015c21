"""A request as the handlers of all APIs know it."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from emulator.storage.conditions import number
from emulator.storage.errors import InvalidError, TooLargeError

_BLOCK: Final = 1 << 17
_MOST_JSON: Final = 8 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Call:
    """`path` is as sent, percent-encoded; `base_url` is the server as the client names it.

    A call of a batch has no `request`, and its whole `body`.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base_url: str
    request: web.Request | None = None
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)  # what the route names, decoded

    @classmethod
    def of(cls, request: web.Request, address: str) -> Call:
        """From the server's request.

        Raises:
            InvalidError: the query is not UTF-8.
        """
        path, _, query = request.raw_path.partition("?")
        return cls(
            method=request.headers.get("X-HTTP-Method-Override", request.method).upper(),
            path=path,
            query=parsed(query),
            headers=request.headers,
            base_url=f"http://{request.headers.get('Host', address)}",
            request=request,
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, in pieces of bounded size.

        Raises:
            InvalidError: it ends before its end.
        """
        if self.request is None:
            yield self.body
            return
        try:
            async for chunk in self.request.content.iter_chunked(_BLOCK):
                yield chunk
        except web.RequestPayloadError as error:
            raise InvalidError("The body is incomplete.") from error

    async def read(self, most: int = _MOST_JSON) -> bytes:
        """The whole body, which is compressed if its headers say so.

        Raises:
            TooLargeError: it is longer than `most`.
            InvalidError: it is not what its headers say.
        """
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > most:
                raise TooLargeError("The body is too large.")
        if self.headers.get("Content-Encoding", "") not in {"gzip", "deflate"}:
            return bytes(body)
        inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            inflated = inflating.decompress(bytes(body), most)
        except zlib.error as error:
            raise InvalidError("The body is not compressed as its headers say.") from error
        if inflating.unconsumed_tail:
            raise TooLargeError("The body is too large.")
        return inflated

    async def json(self) -> dict[str, Any]:
        """The body, a JSON object; empty if there is no body.

        Raises:
            InvalidError: it is something else.
        """
        return decoded(await self.read())

    def flag(self, name: str) -> bool:
        """Whether a parameter of the query is true, as any client writes it."""
        return self.query.get(name, "").lower() in {"true", "1"}

    def number(self, name: str) -> int | None:
        """A parameter of the query that is a number. Raises InvalidError."""
        return number(self.query, name)


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InvalidError: it is something else.
    """
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidError("Parse Error: the body is no JSON.") from None
    if not isinstance(value, dict):
        raise InvalidError("The body must be a JSON object.")
    return value


def parsed(query: str) -> dict[str, str]:
    """The first value of each parameter.

    Raises:
        InvalidError: the query is not UTF-8, or has too many parameters.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise InvalidError("The query is malformed.") from None
    return dict(reversed(pairs))
