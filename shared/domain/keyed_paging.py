"""Pages of a short list that is at hand as a whole: in the order of a key of two texts, from behind a key on."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.domain.errors import InvalidInputError

T = TypeVar("T")
Key = tuple[str, str]


def page_of(items: Iterable[T], key: Callable[[T], Key], limit: int, cursor: str | None) -> tuple[list[T], str | None]:
    """At most `limit` items behind the cursor, and the cursor of the next page; None at the end.

    What is added or removed between two pages moves nothing else.

    Raises:
        InvalidInputError: the cursor is not one of ours.
    """
    after = decoded(cursor) if cursor else None
    left = sorted((item for item in items if after is None or key(item) > after), key=key)
    return left[:limit], encoded(key(left[limit - 1])) if len(left) > limit else None


def encoded(key: Key) -> str:
    """The key as opaque, URL-safe text."""
    raw = json.dumps(key, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(cursor: str) -> Key:
    """Read what `encoded` wrote.

    Raises:
        InvalidInputError: when it is not one of ours.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        first, second = json.loads(raw)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidInputError("The cursor is not one this API gave out", {"cursor": "not a cursor"}) from error
    if not isinstance(first, str) or not isinstance(second, str):
        raise InvalidInputError("The cursor is not one this API gave out", {"cursor": "not a cursor"})
    return first, second
