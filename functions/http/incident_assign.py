"""POST /api/incidents/{id}/assign: give an incident to somebody."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.assignment import AssignmentRequest
from shared.domain.incident import Incident
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.versions import optional_version


def assign(call: Call[AssignmentRequest, None]) -> Answer:
    """The incident with its new assignees."""
    version = optional_version(call.request)
    incident = bootstrap.incident_assigning().assign(call.identity, call.path["id"], call.body, version)
    return Answer(incident, headers={"ETag": f'"{incident.version}"'})


ENDPOINT = Endpoint(
    "incident_assign",
    Operation(
        "POST",
        "/api/incidents/{id}/assign",
        assign,
        "Assign an incident",
        description="To somebody of the security team or an administrator, by uid, by address or by a rule. A person "
        "who is assigned already stays so: nothing is written then. The note is for those who handle the incident. "
        "If-Match is optional.",
        permission=Permission.INCIDENT_ASSIGN,
        body=AssignmentRequest,
        returns=Incident,
        tag="incidents",
        headers={"If-Match": "The version that was read, in quotes; optional"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_assign(request: Request) -> Response:
    """POST /api/incidents/{id}/assign."""
    return ENDPOINT(request)
