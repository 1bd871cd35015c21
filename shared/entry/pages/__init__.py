"""Pages for people who come from a mail: plain HTML without scripts, that nothing keeps and nothing can frame."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path

import jinja2
from flask import Response

_HERE = Path(__file__).parent


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return (_HERE / "style.css").read_text(encoding="utf-8")


@cache
def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(name: str, values: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    """The page made of the template, every value escaped.

    It sends no referrer, since its address may hold a token, and nobody keeps or indexes it.
    """
    body = _environment().get_template(f"{name}.html").render({**values, "style": _style()})
    headers = {
        "Content-Security-Policy": _policy(),
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }
    return Response(body, status=status, content_type="text/html; charset=utf-8", headers=headers)
