"""How the JSON API answers and refuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.storage.errors import RangeError, StorageError


def json_answer(value: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """An answer."""
    return web.json_response(value, status=status, headers=headers)


def nothing(status: int = HTTPStatus.NO_CONTENT) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status)


def refusal(error: StorageError) -> web.Response:
    """An error as "HTTP status and error codes for JSON" has it."""
    if error.status == HTTPStatus.NOT_MODIFIED:
        return nothing(error.status)
    entry = {"domain": "global", "reason": error.reason, "message": error.message}
    body = {"error": {"code": int(error.status), "message": error.message, "errors": [entry]}}
    headers = {"Content-Range": f"bytes */{error.size}"} if isinstance(error, RangeError) else None
    return json_answer(body, error.status, headers)
