"""A real browser, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

_NAMES = (os.environ.get("CHROME", ""), "chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, _NAMES)), None)
_PATIENCE = 30.0  # seconds; reached only by a failure


class Page:
    """The browser's page, and what was written to its console."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.console: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        sent = next(self._ids)
        await self._socket.send_json({"id": sent, "method": method, "params": params})
        while True:
            heard = await asyncio.wait_for(self._socket.receive_json(), _PATIENCE)
            if heard.get("method") == "Runtime.consoleAPICalled":
                self.console += [str(one.get("value")) for one in heard["params"]["args"]]
            if heard.get("id") == sent:
                assert "error" not in heard, heard
                return dict(heard["result"])

    async def open(self, url: str) -> None:
        """Go to an address and wait until all of it, frames too, is loaded."""
        await self.call("Page.navigate", url=url)
        await self.until(f"location.href === {url!r} && document.readyState === 'complete'")

    async def value(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def until(self, expression: str, patience: float = _PATIENCE) -> Any:
        """Wait until an expression is true in the page."""
        async with asyncio.timeout(patience):
            while not (value := await self.value(expression)):  # noqa: ASYNC110  # the browser tells no other way
                await asyncio.sleep(0.02)
        return value


@asynccontextmanager
async def browsing(profile: Path) -> AsyncIterator[Page]:
    """A browser with one page, while the block runs."""
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"]
    process = await asyncio.create_subprocess_exec(
        *command, "--remote-debugging-port=0", "about:blank", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        async with aiohttp.ClientSession() as http:
            port = await asyncio.wait_for(_port(process), _PATIENCE)
            async with http.get(f"http://127.0.0.1:{port}/json") as answer:
                (target, *_) = [one for one in await answer.json() if one["type"] == "page"]
            async with http.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                page = Page(socket)
                await page.call("Runtime.enable")
                await page.call("Page.enable")
                yield page
    finally:
        process.terminate()
        await process.wait()


async def _port(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"DevTools listening on ws://[^:]+:(\d+)/", line):
            return found[1].decode()
    raise AssertionError("the browser ended at once")


def browse(profile: Path, steps: Callable[[Page], Any]) -> None:
    """Run the steps in a browser of their own."""

    async def run() -> None:
        async with browsing(profile) as page:
            await steps(page)

    asyncio.run(run())
