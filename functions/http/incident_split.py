"""POST /api/incidents/{id}/split: make two incidents of one."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.incident import Incident
from shared.domain.permissions import Permission
from shared.domain.splits import SplitRequest
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def split(call: Call[SplitRequest, None]) -> Answer:
    """The new incident."""
    done = bootstrap.incident_splitting().split(call.identity, call.path["id"], call.body, call.idempotency_key)
    headers = {"Location": f"/api/incidents/{done.incident.id}", "ETag": f'"{done.incident.version}"'}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Answer(done.incident, HTTPStatus.CREATED, headers)


ENDPOINT = Endpoint(
    "incident_split",
    Operation(
        "POST",
        "/api/incidents/{id}/split",
        split,
        "Split an incident",
        description="The new incident has the same reporter, TLP, PAP and readers; the tags, assets and observables "
        "that are named move over to it. With an Idempotency-Key a retry never makes a second one.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        body=SplitRequest,
        returns=Incident,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe for 24 hours"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_split(request: Request) -> Response:
    """POST /api/incidents/{id}/split."""
    return ENDPOINT(request)
