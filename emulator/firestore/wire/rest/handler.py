"""REST v1: https://cloud.google.com/firestore/docs/reference/rest."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web
from google.protobuf.message import Message

from emulator.firestore.errors import Code, FirestoreError, invalid
from emulator.firestore.wire import origins
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.methods import Method
from emulator.firestore.wire.rest import transcoding
from emulator.firestore.wire.rest.bindings import Match, find
from emulator.firestore.wire.rest.errors import STATUSES, error_body, refusal

_FLUSH: Final = 64 * 1024  # characters of an array that are gathered before they are sent
_JSON: Final = "application/json"


class Rest:
    """Answers the requests of REST."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request; a method whose response is a stream is answered with an array."""
        match = find(request.method, request.rel_url.raw_path)
        if match is None:
            return refusal(FirestoreError(Code.NOT_FOUND, f"There is no {request.method} {request.path} here."))
        try:
            numbers = _wants_numbers(request)
            message = await _message(request, match)
            headers = _headers(request)
        except FirestoreError as error:
            return _refused(match.method, error)
        if match.method.server_streams:
            return await self._stream(request, match.method, message, headers, numbers=numbers)
        try:
            response = await self._calls.unary(match.method, message, headers)
        except FirestoreError as error:
            return refusal(error)
        return web.Response(text=transcoding.encode(response, numbers=numbers), content_type=_JSON)

    async def _stream(
        self, request: web.Request, method: Method, message: Message, headers: dict[str, str], *, numbers: bool
    ) -> web.StreamResponse:
        array = _Array(request)
        try:
            async with aclosing(self._calls.stream(method, message, headers)) as responses:  # type: ignore[type-var]  # declared as the iterator that its generator is
                async for response in responses:
                    await array.add(transcoding.encode(response, numbers=numbers))
            return await array.finish()
        except FirestoreError as error:
            return await array.fail(error)
        except ConnectionResetError:
            return web.Response()  # nobody is there to read it


class _Array:
    """The array of a stream's responses: an ordinary answer while it is short, then sent piece by piece."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._response: web.StreamResponse | None = None
        self._text = "["
        self._count = 0

    async def add(self, item: str) -> None:
        """One more element."""
        self._text += f",\n{item}" if self._count else item
        self._count += 1
        if len(self._text) < _FLUSH:
            return
        if self._response is None:
            self._response = web.StreamResponse()
            self._response.content_type = _JSON
            self._response.charset = "utf-8"
            await self._response.prepare(self._request)
        await self._response.write(self._text.encode())
        self._text = ""

    async def finish(self, status: int = 200) -> web.StreamResponse:
        """The answer. An array that has begun keeps its status."""
        text = self._text + "]"
        if self._response is None:
            return web.Response(status=status, text=text, content_type=_JSON)
        await self._response.write(text.encode())
        await self._response.write_eof()
        return self._response

    async def fail(self, error: FirestoreError) -> web.StreamResponse:
        """The answer when the stream breaks: the error is its last element."""
        first = not self._count
        await self.add(json.dumps(error_body(error)))
        return await self.finish(STATUSES[error.code] if first else 200)


async def _message(request: web.Request, match: Match) -> Message:
    """The request's message, from body, path and query.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    query = [] if match.body == "*" else request.query.items()
    value = transcoding.bind(match.method.request, query)
    if match.body is not None:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise invalid("Request payload size exceeds the limit: 10485760 bytes.") from None
        given: Any = transcoding.load(body) if body.strip() else {}
        if not isinstance(given, dict):
            raise invalid("Invalid JSON payload received. Root element must be a message.")
        if match.body == "*":
            value = given
        else:
            value[match.body] = given
    for path, text in match.variables.items():
        transcoding.put(value, path, text)
    return transcoding.decode(value, match.method.request())


def _headers(request: web.Request) -> dict[str, str]:
    """The headers by lower-case name; a token in the query counts as one in a header.

    Raises:
        FirestoreError: PERMISSION_DENIED: a page may not use these credentials.
    """
    headers = {name.lower(): text for name, text in request.headers.items()}
    if "access_token" in request.query:
        headers.setdefault("authorization", f"Bearer {request.query['access_token']}")
    origins.check_credentials(request.headers, headers.get("authorization", ""))
    return headers


def _wants_numbers(request: web.Request) -> bool:
    """Whether enums are to be numbers: Google's generated clients ask for it by `$alt=json;enum-encoding=int`.

    Raises:
        FirestoreError: INVALID_ARGUMENT: another format than JSON is asked for.
    """
    form, _, options = (request.query.get("$alt") or request.query.get("alt") or "json").partition(";")
    if form != "json":
        raise invalid(f'The format "{form}" is not supported: only "json" is.')
    return "enum-encoding=int" in options.split(";")


def _refused(method: Method, error: FirestoreError) -> web.Response:
    if method.server_streams:
        return web.json_response([error_body(error)], status=STATUSES[error.code])
    return refusal(error)
