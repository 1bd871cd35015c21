"""WebChannel, by which the web SDK makes its streaming calls: Listen and Write.

A client opens a session by a POST without a session's id, sends requests by further POSTs, and keeps a GET open on
which the responses arrive. After the Closure Library's `goog.labs.net.webChannel.WebChannelBase`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final, cast

from aiohttp import web
from google.protobuf.message import Message

from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.wire import origins
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.methods import METHODS, Method
from emulator.firestore.wire.rest.errors import refusal
from emulator.firestore.wire.webchannel.framing import WireError, chunk, number, parse, parse_headers, sized
from emulator.firestore.wire.webchannel.session import Bounds, Session

_VERSION: Final = "8"
_SERVER_VERSION: Final = 14
_STREAMING: Final = {method.name: method for method in METHODS if method.client_streams}
_HEADERS: Final = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-cache, no-store",
    "X-Content-Type-Options": "nosniff",  # browsers hold back what they would sniff
}


class WebChannel:
    """The sessions, and their requests."""

    def __init__(self, calls: Calls, bounds: Bounds | None = None) -> None:
        self._calls = calls
        self._bounds = bounds or Bounds()
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        """How many sessions are open."""
        return len(self._sessions)

    async def handle(self, request: web.Request, rpc: str) -> web.StreamResponse:
        """Answer a request to the channel of a method."""
        method = _STREAMING.get(rpc)
        if method is None or request.method not in {"GET", "POST"}:
            return _plain(404, "Error: there is no such channel")
        try:
            if request.query.get("SID", "null") == "null":
                return await self._open(request, method)
            return await self._continue(request)
        except WireError as error:
            return _plain(400, f"Error: {error}")
        except FirestoreError as error:
            return refusal(error)

    async def close(self) -> None:
        """End all sessions, and tell their clients to come again."""
        reason = FirestoreError(Code.UNAVAILABLE, "The service is shutting down.")
        await asyncio.gather(*(session.end(reason) for session in list(self._sessions.values())))

    async def _open(self, request: web.Request, method: Method) -> web.StreamResponse:
        if request.query.get("VER") != _VERSION or request.method != "POST":
            raise WireError("a session is opened by a POST with VER=8")
        if len(self._sessions) >= self._bounds.sessions:
            return _plain(503, "Error: too many sessions")
        posted = parse(request.query.get("$req") or await _body(request))
        headers = {name.lower(): text for name, text in request.headers.items()}
        headers |= parse_headers(request.query.get("$httpHeaders", "")) | posted.headers
        origins.check_credentials(request.headers, headers.get("authorization", ""))

        def call(requests: AsyncIterator[Message]) -> AsyncGenerator[Message, None]:
            return cast("AsyncGenerator[Message, None]", self._calls.stream(method, requests, headers))

        session = Session(method.request, call, self._bounds, self._forget)
        self._sessions[session.id] = session
        await session.post(posted.maps)
        keepalive = round(self._bounds.keepalive * 1000)
        response = _plain(200, "")
        response.body = chunk([(0, json.dumps(["c", session.id, "", int(_VERSION), _SERVER_VERSION, keepalive]))])
        if "X-HTTP-Session-Id" in request.query:
            response.headers["X-HTTP-Session-Id"] = session.id
        return response

    async def _continue(self, request: web.Request) -> web.StreamResponse:
        session = self._sessions.get(request.query["SID"])
        if request.query.get("TYPE") == "terminate":
            if session is not None:
                await session.close()
            return _plain(200, "")
        if session is None:
            return _plain(400, "Error: Unknown SID")  # the client looks for these words behind the first letter
        acknowledged = number(request.query.get("AID", "0"))
        if request.method == "GET":
            return await self._read(request, session, acknowledged)
        session.acknowledge(acknowledged)
        await session.post(parse(await _body(request)).maps)
        response = _plain(200, "")
        response.body = sized(session.state())
        return response

    async def _read(self, request: web.Request, session: Session, acknowledged: int) -> web.StreamResponse:
        response = web.StreamResponse(headers=_HEADERS)
        once = request.query.get("CI") == "1"
        patience = number(request.query["TO"]) / 1000 if once and "TO" in request.query else self._bounds.keepalive
        try:
            await response.prepare(request)
            await session.read(acknowledged, response.write, once=once, patience=patience)
            await response.write_eof()
        except ConnectionResetError:
            pass  # the client has gone; what it has not acknowledged waits for its next GET
        return response

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)


async def _body(request: web.Request) -> str:
    try:
        return (await request.read()).decode()
    except UnicodeDecodeError:
        raise WireError("the body is not UTF-8") from None
    except web.HTTPRequestEntityTooLarge:
        raise WireError("the body is too large") from None


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=_HEADERS)
