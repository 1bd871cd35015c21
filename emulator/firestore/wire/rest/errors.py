"""Refusals in HTTP: https://cloud.google.com/apis/design/errors (google.rpc.Code has the statuses)."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from emulator.firestore.errors import Code, FirestoreError

STATUSES: Final = {
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}


def error_body(error: FirestoreError) -> dict[str, Any]:
    """`{"error": {"code", "message", "status", "details"}}`; the code is HTTP's."""
    body: dict[str, Any] = {"code": STATUSES[error.code], "message": error.message, "status": error.code.name}
    if error.retry_after is not None:
        delay = f"{error.retry_after:.3f}s"
        body["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
    return {"error": body}


def refusal(error: FirestoreError) -> web.Response:
    """The answer to a call that is refused."""
    return web.json_response(error_body(error), status=STATUSES[error.code])
