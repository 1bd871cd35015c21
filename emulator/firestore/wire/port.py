"""One port for every protocol: HTTP/2 is gRPC's and is piped to it, HTTP/1.1 is answered in this process.

gRPC cannot be handed a connection that somebody else accepted. So it listens where only this process looks, and the
bytes of its connections are carried there and back unread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final, cast

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"  # RFC 9113, section 3.4: how every HTTP/2 connection begins
_SILENCE: Final = 60.0  # seconds that a connection may say nothing at all before it is closed; browsers open some ahead
_BUFFER: Final = 64 * 1024  # bytes that are read at once
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing resets the connection

Connect = Callable[[Callable[[], asyncio.BaseProtocol]], Awaitable[object]]


class PortSwitch:
    """Listens on a port. `connect` opens a connection to gRPC; `http` makes the protocol of an HTTP/1.1 connection."""

    def __init__(self, connect: Connect, http: Callable[[], asyncio.Protocol]) -> None:
        self._connect = connect
        self._http = http
        self._buffer = bytearray(_BUFFER)
        self._open: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Begin to listen; the port, which is a free one where 0 was asked for.

        Raises:
            OSError: the port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Greeting(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def stop_listening(self) -> None:
        """Take no more connections."""
        self._server.close()

    def close(self) -> None:
        """End what is still connected."""
        for task in self._tasks:
            task.cancel()
        for transport in list(self._open):
            transport.abort()

    def buffer(self) -> bytearray:
        """What a connection reads into: the same for all where a loop hands on at once what it has read."""
        return self._buffer if isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop) else bytearray(_BUFFER)

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection, to end it with the service."""
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget it."""
        self._open.discard(transport)

    def answer(self, transport: asyncio.Transport, greeting: bytes) -> None:
        """Go on with a connection in HTTP/1.1."""
        self.closed(transport)  # the HTTP server ends its own
        protocol = self._http()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(greeting)

    def carry(self, transport: asyncio.Transport, greeting: bytes) -> None:
        """Go on with a connection in gRPC."""
        near = _Pipe(self)
        transport.set_protocol(near)
        near.connection_made(transport)
        task = asyncio.get_running_loop().create_task(self._join(near, transport, greeting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, near: _Pipe, transport: asyncio.Transport, greeting: bytes) -> None:
        far = _Pipe(self)
        try:
            await self._connect(lambda: far)
        except OSError:
            transport.abort()
            return
        if transport.is_closing():
            far.end(None)
            return
        far.transport.write(greeting)
        near.join(far)
        far.join(near)


class _Greeting(asyncio.Protocol):
    """A new connection: what it says first tells its protocol."""

    def __init__(self, switch: PortSwitch) -> None:
        self._switch = switch
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._switch.opened(self._transport)
        self._timer = asyncio.get_running_loop().call_later(_SILENCE, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if len(self._heard) < len(_PREFACE) and _PREFACE.startswith(self._heard):
            return
        self._timer.cancel()
        go_on = self._switch.carry if self._heard.startswith(_PREFACE) else self._switch.answer
        go_on(self._transport, self._heard)

    def connection_lost(self, _: Exception | None) -> None:
        self._timer.cancel()
        self._switch.closed(self._transport)


class _Pipe(asyncio.BufferedProtocol):
    """One of the two ends of a carried connection: what it hears, the other says. It hears nothing until it is joined.

    Every call of every client passes here: a buffer that stays takes half the time of one for each read.
    """

    transport: asyncio.Transport

    def __init__(self, switch: PortSwitch) -> None:
        self._switch = switch
        self._other: _Pipe | None = None
        self._buffer = switch.buffer()
        self._heard = memoryview(self._buffer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.pause_reading()
        self._switch.opened(self.transport)

    def join(self, other: _Pipe) -> None:
        """Begin to hear, for the other end to say."""
        self._other = other
        self._say = other.transport.write
        self.transport.resume_reading()

    def get_buffer(self, _: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, size: int) -> None:
        self._say(bytes(self._heard[:size]))  # a copy: what cannot be sent at once is kept, and the buffer is not

    def eof_received(self) -> bool:
        if self._other is not None and not self._other.transport.is_closing():
            self._other.transport.write_eof()
        return True  # the other direction goes on

    def pause_writing(self) -> None:
        if self._other is not None:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self._other is not None and not self._other.transport.is_closing():
            self._other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self._switch.closed(self.transport)
        if self._other is not None:
            self._other.end(error)

    def end(self, error: Exception | None) -> None:
        """Close as the other end did: after what is left to say, or with a reset."""
        if self.transport.is_closing():
            return
        if error is None:
            self.transport.close()
            return
        connection: socket.socket = self.transport.get_extra_info("socket")
        if connection.family in {socket.AF_INET, socket.AF_INET6}:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()
