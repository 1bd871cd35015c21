"""The bodies of control requests."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.control.routes import ProblemError


async def json_body(request: web.Request) -> dict[str, Any]:
    """The JSON object that the request carries; an empty one without a body.

    Raises:
        ProblemError: it carries something else.
    """
    try:
        raw = await request.read()
        value = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.") from error
    if not isinstance(value, dict):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return value
