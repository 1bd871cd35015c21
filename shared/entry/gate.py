"""The gate: every check between a request and its handler, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol

from flask import Request

from shared.domain.access import Refusal, SubjectKind
from shared.domain.errors import NO_TOKEN, NotAuthenticatedError, SecuraError
from shared.domain.people import Identity, Origin
from shared.entry import logs
from shared.entry.gates import limits
from shared.entry.gates.apps import AppGate
from shared.entry.gates.documents import DocumentGate
from shared.entry.gates.limits import LimitGate
from shared.entry.gates.origin import Origins, network_of
from shared.entry.gates.standing import StandingGate
from shared.entry.operations import Operation
from shared.ports.identity import TokenVerifier
from shared.services.access.limiting import Allowance
from shared.services.access.monitoring import AccessMonitor
from shared.services.access.noting import SessionNotes
from shared.services.access.revoked import RevokedSessions

_REFUSALS = {
    HTTPStatus.UNAUTHORIZED: Refusal.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: Refusal.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: Refusal.LIMITED,
}


@dataclass(slots=True)
class Passage:
    """One request's way through the gate: what is known of it so far, also when it gets no further."""

    request_id: str
    origin: Origin = field(default_factory=Origin)
    operation: Operation | None = None
    identity: Identity | None = None
    allowances: list[Allowance] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        """What the answer says of the limits."""
        return limits.headers(self.allowances)


class Gate(Protocol):
    """What an Endpoint asks."""

    def admit(self, request: Request, operation: Operation, passage: Passage, token: str | None = None) -> None:
        """Let the request pass; what becomes known on the way is put into the passage, step by step.

        The token is that of the Authorization header, where it does not come otherwise.

        Raises:
            SecuraError: it does not pass.
        """
        ...

    def refused(self, passage: Passage, status: int, error: SecuraError | None) -> None:
        """Take note of an answer that refuses, whoever gave it: the gate or the handler."""
        ...


@dataclass(frozen=True)
class Gatekeeper:
    """The gate of every endpoint but the platform's own (/, /health, /docs).

    Parts that need a client of a cloud service are functions: they are called when a request gets there.
    """

    origins: Origins
    apps: AppGate
    limits: LimitGate
    verifier: Callable[[], TokenVerifier]
    revoked: Callable[[], RevokedSessions]
    standing: StandingGate
    documents: DocumentGate
    sessions: Callable[[], SessionNotes]
    monitor: Callable[[], AccessMonitor]

    def admit(self, request: Request, operation: Operation, passage: Passage, token: str | None = None) -> None:
        """See Gate.

        Raises:
            NotAuthenticatedError: no token, or one that does not hold, or not from an app of ours.
            ForbiddenError: known who it is, and they may not.
            TooManyRequestsError: a quota is used up.
            UnavailableError: what it takes to decide cannot be had.
        """
        passage.operation = operation
        passage.origin = self.origins.of(request, passage.request_id)
        if not operation.page:
            self.apps.check(request)
        _count(passage, self.limits.by_address(operation, passage.origin))
        if operation.permission is None:
            return
        identity = self._identify(token or bearer_token(request), passage)
        self.revoked().check(identity)
        _count(passage, self.limits.by_user(operation, identity))
        if operation.sensitive:
            identity, user = self.documents.current(identity)
            passage.identity = identity
            self.standing.check(identity, operation, second_factor_required=user.second_factor_required)
        else:
            self.standing.check(identity, operation)
        self.sessions().note(identity)

    def _identify(self, token: str, passage: Passage) -> Identity:
        identity = self.verifier().verify(token).identity
        passage.identity = identity = replace(identity, origin=passage.origin)
        logs.bind_user(identity.uid)
        return identity

    def refused(self, passage: Passage, status: int, error: SecuraError | None) -> None:
        """Count a 401 (but for a token that was not sent), 403 or 429 for the address, and for the user if known."""
        refusal = _REFUSALS.get(HTTPStatus(status))
        if refusal is None or passage.operation is None:
            return
        if isinstance(error, NotAuthenticatedError) and error.reason == NO_TOKEN:
            return
        path = f"{passage.operation.method} {passage.operation.path}"
        if passage.origin.address is not None:
            address = network_of(passage.origin.address)
            self.monitor().refused(SubjectKind.ADDRESS, address, refusal, path)
        if passage.identity is not None:
            self.monitor().refused(SubjectKind.USER, passage.identity.uid, refusal, path)


def bearer_token(request: Request) -> str:
    """The token of the Authorization header.

    Raises:
        NotAuthenticatedError: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticatedError
    return token.strip()


def _count(passage: Passage, allowance: Allowance | None) -> None:
    if allowance is not None:
        passage.allowances.append(allowance)
        limits.enforce(allowance)
