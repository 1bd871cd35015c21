"""WebSockets pass through to functions, as on Cloud Run. Hosting carries none; the gateway does all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

_HANDSHAKE = "sec-websocket-"
_Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


def is_upgrade(request: web.Request) -> bool:
    """Whether the client asks for a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


async def tunnel(
    request: web.Request, client: aiohttp.ClientSession, url: str, headers: Mapping[str, str]
) -> web.WebSocketResponse:
    """Carry messages both ways until one side closes; the other is closed with the same code.

    Raises:
        aiohttp.WSServerHandshakeError: the function did not accept; its status tells why.
    """
    wanted = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]
    passed = CIMultiDict((name, value) for name, value in headers.items() if not name.lower().startswith(_HANDSHAKE))
    async with client.ws_connect(url, headers=passed, protocols=wanted, max_msg_size=0) as function:
        ours = web.WebSocketResponse(protocols=[function.protocol] if function.protocol else [], max_msg_size=0)
        await ours.prepare(request)
        async with asyncio.TaskGroup() as group:
            group.create_task(_carry(ours, function))
            group.create_task(_carry(function, ours))
        return ours


async def _carry(source: _Socket, target: _Socket) -> None:
    async for message in source:
        if target.closed:
            return
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
    if not target.closed:
        # Without a close frame the connection was lost, for which RFC 6455 reserves a code that is never sent.
        lost = source.close_code in {None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}
        await target.close(code=aiohttp.WSCloseCode.GOING_AWAY if lost else source.close_code or 1000)
