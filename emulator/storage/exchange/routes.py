"""Which handler takes which call.

Paths are matched as sent: an object's name may hold percent-encoded slashes, which are no separators.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import unquote

from aiohttp import web

from emulator.storage.errors import InvalidError
from emulator.storage.exchange.call import Call

_VARIABLE: Final = re.compile(r"\{(\w+)(\*?)\}")
_Api = TypeVar("_Api")
Handler = Callable[[_Api, Call], Awaitable[web.StreamResponse]]


class _Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    handler: Any


class Routes(Generic[_Api]):
    """A table, the first match of which counts. `{name}` is one segment, `{name*}` one or more."""

    def __init__(self, table: Sequence[tuple[str, str, Handler[_Api]]]) -> None:
        self._routes = [_Route(method, _compiled(path), handler) for method, path, handler in table]

    async def handle(self, api: _Api, call: Call, path: str) -> web.StreamResponse | None:
        """The answer; None if no route leads there.

        Raises:
            InvalidError: the path is not UTF-8.
            StorageError: the handler refuses.
        """
        method = "GET" if call.method == "HEAD" else call.method
        for route in self._routes:
            if route.method == method and (match := route.pattern.fullmatch(path)):
                handler: Handler[_Api] = route.handler
                return await handler(api, replace(call, params=_decoded(match)))
        return None


def _compiled(path: str) -> re.Pattern[str]:
    expression = ""
    end = 0
    for variable in _VARIABLE.finditer(path):
        expression += re.escape(path[end : variable.start()])
        expression += f"(?P<{variable[1]}>{'.+' if variable[2] else '[^/]+'})"
        end = variable.end()
    return re.compile(expression + re.escape(path[end:]), re.DOTALL)


def _decoded(match: re.Match[str]) -> dict[str, str]:
    try:
        return {name: unquote(value, errors="strict") for name, value in match.groupdict().items()}
    except UnicodeDecodeError:
        raise InvalidError("The path is not UTF-8.") from None
