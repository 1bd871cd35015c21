"""The routes that services offer under `/emulator/v1`, wherever they are asked for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


class _Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    handler: Handler


class Control:
    """A table of routes to which every service adds its own, before or after it is served.

    aiohttp freezes an application's router when it starts, and several ports serve these routes: so they are matched
    here. A path's `{name}` matches one segment, which the handler finds in `request.match_info`.
    """

    def __init__(self) -> None:
        self._routes: list[_Route] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Offer a route; a later one for the same method and path takes the place of an earlier one."""
        literal = _VARIABLE.split(path)
        text = "".join(f"(?P<{part}>[^/:]+)" if index % 2 else re.escape(part) for index, part in enumerate(literal))
        self._routes.insert(0, _Route(method, re.compile(text), handler))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer of the route that the request's path names; a problem (RFC 9457) when there is none."""
        found = [(route, match) for route in self._routes if (match := route.pattern.fullmatch(request.path))]
        for route, match in found:
            if route.method == request.method:
                request.match_info.update(match.groupdict())
                return await route.handler(request)
        if found:
            allowed = sorted({route.method for route, _ in found})
            response = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"This path takes {' and '.join(allowed)}.")
            response.headers["Allow"] = ", ".join(allowed)
            return response
        return problem(HTTPStatus.NOT_FOUND, f"There is no {request.path} here.")


def problem(status: HTTPStatus, detail: str) -> web.Response:
    """Problem details as RFC 9457 has them."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")
