"""The outbox as JSON, for tests and scripts."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from aiohttp import web

from emulator.mail.store import Filter, Store, Summary

_LARGEST_PAGE = 100


class ReadingApi:
    """Reads and empties a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, request: web.Request) -> web.Response:
        """GET /api/messages?to=&subject=&limit=&cursor=: {items, next_cursor}, newest first."""
        limit, before = number(request, "limit", 20), number(request, "cursor", None)
        if limit is None or not 1 <= limit <= _LARGEST_PAGE:
            raise web.HTTPBadRequest(text=f"limit must be 1 to {_LARGEST_PAGE}")
        wanted = Filter(request.query.get("to"), request.query.get("subject"), request.query.get("q"), before)
        found = self._store.listed(wanted, limit + 1)
        more = len(found) > limit
        page = found[:limit]
        next_cursor = str(page[-1].number) if more else None
        return web.json_response({"items": [_item(one) for one in page], "next_cursor": next_cursor})

    async def get(self, request: web.Request) -> web.Response:
        """GET /api/messages/{id}."""
        message = self._store.get(request.match_info["id"])
        if message is None:
            return web.json_response({"error": "There is no such message."}, status=404)
        return web.json_response(message.shown())

    async def clear(self, _: web.Request) -> web.Response:
        """DELETE /api/messages."""
        self._store.clear()
        return web.Response(status=204)


def number(request: web.Request, name: str, default: int | None) -> int | None:
    """A whole number of the query string.

    Raises:
        HTTPBadRequest: it is none, or too large for the database.
    """
    text = request.query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise web.HTTPBadRequest(text=f"{name} must be a whole number")
    return int(text)


def _item(one: Summary) -> dict[str, Any]:
    return {
        "id": one.id,
        "received_at": one.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "from": one.sender,
        "from_name": one.sender_name,
        "to": one.to,
        "subject": one.subject,
        "preview": one.preview,
        "attachments": one.attachments,
    }
