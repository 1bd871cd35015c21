"""What the tests of the embedded services share: an event loop in a thread, and a functions host that remembers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self, TypeVar

from aiohttp import web

from emulator.clock import Clock
from emulator.config import Config
from emulator.suite import Suite

_T = TypeVar("_T")
_PATIENCE = 20.0  # seconds; reached only by a failure


def eventually(condition: Callable[[], _T], what: str = "the condition") -> _T:
    """Wait until the condition holds, and return what it gave."""
    deadline = time.monotonic() + _PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {_PATIENCE} s"
        time.sleep(0.005)
    return value


async def _settled() -> None:
    """Let transports that were told to close do so: they need some turns of the loop for it."""
    for _ in range(10):
        await asyncio.sleep(0)


class LoopThread:
    """An event loop that runs beside the test, for servers that blocking clients talk to."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(_settled())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run on the loop and wait for the result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(_PATIENCE)


@dataclass(frozen=True)
class Received:
    """One POST."""

    function: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """A functions host on a free port: it answers what `answer` says and remembers every POST in order of arrival."""

    answer: Callable[[Received], int] = lambda _: 204
    port: int = 0
    received: list[Received] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of(self, function: str) -> list[Received]:
        return [one for one in list(self.received) if one.function == function]

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self.gate.set()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        path = request.path
        one = Received(path.rsplit("/", 1)[-1], path, dict(request.headers), await request.read())
        self.received.append(one)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        while not self.gate.is_set():  # noqa: ASYNC110  # the test opens it from another thread
            await asyncio.sleep(0.005)
        self.running -= 1
        return web.Response(status=self.answer(one))


@contextmanager
def receiving(answer: Callable[[Received], int] = lambda _: 204, port: int = 0) -> Iterator[Receiver]:
    """A functions host that runs while the block does."""
    with LoopThread() as thread:
        receiver = Receiver(answer, port)
        thread.run(receiver.start())
        try:
            yield receiver
        finally:
            thread.run(receiver.stop())


class MovableClock:
    """The machine's clock, and as much ahead as the test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@contextmanager
def running(config: Config, *services: str, clock: Clock | None = None) -> Iterator[Suite]:
    """The named services, running while the block does."""
    with LoopThread() as thread:
        suite = Suite(config, services, clock)
        thread.run(suite.start())
        try:
            yield suite
        finally:
            thread.run(suite.stop())
