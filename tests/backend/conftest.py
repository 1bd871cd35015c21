"""A small project of two functions, run by the real host and gateway."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from scripts.backend.gateway import Gateway
from scripts.backend.host import Host, listen
from scripts.backend.manifest import Function, Rewrite, glob_to_regex
from scripts.backend.processes import Processes, Zygote

MAIN = """
import os
import time
from firebase_functions import https_fn
from flask import Response
from words import WORD

@https_fn.on_request()
def echo(request):
    if request.path == "/slow":
        open("begun", "w").close()
        time.sleep(1)
    if request.path == "/die":
        os._exit(7)
    if request.path == "/stream":
        return Response(iter(["one ", "two"]), content_type="text/plain")
    return {
        "word": WORD, "target": os.environ["FUNCTION_TARGET"], "setting": os.environ["SETTING"], "pid": os.getpid(),
        "method": request.method, "path": request.path, "query": request.query_string.decode(),
        "headers": dict(request.headers), "body": request.get_data(as_text=True),
    }

@https_fn.on_request()
def broken(request):
    raise RuntimeError("not at import")
"""


class Running:
    """The host and gateway on an event loop of their own."""

    def __init__(self, source: Path, tmp_path: Path) -> None:
        self.source = source
        self.output: list[tuple[str, str]] = []
        self._sockets = tmp_path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.do(self._start())

    def do(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(60)

    async def _start(self) -> None:
        self.zygote = Zygote(self.source)
        await self.zygote.start()
        functions = [Function("echo", "europe-west1", "http"), Function("missing", "europe-west1", "http")]
        environment = {"SETTING": "from the host"}
        self.processes = Processes(
            self.zygote, functions, environment, self._sockets, lambda *line: self.output.append(line)
        )
        self.host = Host(self.processes)
        self.host.admit()
        import re  # noqa: PLC0415

        rewrites = [
            Rewrite(re.compile(glob_to_regex("/api/**")), "echo"),
            Rewrite(re.compile(glob_to_regex("/gone")), "missing"),
        ]
        public = self.source / "public"
        self._runners = []
        runner, port = await listen(self.host.application(), "127.0.0.1", 0)
        self._runners.append(runner)
        self.host_url = f"http://127.0.0.1:{port}/demo/europe-west1"
        runner, port = await listen(Gateway(self.host, rewrites, public).application(), "127.0.0.1", 0)
        self._runners.append(runner)
        self.url = f"http://127.0.0.1:{port}"

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        await self.host.close()
        await self.processes.close()
        for _ in range(10):  # transports that were told to close need some turns of the loop for it
            await asyncio.sleep(0)
        self.zygote.stop()

    def close(self) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    source = tmp_path_factory.mktemp("source")
    (source / "main.py").write_text(MAIN)
    (source / "words.py").write_text("WORD = 'first'\n")
    (source / "public").mkdir()
    (source / "public" / "robots.txt").write_text("User-agent: *\n")
    running = Running(source, tmp_path_factory.mktemp("s"))
    yield running
    running.close()
