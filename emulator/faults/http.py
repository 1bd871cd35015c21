"""Faults of the services that speak HTTP, as the answers their clients know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from emulator.faults.calls import CallFaults, Fault

Refuse = Callable[[web.Request, Fault], web.Response]
# google.rpc.Code in HTTP and in words: google/rpc/code.proto, and "Errors" in Google's API design guide.
_STATUSES: Final = {
    4: (HTTPStatus.GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", "backendError"),
    8: (HTTPStatus.TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED", "rateLimitExceeded"),
    10: (HTTPStatus.CONFLICT, "ABORTED", "aborted"),
    14: (HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", "backendError"),
}


def faults_of(service: str, faults: CallFaults, refuse: Refuse, *, spared: tuple[str, ...] = ()) -> Middleware:
    """The middleware that makes calls fail; their names are method and path, such as `POST /v3/mail/send`.

    The page at `/` and paths that begin with one of `spared` are the emulator's own and never fail.
    """

    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.method == "OPTIONS" or request.path == "/" or request.path.startswith(spared):
            return await handler(request)
        call = f"{request.method} {request.path}"
        try:
            await faults.before(service, call)
            response = await handler(request)
            if response.status < HTTPStatus.BAD_REQUEST and not response.prepared:
                await faults.after(service, call)
        except Fault as fault:
            await request.read()  # a client that still sends would see a broken connection instead of the answer
            return refuse(request, fault)
        return response

    return middleware


def google_error(_: web.Request, fault: Fault) -> web.Response:
    """The answer in the shape of Google's JSON APIs."""
    status, name, reason = _STATUSES[fault.code]
    error: dict[str, Any] = {
        "code": int(status),
        "message": fault.message,
        "status": name,
        "errors": [{"message": fault.message, "domain": "global", "reason": reason}],
    }
    if fault.retry_after is not None:
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{fault.retry_after:g}s"}
        error["details"] = [retry]
    return web.json_response({"error": error}, status=status, headers=retry_header(fault))


def sendgrid_error(_: web.Request, fault: Fault) -> web.Response:
    """The answer in the shape of SendGrid's API."""
    errors = [{"message": fault.message, "field": None, "help": None}]
    return web.json_response({"errors": errors}, status=_STATUSES[fault.code][0], headers=retry_header(fault))


def retry_header(fault: Fault) -> dict[str, str]:
    """What tells a client when to come again, in whole seconds as the header has them."""
    return {} if fault.retry_after is None else {"Retry-After": str(ceil(fault.retry_after))}
