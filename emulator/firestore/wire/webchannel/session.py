"""A session: one streaming call, its requests from POSTs, its responses to a GET that stays open."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message

from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.wire.rest.errors import error_body
from emulator.firestore.wire.rest.transcoding import decode, encode, load
from emulator.firestore.wire.webchannel.framing import WireError, chunk
from emulator.firestore.wire.webchannel.outbox import Outbox, Signal

_NOOP: Final = '["noop"]'
_CLOSE: Final = '["close"]'
_FAREWELL: Final = 0.2  # seconds that a client gets to hear why a session ends
_LOG: Final = logging.getLogger(__name__)

Open = Callable[[AsyncIterator[Message]], AsyncGenerator[Message, None]]
Send = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a session may take. Times are seconds, sizes characters."""

    keepalive: float = 30.0  # silence after which an open GET hears a noop
    expiry: float = 60.0  # life without a GET
    waiting: int = 100  # requests that the call has not read
    kept: int = 4 << 20  # responses that the client has not acknowledged; then the call waits
    response: int = 1 << 20  # of one GET; then it ends, and the next acknowledges what it brought
    sessions: int = 1000


class Session:
    """One client's channel. `open_call` begins the call on its requests; `gone` is told when the session has ended."""

    def __init__(
        self, request: type[Message], open_call: Open, bounds: Bounds, gone: Callable[[Session], None]
    ) -> None:
        self.id = secrets.token_urlsafe(18)
        self._request = request
        self._bounds = bounds
        self._gone = gone
        self._inbox: deque[Message] = deque()
        self._outbox = Outbox()
        self._changed = Signal()
        self._turn = asyncio.Lock()  # one POST at a time: their messages have an order
        self._next_map = 0
        self._reader: object | None = None  # the GET that is open
        self._over = False  # the call has ended
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(open_call))
        self._await_reader()

    async def post(self, maps: Iterable[tuple[int, str]]) -> None:
        """Take requests; those that came before are not taken twice.

        Raises:
            WireError: one is missing between them and the last.
        """
        async with self._turn:
            for number, text in maps:
                if number > self._next_map:
                    raise WireError("a message is missing")
                if number == self._next_map:
                    await self._take(text)
                    self._next_map += 1

    def state(self) -> str:
        """What a POST is answered with: whether a GET is open, the last array's number, the size of what is kept."""
        return json.dumps([int(self._reader is not None), self._outbox.last, self._outbox.size])

    def acknowledge(self, number: int) -> None:
        """The client has the arrays up to this number."""
        self._outbox.acknowledge(number)
        self._changed.fire()

    async def read(self, acknowledged: int, send: Send, *, once: bool, patience: float) -> None:
        """Send arrays until it is time for another GET, and a noop after `patience` seconds of silence.

        `once`: something between client and server holds back responses until they are whole; so this one ends with
        the first arrays.
        """
        self._stop_timer()
        self.acknowledge(acknowledged)
        reader = self._reader = object()
        if not once and not self._outbox.after(acknowledged):
            self._outbox.add(_NOOP)  # a client that hears nothing at once takes it that something holds responses back
        try:
            await self._send(reader, acknowledged, send, once=once, patience=min(patience, self._bounds.keepalive))
        finally:
            if self._reader is reader:
                self._reader = None
                self._await_reader()
                self._changed.fire()

    async def _send(self, reader: object, sent: int, send: Send, *, once: bool, patience: float) -> None:
        size = 0
        while self._reader is reader:
            if arrays := self._outbox.after(sent):
                sent = arrays[-1].number
                size += sum(len(array.text) for array in arrays)
                await send(chunk(arrays))
                if once or size >= self._bounds.response:
                    return
            elif self._over:
                return
            else:
                await self._wait_or_noop(patience)

    async def _wait_or_noop(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                await self._changed.wait()
        except TimeoutError:
            self._outbox.add(_NOOP)

    async def end(self, reason: FirestoreError) -> None:
        """Close, and tell the client why if it hears."""
        if not self._over:
            self._fail(reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL):
                while self._reader is not None:
                    await self._changed.wait()
        await self.close()

    async def close(self) -> None:
        """End the call and the session."""
        self._stop_timer()
        self._closed = self._over = True
        self._reader = None
        self._changed.fire()
        self._gone(self)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _take(self, text: str) -> None:
        while len(self._inbox) >= self._bounds.waiting and not self._over:
            await self._changed.wait()
        if self._over:
            return
        try:
            self._inbox.append(decode(load(text), self._request()))
        except FirestoreError as error:
            self._fail(error)
            self._task.cancel()
        self._changed.fire()

    async def _requests(self) -> AsyncIterator[Message]:
        while True:
            while not self._inbox:
                await self._changed.wait()
            request = self._inbox.popleft()
            self._changed.fire()
            yield request

    async def _run(self, open_call: Open) -> None:
        try:
            async with aclosing(open_call(self._requests())) as responses:
                async for response in responses:
                    while self._outbox.size >= self._bounds.kept:
                        await self._changed.wait()
                    self._outbox.add(f"[{encode(response, ascii_only=True)}]")
                    self._changed.fire()
            self._finish()
        except FirestoreError as error:
            self._fail(error)
        except Exception:  # noqa: BLE001  # whatever it is, the client is told, and the log has it
            _LOG.exception("a streaming call failed")
            self._fail(FirestoreError(Code.INTERNAL, "Internal error."))

    def _fail(self, error: FirestoreError) -> None:
        self._outbox.add(json.dumps([error_body(error)]))
        self._finish()

    def _finish(self) -> None:
        self._outbox.add(_CLOSE)
        self._over = True
        self._inbox.clear()
        self._changed.fire()

    def _await_reader(self) -> None:
        if not self._closed:
            self._timer = asyncio.get_running_loop().call_later(self._bounds.expiry, self._expire)

    def _expire(self) -> None:
        self._expiry = asyncio.get_running_loop().create_task(self.close())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
