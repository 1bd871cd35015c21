"""Errors as RFC 9457 problem details, mapped from the exception's class in one place."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any

from flask import Response
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    IdempotencyMismatchError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    PreconditionRequiredError,
    SecuraError,
    TooManyConflictsError,
    TooManyRequestsError,
    UnavailableError,
    VersionConflictError,
)
from shared.domain.evidence import TooLargeError

CONTENT_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class ChangedField(BaseModel):
    """One field's values before and after, as JSON values."""

    field: str
    old: Any = None
    new: Any = None


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = "about:blank"
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    request_id: str
    errors: list[FieldProblem] = []
    code: str | None = Field(default=None, description="Names the cause for programs, where the status does not")
    current: dict[str, Any] | None = Field(default=None, description="With 412: what is there now")
    changes: list[ChangedField] | None = Field(default=None, description="With 412: what others changed since")


_EXTENSIONS = ("code", "current", "changes")
"""Members that are left out where there is nothing to say."""

_STATUS_OF: tuple[tuple[type[SecuraError], HTTPStatus], ...] = (
    (NotAuthenticatedError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (VersionConflictError, HTTPStatus.PRECONDITION_FAILED),
    (PreconditionRequiredError, HTTPStatus.PRECONDITION_REQUIRED),
    (IdempotencyMismatchError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConflictError, HTTPStatus.CONFLICT),
    (InvalidInputError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (TooManyRequestsError, HTTPStatus.TOO_MANY_REQUESTS),
    (TooManyConflictsError, HTTPStatus.SERVICE_UNAVAILABLE),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: SecuraError) -> HTTPStatus:
    """The HTTP status of an expected failure."""
    return next((status for kind, status in _STATUS_OF if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    unsaid = {name for name in _EXTENSIONS if getattr(problem, name) is None}
    fields = problem.model_dump(exclude=unsaid)
    body = json.dumps(fields, ensure_ascii=False)
    return Response(
        body, status=problem.status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store", **(headers or {})}
    )


def from_domain(error: SecuraError, request_id: str) -> Response:
    """The answer to an expected failure."""
    status = status_of(error)
    fields = error.fields if isinstance(error, InvalidInputError) else {}
    headers: dict[str, str] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="secura"'
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, VersionConflictError):
        headers["ETag"] = f'"{error.actual}"'
    stale = error if isinstance(error, VersionConflictError) else None
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=str(error),
        request_id=request_id,
        errors=[FieldProblem(field=name, message=message) for name, message in fields.items()],
        code=error.code,
        current=dict(stale.current) if stale and stale.current is not None else None,
        changes=[ChangedField(**change) for change in stale.changes] if stale and stale.changes is not None else None,
    )
    return _answer(problem, headers)


def from_validation(error: ValidationError, request_id: str) -> Response:
    """The answer to a body or query that does not fit its model; values are never repeated back."""
    issues = error.errors(include_url=False, include_context=False, include_input=False)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    problem = Problem(
        title=status.phrase,
        status=status,
        detail="Some fields are not usable",
        request_id=request_id,
        errors=[
            FieldProblem(field=".".join(map(str, issue["loc"])), message=issue["msg"].removeprefix("Value error, "))
            for issue in issues
        ],
    )
    return _answer(problem)


def from_http(error: HTTPException, request_id: str) -> Response:
    """The answer to what the protocol layer refuses: unknown path, wrong method, too large, malformed."""
    status = HTTPStatus(error.code or 500)
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return _answer(
        Problem(title=status.phrase, status=status, detail=error.description or status.phrase, request_id=request_id),
        headers,
    )


def internal(request_id: str) -> Response:
    """The answer to a failure nobody expected: what happened stays in the log, under the request id."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(
        Problem(
            title=status.phrase,
            status=status,
            detail="Something went wrong on our side; quote the request id when you report it",
            request_id=request_id,
        )
    )


def upgrade_required(request_id: str) -> Response:
    """The answer to an ordinary request for what is a WebSocket (RFC 9110, section 15.5.22)."""
    status = HTTPStatus.UPGRADE_REQUIRED
    problem = Problem(title=status.phrase, status=status, detail="Ask for a WebSocket here", request_id=request_id)
    return _answer(problem, {"Upgrade": "websocket", "Connection": "Upgrade"})
