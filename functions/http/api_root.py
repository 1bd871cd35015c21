"""GET /: proof that the API is there."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import BaseModel

from functions import options
from shared import bootstrap
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class Greeting(BaseModel):
    """What the API says of itself."""

    message: str
    status: str


def greet(_: Call[None, None]) -> Answer:
    """Answer without asking any other service."""
    return Answer(Greeting(message="Secura API is running!", status="healthy"))


ENDPOINT = Endpoint(
    "api_root",
    Operation("GET", "/", greet, "Say that the API runs", returns=Greeting),
    settings=bootstrap.settings,
)


@https_fn.on_request(**options.HTTP)
def api_root(request: Request) -> Response:
    """GET /."""
    return ENDPOINT(request)
