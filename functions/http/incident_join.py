"""POST /api/incidents/{id}/join: whoever reported an incident says that it is the same as another one."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.incident import Incident
from shared.domain.links import OtherIncident
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def join(call: Call[OtherIncident, None]) -> Answer:
    """The caller's own incident, merged into the other one."""
    incident = bootstrap.incident_joining().join(call.identity, call.path["id"], call.body)
    return Answer(incident, headers={"ETag": f'"{incident.version}"'})


ENDPOINT = Endpoint(
    "incident_join",
    Operation(
        "POST",
        "/api/incidents/{id}/join",
        join,
        "Join one's own report to another incident",
        description="For the reporter of a new incident that is the same as one reported before. Nothing of the other "
        "incident is shown but its reference, in `summary`. The same again does nothing.",
        permission=Permission.INCIDENT_UPDATE_OWN,
        body=OtherIncident,
        returns=Incident,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_join(request: Request) -> Response:
    """POST /api/incidents/{id}/join."""
    return ENDPOINT(request)
