"""GET /docs and /openapi.json: the contract, to read and to try."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path

import flask_swagger_ui
from firebase_functions import https_fn
from flask import Request, Response, send_from_directory
from werkzeug.exceptions import NotFound

from functions import options
from shared import bootstrap
from shared.entry.endpoint import Answer, Call, Endpoint, Operation

# Generated from the models by `python -m scripts.generated`: serving a file spares this function every other's import.
_SPECIFICATION = Path(__file__).parents[2] / "shared" / "entry" / "openapi.json"
_SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"})
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Secura API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null, persistAuthorization: false
});
"""
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "public, max-age=3600"}


@cache
def _specification() -> bytes:
    return _SPECIFICATION.read_bytes()


def specification(_: Call[None, None]) -> Answer:
    """OpenAPI 3.1."""
    return Answer(Response(_specification(), content_type="application/json"), headers=_HEADERS)


def page(_: Call[None, None]) -> Answer:
    """The interactive page; it loads nothing from elsewhere."""
    return Answer(Response(_PAGE, content_type="text/html; charset=utf-8"), headers=_HEADERS)


def file(call: Call[None, None]) -> Answer:
    """One of the page's own files.

    Raises:
        NotFound: it has no such file.
    """
    name = call.path["name"]
    if name == "start.js":
        return Answer(Response(_START, content_type="text/javascript; charset=utf-8"), headers=_HEADERS)
    if name not in _FILES:
        raise NotFound("There is no such file")
    return Answer(send_from_directory(_SWAGGER_UI, name), headers=_HEADERS)


ENDPOINT = Endpoint(
    "api_docs",
    Operation("GET", "/docs", page, "The interactive page", returns=None),
    Operation(
        "GET", "/docs/{name}", file, "A file of the interactive page", returns=None, failures=(HTTPStatus.NOT_FOUND,)
    ),
    Operation("GET", "/openapi.json", specification, "This contract as OpenAPI 3.1", returns=None),
    settings=bootstrap.settings,
)


@https_fn.on_request(**options.HTTP)
def api_docs(request: Request) -> Response:
    """GET /docs and /openapi.json."""
    return ENDPOINT(request)
