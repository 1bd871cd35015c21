"""One WebSocket of live updates, from its first message to its last."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from http import HTTPStatus
from typing import Annotated, Literal

from flask import Request, Response
from pydantic import Field, ValidationError

from shared.domain.base import Model
from shared.domain.errors import (
    ForbiddenError,
    InvalidInputError,
    NotAuthenticatedError,
    SecuraError,
    TooManyRequestsError,
    UnavailableError,
)
from shared.domain.live import Place, Position
from shared.domain.people import Identity
from shared.entry import logs, problems
from shared.entry.gate import Gate, Passage
from shared.entry.operations import Operation
from shared.entry.websocket import ClosedError, Finished, WebSocket, offered
from shared.ports.clock import Clock
from shared.ports.identity import TokenVerifier
from shared.ports.live import Changes
from shared.services.access.revoked import RevokedSessions
from shared.services.live.hub import Hub, Mailbox
from shared.services.live.session import LiveSession, missed

PROTOCOL = "secura.v1"
TOKEN_PREFIX = "token."  # noqa: S105  # of a subprotocol that carries one
_FIRST_MESSAGE = 10.0  # seconds in which somebody has to say who they are
_TICK = 1.0  # seconds after which a quiet connection is looked after
_RECHECK = timedelta(seconds=15)
_REMINDED = timedelta(minutes=1)  # so long before a token ends a new one is asked for
_MAX_MESSAGES = 30  # of a client in a minute


class CloseCode(IntEnum):
    """Why a connection is closed: 4000 to 4999 are an application's own (RFC 6455, section 7.4.2)."""

    TRY_AGAIN_LATER = 1013
    BAD_MESSAGE = 4400
    NOT_AUTHENTICATED = 4401
    FORBIDDEN = 4403
    TOO_SLOW = 4408
    TOO_MANY = 4429


class Authenticate(Model):
    """The one message that a client sends: first of all, and again with a new token."""

    type: Literal["authenticate"]
    token: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    resume: Annotated[str, Field(max_length=1_000)] | None = None


@dataclass(frozen=True)
class LiveParts:
    """What it takes."""

    gate: Callable[[], Gate]
    verifier: Callable[[], TokenVerifier]
    revoked: Callable[[], RevokedSessions]
    changes: Changes
    hub: Hub
    clock: Clock


class LiveUpdates:
    """Serves WebSockets, each on the thread of its request, at most so many at a time."""

    def __init__(self, parts: LiveParts, operation: Operation, most: int) -> None:
        self._parts = parts
        self._operation = operation
        self._room = threading.BoundedSemaphore(most)

    def __call__(self, request: Request, user_id: str, request_id: str) -> Response:
        """Turn the request into a WebSocket and serve it to its end; 503 while there is no room for another."""
        if not self._room.acquire(blocking=False):
            return problems.from_domain(UnavailableError("This instance has all the connections it takes"), request_id)
        try:
            chosen = [PROTOCOL] if PROTOCOL in offered(request) else []
            socket = WebSocket(request.environ, chosen)
            try:
                _Connection(self._parts, self._operation, socket, request, request_id).serve(user_id)
            except ClosedError:
                logs.logger().info("live updates ended by the client")
            except SecuraError as error:
                _refuse(socket, error, request_id)
            socket.finish()
            return Finished(socket.handler_raises)
        finally:
            self._room.release()


class _Connection:
    def __init__(
        self, parts: LiveParts, operation: Operation, socket: WebSocket, request: Request, request_id: str
    ) -> None:
        self._parts = parts
        self._operation = operation
        self._socket = socket
        self._request = request
        self._request_id = request_id
        self._expires_at = self._checked_at = parts.clock.now()
        self._reminded = False
        self._heard: list[datetime] = []

    def serve(self, user_id: str) -> None:
        """Until it ends.

        Raises:
            ClosedError: the client is gone.
            SecuraError: what is to be told before it is closed.
        """
        first = self._first_message()
        who = self._authenticated(first.token or "", user_id)
        mailbox = self._parts.hub.join()
        try:
            session = self._begun(who, first.resume)
            self._follow(session, mailbox, user_id)
        finally:
            self._parts.hub.leave(mailbox)

    def _first_message(self) -> Authenticate:
        tokens = [one.removeprefix(TOKEN_PREFIX) for one in offered(self._request) if one.startswith(TOKEN_PREFIX)]
        token = next(iter(tokens), None)
        message = self._socket.receive(_FIRST_MESSAGE) if token is None else self._socket.receive(0.2)
        if message is None:
            if token is None:
                raise NotAuthenticatedError
            return Authenticate(type="authenticate", token=token)
        said = _parsed(message)
        return said if said.token else said.model_copy(update={"token": token})

    def _authenticated(self, token: str, user_id: str) -> Identity:
        passage = Passage(self._request_id)
        gate = self._parts.gate()
        try:
            if not token:
                raise NotAuthenticatedError
            gate.admit(self._request, self._operation, passage, token)
            if passage.identity is None or passage.identity.uid != user_id:
                raise ForbiddenError("These are somebody else's updates")
        except SecuraError as error:
            gate.refused(passage, problems.status_of(error), error)
            raise
        self._expires_at = self._parts.verifier().verify(token).expires_at
        self._checked_at = self._parts.clock.now()
        self._reminded = False
        return passage.identity

    def _begun(self, who: Identity, resume: str | None) -> LiveSession:
        """The session, with everything sent that was missed. Its mailbox is there already, so that nothing is."""
        now = self._parts.changes.now()
        fresh = Position(Place.behind(now), Place.behind(now))
        if resume is None:
            self._socket.send(_frame("ready", resume=fresh.encode()))
            return LiveSession(who, fresh)
        position = Position.decode(resume)
        found = missed(self._parts.changes, who, position, now)
        if found is None:
            self._socket.send(_frame("reset", resume=fresh.encode()))
            return LiveSession(who, fresh)
        session = LiveSession(who, position)
        self._socket.send(_frame("ready", resume=position.encode()))
        for frame in session.caught_up(found, now):
            self._socket.send(frame)
        return session

    def _follow(self, session: LiveSession, mailbox: Mailbox, user_id: str) -> None:
        while True:
            for frame in session.frames(mailbox.take(_TICK)):
                self._socket.send(frame)
            if mailbox.overflowed:
                self._socket.close(CloseCode.TOO_SLOW, "too slow: connect again and resume")
                raise ClosedError
            self._look_after(session.who)
            while (message := self._socket.receive(0)) is not None:
                self._count_message()
                session.who = self._authenticated(_parsed(message).token or "", user_id)
                self._socket.send(_frame("authenticated"))

    def _look_after(self, who: Identity) -> None:
        now = self._parts.clock.now()
        self._parts.hub.tend()
        if now >= self._expires_at:
            raise NotAuthenticatedError("expired")
        if now >= self._expires_at - _REMINDED and not self._reminded:
            self._reminded = True
            self._socket.send(_frame("reauthenticate"))
        if now - self._checked_at >= _RECHECK:
            # A change of role and an end of sessions are told here first.
            self._parts.revoked().check(who)
            self._checked_at = now

    def _count_message(self) -> None:
        now = self._parts.clock.now()
        self._heard = [at for at in self._heard if now - at < timedelta(minutes=1)] + [now]
        if len(self._heard) > _MAX_MESSAGES:
            raise TooManyRequestsError(60)


def _parsed(message: str | bytes) -> Authenticate:
    try:
        return Authenticate.model_validate_json(message)
    except ValidationError:
        raise InvalidInputError("The message is not usable: send type authenticate with a token") from None


def _frame(kind: str, **fields: str) -> str:
    return json.dumps({"type": kind, **fields})


_CODES = {
    HTTPStatus.UNAUTHORIZED: CloseCode.NOT_AUTHENTICATED,
    HTTPStatus.FORBIDDEN: CloseCode.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: CloseCode.TOO_MANY,
    HTTPStatus.SERVICE_UNAVAILABLE: CloseCode.TRY_AGAIN_LATER,
}


def _refuse(socket: WebSocket, error: SecuraError, request_id: str) -> None:
    """Tell why, then close."""
    problem = json.loads(problems.from_domain(error, request_id).get_data(as_text=True))
    try:
        socket.send(json.dumps({"type": "error", "problem": problem}))
    except ClosedError:
        return
    socket.close(_CODES.get(problems.status_of(error), CloseCode.BAD_MESSAGE), str(error))
