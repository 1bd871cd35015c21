"""The server: gRPC, REST and WebChannel on one port."""

from __future__ import annotations

import asyncio
import secrets
import sys
from typing import Final

from aiohttp import web

from emulator.control.routes import Control
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.grpc_server import build_server
from emulator.firestore.wire.http import Http
from emulator.firestore.wire.port import Connect, PortSwitch

_LONGEST_LINE: Final = 64 * 1024  # bytes: a document's name has up to 6 KiB, three times that when it is encoded
_HTTP_PATIENCE: Final = 0.5  # seconds that running requests get when the server stops


class Server:
    """Firestore's methods in every protocol, and the routes of `control`."""

    def __init__(self, calls: Calls, control: Control) -> None:
        self._grpc = build_server(calls)
        self._http = Http(calls, control)
        self._runner = web.AppRunner(
            self._http.app,
            access_log=None,
            shutdown_timeout=_HTTP_PATIENCE,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )

    async def start(self, host: str, port: int) -> int:
        """Begin to listen; the port, which is a free one where 0 was asked for.

        Raises:
            OSError: the port is taken.
        """
        connect = self._listen_inside()
        await self._runner.setup()
        http = self._runner.server
        if http is None:
            raise RuntimeError("the HTTP application has not been set up")
        self._switch = PortSwitch(connect, http)
        try:
            bound = await self._switch.start(host, port)
        except OSError:
            await self._runner.cleanup()
            raise
        await self._grpc.start()
        return bound

    async def stop(self, grace: float) -> None:
        """Let running calls end for at most `grace` seconds, then close every connection."""
        self._switch.stop_listening()
        await self._http.close()
        await asyncio.gather(self._grpc.stop(grace), self._runner.cleanup())
        self._switch.close()

    def _listen_inside(self) -> Connect:
        """Give gRPC an address of its own; the way to connect to it."""
        loop = asyncio.get_running_loop()
        if sys.platform == "linux":
            name = f"firestore-{secrets.token_hex(16)}"  # an abstract socket (unix(7)): a killed process leaves nothing
            self._grpc.add_insecure_port(f"unix-abstract:{name}")
            return lambda protocol: loop.create_unix_connection(protocol, f"\0{name}")
        port = self._grpc.add_insecure_port("127.0.0.1:0")
        return lambda protocol: loop.create_connection(protocol, "127.0.0.1", port)
