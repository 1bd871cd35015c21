"""The handlers of the pages. What a mail contains is hostile: it is escaped, or kept in a frame that can do nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from emulator.mail.message import Message
from emulator.mail.reading_api import number
from emulator.mail.store import Filter, Store

_PAGE = 50
_STYLE = files(__name__.rpartition(".")[0]).joinpath("style.css").read_text("utf-8")
_SCRIPT = files(__name__.rpartition(".")[0]).joinpath("script.js").read_text("utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_source(_STYLE)}",
        f"script-src {_source(_SCRIPT)}",
        "img-src data:",  # the page's empty icon
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Nothing runs, nothing is fetched, nothing is sent; a link that a person follows opens a page of its own.
_CONTENT_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_COMMON = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_IMAGE = re.compile(r"image/(png|jpeg|gif|webp|svg\+xml)")


class Views:
    """The pages over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        environment = Environment(
            loader=PackageLoader("emulator.mail.pages", "templates"), autoescape=True, undefined=StrictUndefined
        )
        environment.globals |= {"style": Markup(_STYLE), "script": Markup(_SCRIPT)}  # noqa: S704  # our own files
        environment.filters["size"] = _size
        self._mailbox = environment.get_template("mailbox.html")
        self._list = environment.get_template("list.html")

    async def mailbox(self, request: web.Request) -> web.Response:
        """GET / and GET /messages/{id}: the list, and one mail beside it."""
        message = self._found(request) if "id" in request.match_info else None
        view = request.query.get("view") or "html"
        if message is not None and view == "html" and message.content("text/html") is None:
            view = "text"
        source = json.dumps(message.request, indent=2, ensure_ascii=False) if message else ""
        page = self._mailbox.render(**self._listing(request, message), message=message, view=view, source=source)
        return _html(page, _POLICY)

    async def list(self, request: web.Request) -> web.Response:
        """GET /list: the list alone, for the script; 304 when nothing changed."""
        tag = f'"{self._store.state()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        opened = self._store.get(request.query.get("open", ""))
        response = _html(self._list.render(**self._listing(request, opened)), _POLICY)
        response.headers["ETag"] = tag
        return response

    async def content(self, request: web.Request) -> web.Response:
        """GET /messages/{id}/html: the mail's own HTML, for the frame."""
        message = self._found(request)
        html = message.content("text/html")
        if html is None:
            raise web.HTTPNotFound(text="This mail has no HTML.")
        for one in message.attachments:
            if one.content_id and _IMAGE.fullmatch(one.type):
                data = f"data:{one.type};base64,{base64.b64encode(one.content).decode()}"
                html = html.replace(f"cid:{one.content_id}", data)
        return _html(f'<!doctype html><meta charset="utf-8"><base target="_blank">{html}', _CONTENT_POLICY)

    async def attachment(self, request: web.Request) -> web.Response:
        """GET /messages/{id}/attachments/{index}: a file, never shown by the browser itself."""
        files_of_mail = self._found(request).attachments
        index = int(request.match_info["index"])
        if index >= len(files_of_mail):
            raise web.HTTPNotFound(text="There is no such attachment.")
        one = files_of_mail[index]
        headers = _COMMON | {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(one.file_name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return web.Response(body=one.content, content_type="application/octet-stream", headers=headers)

    def _found(self, request: web.Request) -> Message:
        message = self._store.get(request.match_info["id"])
        if message is None:
            raise web.HTTPNotFound(text="There is no such message.")
        return message

    def _listing(self, request: web.Request, opened: Message | None) -> Mapping[str, object]:
        words = request.query.get("q", "")
        found = self._store.listed(Filter(words=words, before=number(request, "before", None)), _PAGE + 1)
        return {
            "items": found[:_PAGE],
            "older": found[_PAGE - 1].number if len(found) > _PAGE else None,
            "q": words,
            "state": self._store.state(),
            "total": self._store.count(),
            "opened": opened.id if opened else None,
        }


def _html(text: str, policy: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers=_COMMON | {"Content-Security-Policy": policy})


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
