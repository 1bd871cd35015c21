"""WebSockets on the raw socket that the WSGI server hands on: gunicorn's in production, werkzeug's on one machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flask import Request, Response
from simple_websocket import ConnectionClosed, Server

PING_INTERVAL = 25.0  # seconds; proxies close what says nothing for a minute
MAX_MESSAGE = 16 * 1024
"""Bytes of what a client sends."""
_SEND_TIMEOUT = 20.0  # seconds in which a client has to take what is sent
_GOODBYE = 2.0  # seconds
_MAX_REASON = 123  # bytes: RFC 6455, section 5.5.1


class ClosedError(Exception):
    """The other side is gone."""


def is_upgrade(request: Request) -> bool:
    """Whether the client asks for a WebSocket (RFC 6455, section 4.1)."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


def offered(request: Request) -> list[str]:
    """The subprotocols that the client offers."""
    return [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]


class _OneAtATime:
    """The socket with whole messages: the library answers pings on a thread of its own."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._sending = threading.Lock()
        raw.settimeout(_SEND_TIMEOUT)

    def send(self, data: bytes) -> int:
        """Send all of it.

        Raises:
            OSError: the client does not take it.
        """
        with self._sending:
            self._raw.sendall(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class WebSocket:
    """One connection, as text messages."""

    def __init__(self, environ: dict[str, Any], subprotocols: Sequence[str]) -> None:
        wrapped = {
            name: _OneAtATime(value) if name in {"werkzeug.socket", "gunicorn.socket"} else value
            for name, value in environ.items()
        }
        self._server = Server(
            wrapped, subprotocols=list(subprotocols), ping_interval=PING_INTERVAL, max_message_size=MAX_MESSAGE
        )

    def finish(self) -> None:
        """Wait until the other side has said goodbye too, but not for long; then nothing of the connection is left."""
        self._server.thread.join(_GOODBYE)
        with suppress(OSError):  # it is closed already, as it should be
            self._server.sock.shutdown(socket.SHUT_RDWR)

    @property
    def handler_raises(self) -> type[BaseException]:
        """What makes the server leave the connection alone once the handler is through."""
        return StopIteration if self._server.mode == "gunicorn" else ConnectionError

    def send(self, text: str) -> None:
        """Send one message.

        Raises:
            ClosedError: nobody takes it.
        """
        try:
            self._server.send(text)
        except (ConnectionClosed, OSError) as error:
            raise ClosedError from error

    def receive(self, timeout: float) -> str | bytes | None:
        """The next message; None when none comes within so many seconds.

        Raises:
            ClosedError: there is nobody any more.
        """
        try:
            message: str | bytes | None = self._server.receive(timeout=timeout)
        except ConnectionClosed as error:
            raise ClosedError from error
        if message is None and not self._server.connected:
            raise ClosedError
        return message

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, if there is still somebody."""
        try:
            self._server.close(code, reason.encode()[:_MAX_REASON].decode(errors="ignore"))
        except (ConnectionClosed, OSError):
            return


class Finished(Response):
    """The answer of a handler whose connection has become a WebSocket: there is none."""

    def __init__(self, raises: type[BaseException]) -> None:
        super().__init__()
        self._raises = raises

    def __call__(self, *_: Any, **__: Any) -> Any:
        """Keep the server from writing an HTTP answer behind the WebSocket's last frame."""
        raise self._raises
