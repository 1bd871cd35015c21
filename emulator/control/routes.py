"""The routes that services offer under `/emulator/v1`, wherever they are asked for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

from aiohttp import web

from emulator.control import access

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


class ProblemError(Exception):
    """A handler's refusal; it becomes a problem (RFC 9457)."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class _Route(NamedTuple):
    method: str
    path: str
    pattern: re.Pattern[str]
    handler: Handler
    description: str


class Control:
    """A table of routes to which every service adds its own, before or after it is served.

    aiohttp freezes an application's router when it starts, and several ports serve these routes: so they are matched
    here. A path's `{name}` matches one segment, which the handler finds in `request.match_info`.
    """

    def __init__(self) -> None:
        self._routes: list[_Route] = []
        self.add("GET", "/emulator/v1", self._index)

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Offer a route; a later one for the same method and path takes the place of an earlier one.

        The first line of the handler's docstring describes it in the index.
        """
        literal = _VARIABLE.split(path)
        text = "".join(f"(?P<{part}>[^/:]+)" if index % 2 else re.escape(part) for index, part in enumerate(literal))
        kept = [route for route in self._routes if (route.method, route.path) != (method, path)]
        self._routes = [_Route(method, path, re.compile(text), handler, _description(handler)), *kept]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer of the route that the request's path names; a problem (RFC 9457) when there is none."""
        if (reason := access.refusal(request)) is not None:
            return problem(HTTPStatus.FORBIDDEN, reason)
        if request.method == "OPTIONS":
            response: web.StreamResponse = web.Response(status=HTTPStatus.NO_CONTENT)
        else:
            response = await self._answer(request)
        if not response.prepared:
            response.headers.update(access.headers(request))
        return response

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        found = [(route, match) for route in self._routes if (match := route.pattern.fullmatch(request.path))]
        for route, match in found:
            if route.method == request.method:
                request.match_info.update(match.groupdict())
                try:
                    return await route.handler(request)
                except ProblemError as error:
                    return problem(error.status, error.detail)
        if found:
            allowed = sorted({route.method for route, _ in found})
            response = problem(HTTPStatus.METHOD_NOT_ALLOWED, f"This path takes {' and '.join(allowed)}.")
            response.headers["Allow"] = ", ".join(allowed)
            return response
        return problem(HTTPStatus.NOT_FOUND, f"There is no {request.path} here; GET /emulator/v1 lists what there is.")

    async def _index(self, _: web.Request) -> web.StreamResponse:
        """What there is."""
        routes = sorted(self._routes, key=lambda route: (route.path, route.method))
        listed = [{"method": one.method, "path": one.path, "description": one.description} for one in routes]
        return web.json_response({"routes": listed})


def problem(status: HTTPStatus, detail: str) -> web.Response:
    """Problem details as RFC 9457 has them."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


def _description(handler: Handler) -> str:
    function: object = handler
    while isinstance(function, partial):
        function = function.func
    text = inspect.getdoc(function) or ""
    return text.partition("\n")[0]
