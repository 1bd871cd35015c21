"""The gateway: Firebase Hosting's part, on this machine. It routes by the same rewrites that production uses."""

from __future__ import annotations

import asyncio
import secrets
from http import HTTPStatus
from pathlib import Path

from aiohttp import web
from multidict import CIMultiDict

from scripts.backend import websocket
from scripts.backend.host import MAX_BODY, Host, problem
from scripts.backend.manifest import Rewrite

TIMEOUT = 60.0  # seconds: Hosting ends a request then, whatever the function allows


class Gateway:
    """Static files first, then the rewrites in their order, as Hosting does."""

    def __init__(self, host: Host, rewrites: list[Rewrite], public: Path) -> None:
        self._host = host
        self._rewrites = rewrites
        self._files = {
            f"/{path.relative_to(public).as_posix()}": path
            for path in public.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(public).parts)
        }

    def application(self) -> web.Application:
        """The gateway as a web application."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path in self._files and request.method in {"GET", "HEAD"}:
            return web.FileResponse(self._files[request.path])
        path = request.raw_path.partition("?")[0]
        for rewrite in self._rewrites:
            if rewrite.pattern.match(path):
                if websocket.is_upgrade(request):
                    # Hosting carries no WebSockets; here one address is enough for everything.
                    headers = _forwarded(request)
                    return await self._host.forward(request, rewrite.function_id, request.raw_path, headers)
                try:
                    async with asyncio.timeout(TIMEOUT):
                        return await self._host.forward(
                            request, rewrite.function_id, request.raw_path, _forwarded(request)
                        )
                except TimeoutError:
                    return problem(HTTPStatus.GATEWAY_TIMEOUT, f"No answer within {TIMEOUT:.0f} s")
        return problem(HTTPStatus.NOT_FOUND, "There is nothing at this address")


def _forwarded(request: web.Request) -> CIMultiDict[str]:
    """The request's headers as a function behind Hosting sees them."""
    headers = CIMultiDict(request.headers)
    # What a client says of its own origin is not to be believed.
    for name in ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"):
        headers.popall(name, None)
    headers["X-Forwarded-For"] = request.remote or ""
    headers["X-Forwarded-Host"] = request.host
    headers["X-Forwarded-Proto"] = "http"
    if "traceparent" not in headers and "X-Cloud-Trace-Context" not in headers:
        trace, span = secrets.token_hex(16), secrets.token_hex(8)
        headers["traceparent"] = f"00-{trace}-{span}-01"
        headers["X-Cloud-Trace-Context"] = f"{trace}/{int(span, 16)};o=1"
    # Not http.cookies: it refuses a whole header for one illegal name, and clients send what they like.
    cookies = [pair.strip() for pair in ";".join(headers.popall("Cookie", [])).split(";")]
    if session := [pair for pair in cookies if pair.startswith("__session=")]:  # the only one that Hosting lets through
        headers["Cookie"] = session[0]
    return headers
