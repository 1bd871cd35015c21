"""GET /health: for load balancers and monitors."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import BaseModel

from functions import options
from shared import bootstrap
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class Health(BaseModel):
    """Whether the service answers."""

    status: str
    service: str


def check(_: Call[None, None]) -> Answer:
    """Answer without asking any other service: a monitor must not be able to load the database."""
    return Answer(Health(status="healthy", service="Secura Backend"))


ENDPOINT = Endpoint(
    "api_health",
    Operation("GET", "/health", check, "Say whether the service answers", returns=Health),
    settings=bootstrap.settings,
)


@https_fn.on_request(**options.HTTP)
def api_health(request: Request) -> Response:
    """GET /health."""
    return ENDPOINT(request)
