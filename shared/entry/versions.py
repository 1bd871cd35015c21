"""The version that a change was made on, where saying so is optional."""

from __future__ import annotations

import re

from flask import Request

from shared.domain.errors import InvalidInputError

_VERSION = re.compile(r'"?(\d{1,9})"?', re.ASCII)


def optional_version(request: Request) -> int | None:
    """The version in If-Match; None where there is none, or any will do (`*`).

    Raises:
        InvalidInputError: it is something else.
    """
    if_match = request.headers.get("If-Match")
    if if_match is None or if_match.strip() == "*":
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None:
        raise InvalidInputError("If-Match is not usable", {"If-Match": 'the version in quotes, such as "3"'})
    return int(match[1])
