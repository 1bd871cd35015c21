"""GET and PUT /api/incidents/{id}: read one, change one."""

from __future__ import annotations

import re
from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.errors import InvalidInputError, PreconditionRequiredError
from shared.domain.incident import Incident, IncidentChange
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation

_VERSION = re.compile(r'^"?(\d{1,9})"?$')


def read(call: Call[None, None]) -> Answer:
    """The incident, with its version as ETag."""
    incident = bootstrap.incident_reading().get(call.identity, call.path["id"])
    return _with_etag(incident)


def change(call: Call[IncidentChange, None]) -> Answer:
    """The incident with the fields of the body changed, if it is still at the version of If-Match."""
    version = _expected_version(call.request.headers.get("If-Match"))
    incident = bootstrap.incident_changing().change(call.identity, call.path["id"], call.body, version)
    return _with_etag(incident)


def _with_etag(incident: Incident) -> Answer:
    return Answer(incident, headers={"ETag": f'"{incident.version}"'})


def _expected_version(if_match: str | None) -> int:
    if if_match is None:
        raise PreconditionRequiredError('Say which version you change: If-Match: "<version>"')
    match = _VERSION.match(if_match.strip())
    if match is None:
        raise InvalidInputError("If-Match is not usable", {"If-Match": 'the version in quotes, such as "3"'})
    return int(match[1])


ENDPOINT = Endpoint(
    "incident",
    Operation(
        "GET",
        "/api/incidents/{id}",
        read,
        "Read an incident",
        permission=Permission.INCIDENT_READ_OWN,
        returns=Incident,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "PUT",
        "/api/incidents/{id}",
        change,
        "Change an incident",
        description="Send the fields to change; what is left out stays. The reporter may correct their words while the "
        "incident is new; the security team may change every field.",
        permission=Permission.INCIDENT_UPDATE_OWN,
        body=IncidentChange,
        returns=Incident,
        tag="incidents",
        headers={"If-Match": 'The version the change was made on, in quotes: "3"'},
        failures=(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.PRECONDITION_REQUIRED,
        ),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident(request: Request) -> Response:
    """GET and PUT /api/incidents/{id}."""
    return ENDPOINT(request)
