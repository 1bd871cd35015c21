"""Everything that comes in HTTP/1.1: REST, WebChannel, and the routes under `/emulator`."""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from emulator.control.routes import Control
from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.wire import origins
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.methods import SERVICE
from emulator.firestore.wire.rest.errors import refusal
from emulator.firestore.wire.rest.handler import Rest
from emulator.firestore.wire.webchannel.handler import WebChannel

_MAX_BODY: Final = 16 * 1024 * 1024  # bytes: 10 MiB of a request in JSON, with room for what JSON adds
_CHANNEL: Final = re.compile(rf"/{re.escape(SERVICE)}/(\w+)/channel")


class Http:
    """The application and what it keeps open."""

    def __init__(self, calls: Calls, control: Control) -> None:
        self._control = control
        self._rest = Rest(calls)
        self._channels = WebChannel(calls)
        self.app = web.Application(client_max_size=_MAX_BODY)
        self.app.on_response_prepare.append(_tell_pages)
        self.app.router.add_route("*", "/{path:.*}", self._handle)

    async def close(self) -> None:
        """End the sessions of WebChannel, whose requests would otherwise wait."""
        await self._channels.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return web.Response(status=204)
        if path.startswith("/v1/"):
            return await self._rest.handle(request)
        if channel := _CHANNEL.fullmatch(path):
            return await self._channels.handle(request, channel[1])
        if path.startswith("/emulator/"):
            return await self._emulator(request)
        if path == "/":
            return web.Response(text="Ok")
        return refusal(FirestoreError(Code.NOT_FOUND, f"There is no {path} here."))

    async def _emulator(self, request: web.Request) -> web.StreamResponse:
        if origins.is_foreign(request.headers):
            return refusal(FirestoreError(Code.PERMISSION_DENIED, "Only pages of this machine may ask for this."))
        return await self._control.handle(request)


async def _tell_pages(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(origins.answer(request.headers, request.path))
