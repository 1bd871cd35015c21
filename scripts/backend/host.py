"""The functions host: `/{project}/{region}/{function}` on its port is that function, as in the official emulator."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from scripts.backend import faults, websocket
from scripts.backend.processes import Processes, StartError

MAX_BODY = 32 * 1024 * 1024  # bytes: what Cloud Run lets through
# RFC 9110, section 7.6.1: these belong to one connection.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_WHOLE = 1024 * 1024  # bytes of an answer that is passed on in one piece
NobodyListensError = aiohttp.ClientConnectorError


def problem(status: HTTPStatus, detail: str) -> web.Response:
    """An RFC 9457 problem of the gateway or host itself."""
    body = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return web.Response(status=status, text=json.dumps(body), content_type="application/problem+json")


class Host:
    """Passes requests on to the functions' processes."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._clients: dict[str, aiohttp.ClientSession] = {}
        self._admits = False

    def admit(self) -> None:
        """Let requests through from now on: whatever the functions need to know of the other services is known."""
        self._admits = True

    def application(self) -> web.Application:
        """The host as a web application."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{project}/{region}/{function}", self._direct)
        app.router.add_route("*", r"/{project}/{region}/{function}/{rest:[\s\S]*}", self._direct)
        return app

    async def close(self) -> None:
        """Close what connections there are."""
        for client in self._clients.values():
            await client.close()

    async def _direct(self, request: web.Request) -> web.StreamResponse:
        rest = request.raw_path.split("/", 4)[4:]
        function_id = request.match_info["function"].partition("?")[0]
        if request.match_info["region"] != self._processes.region_of(function_id):
            return problem(HTTPStatus.NOT_FOUND, f"There is no function {function_id} in this region")
        path = "/" + rest[0] if rest else "/" + ("?" + request.query_string if request.query_string else "")
        return await self.forward(request, function_id, path, request.headers)

    def _unable(self, function_id: str) -> web.Response | None:
        if function_id not in self._processes:
            return problem(HTTPStatus.NOT_FOUND, f"There is no function {function_id}")
        if not self._admits:
            # Events that waited for this start come before the functions know where their services are.
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "The backend is still starting")
        return None

    async def forward(
        self, request: web.Request, function_id: str, raw_path: str, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """The function's answer to the request at the path."""
        if (unable := self._unable(function_id)) is not None:
            return unable
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The request is over {MAX_BODY} bytes")
        passed = CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)
        order = faults.take_order(passed)
        # What comes through the gateway comes from anywhere; only the embedded services know a function's own address.
        kill_after = order if "function" in request.match_info else None
        try:
            return await self._exchange(request, function_id, raw_path, passed, body, kill_after)
        except StartError as error:
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        except aiohttp.WSServerHandshakeError as refused:
            return problem(HTTPStatus(refused.status), f"{function_id} did not accept the WebSocket")
        except (aiohttp.ClientError, ConnectionError):
            return problem(HTTPStatus.BAD_GATEWAY, f"{function_id} ended before it had answered")

    async def _exchange(
        self,
        request: web.Request,
        function_id: str,
        raw_path: str,
        headers: CIMultiDict[str],
        body: bytes,
        kill_after: float | None,
    ) -> web.StreamResponse:
        try:
            return await self._attempt(request, function_id, raw_path, headers, body, kill_after)
        except NobodyListensError:
            # Nobody has seen the request, so it may go to the next instance.
            return await self._attempt(request, function_id, raw_path, headers, body, kill_after)

    async def _attempt(
        self,
        request: web.Request,
        function_id: str,
        raw_path: str,
        headers: CIMultiDict[str],
        body: bytes,
        kill_after: float | None,
    ) -> web.StreamResponse:
        async with self._processes.instance(function_id) as instance:
            url = f"http://function{raw_path}"
            if websocket.is_upgrade(request):
                # Each lives for long: they are not among the requests at a time that an instance gets.
                async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(path=instance.socket_path)) as own:
                    return await websocket.tunnel(request, own, url, headers)
            client = self._client(instance.socket_path)
            try:
                with faults.killing(instance, kill_after):
                    async with client.request(
                        request.method, url, data=body, headers=headers, allow_redirects=False
                    ) as answer:
                        return await _relay(request, answer)
            except NobodyListensError:
                self._processes.retire(instance)
                raise

    async def _drop_ended(self) -> None:
        """Forget the connections to processes that have ended: their sockets are gone."""
        for path in [path for path in self._clients if not os.path.exists(path)]:  # noqa: ASYNC240, PTH110  # one stat
            await self._clients.pop(path).close()

    def _client(self, socket_path: str) -> aiohttp.ClientSession:
        if socket_path not in self._clients:
            self._dropping = asyncio.create_task(self._drop_ended())
            self._clients[socket_path] = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(path=socket_path, limit=64),
                timeout=aiohttp.ClientTimeout(total=3600),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._clients[socket_path]


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP)
    small = answer.content_length is not None and answer.content_length <= _WHOLE
    if small or request.method == "HEAD":
        whole = web.Response(status=answer.status, headers=headers, body=await answer.read())
        if request.method == "HEAD" and answer.content_length is not None:
            whole.headers["Content-Length"] = str(answer.content_length)
        return whole
    streamed = web.StreamResponse(status=answer.status, headers=headers)
    await streamed.prepare(request)
    async for chunk in answer.content.iter_any():
        await streamed.write(chunk)
    await streamed.write_eof()
    return streamed


async def listen(app: web.Application, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Serve the application; the runner to stop it by, and the port.

    Raises:
        OSError: the port cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    await asyncio.sleep(0)
    return runner, int(runner.addresses[0][1])
