"""GET /api/on-call, GET and PUT /api/on-call/rota: who is on call, and by which rota."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.permissions import Permission
from shared.domain.rota import Rota, RotaPlan
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.versions import optional_version
from shared.services.on_call.rota import OnCall


def on_call(_: Call[None, None]) -> Answer:
    """Who is on call now, and who comes next."""
    return Answer(bootstrap.on_call_rota().on_call())


def read(_: Call[None, None]) -> Answer:
    """The rota."""
    return _with_etag(bootstrap.on_call_rota().get())


def change(call: Call[RotaPlan, None]) -> Answer:
    """The rota as the body says."""
    version = optional_version(call.request)
    return _with_etag(bootstrap.on_call_rota().put(call.identity, call.body, version))


def _with_etag(rota: Rota) -> Answer:
    return Answer(rota, headers={"ETag": f'"{rota.version}"'})


ENDPOINT = Endpoint(
    "on_call_rota",
    Operation(
        "GET",
        "/api/on-call",
        on_call,
        "See who is on call",
        description="Now, and next. Both are null where there is no rota, or nobody in it who could be on call.",
        permission=Permission.ROTA_READ,
        returns=OnCall,
        tag="on-call",
    ),
    Operation(
        "GET",
        "/api/on-call/rota",
        read,
        "Read the rota",
        permission=Permission.ROTA_READ,
        returns=Rota,
        tag="on-call",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "PUT",
        "/api/on-call/rota",
        change,
        "Set the rota",
        description="For administrators and leads of the security team. The body is the whole rota. If-Match is "
        "optional.",
        permission=Permission.ROTA_READ,
        sensitive=True,
        body=RotaPlan,
        returns=Rota,
        tag="on-call",
        headers={"If-Match": "The version that was read, in quotes; optional"},
        failures=(HTTPStatus.PRECONDITION_FAILED,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def on_call_rota(request: Request) -> Response:
    """/api/on-call and /api/on-call/rota."""
    return ENDPOINT(request)
