"""A Firestore that can be stopped and started again on its port, and pages that use it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from emulator.config import Config, Ports
from emulator.suite import Suite
from tests.emulator.support import LoopThread

JS = Path(__file__).parents[2] / "js"
HOST = "127.0.0.1"


class Place:
    """The server and, at `control`, an address to stop and start it at, which serves the JavaScript as well."""

    def __init__(self, data: Path) -> None:
        with socket.create_server((HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        self._config = Config("demo-web", data, f"http://{HOST}:9", ports=Ports(firestore=self.port))
        self._app = web.Application()
        self._app.router.add_post("/{what:start|stop}", self._obey)
        self._app.router.add_static("/firestore", JS / "firestore")
        self._app.router.add_static("/modules", JS / "node_modules")

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def settings(self, prefix: str, **more: Any) -> dict[str, Any]:
        """What the scenarios of `run.js` are run with."""
        return {"host": HOST, "port": self.port, "control": self.control, "prefix": prefix, **more}

    async def open(self) -> None:
        await self._start()
        self._runner = web.AppRunner(self._app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.control = f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        await self._suite.stop()
        await self._runner.cleanup()

    async def _start(self) -> None:
        self._suite = Suite(self._config, ["firestore"])
        await self._suite.start()

    async def _obey(self, request: web.Request) -> web.Response:
        await (self._start() if request.match_info["what"] == "start" else self._suite.stop())
        return web.Response(status=204)


@contextmanager
def place(data: Path) -> Iterator[Place]:
    """A place that is there while the block runs."""
    with LoopThread() as thread:
        one = Place(data)
        thread.run(one.open())
        try:
            yield one
        finally:
            thread.run(one.close())
