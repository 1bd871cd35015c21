"""POST /api/incidents/{id}/links and DELETE /api/incidents/{id}/links/{other_id}: link incidents."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.incident import Incident
from shared.domain.links import LinkRequest
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def link(call: Call[LinkRequest, None]) -> Answer:
    """The incident with the link."""
    return _with_etag(bootstrap.incident_linking().link(call.identity, call.path["id"], call.body))


def unlink(call: Call[None, None]) -> Answer:
    """The incident without the link."""
    return _with_etag(bootstrap.incident_linking().unlink(call.identity, call.path["id"], call.path["other_id"]))


def _with_etag(incident: Incident) -> Answer:
    return Answer(incident, headers={"ETag": f'"{incident.version}"'})


ENDPOINT = Endpoint(
    "incident_links",
    Operation(
        "POST",
        "/api/incidents/{id}/links",
        link,
        "Link an incident to another one",
        description="`kind` says what the other incident is to this one; the other one gets the inverse. There is at "
        "most one link between two incidents: another kind takes its place, the same again does nothing.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        body=LinkRequest,
        returns=Incident,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "DELETE",
        "/api/incidents/{id}/links/{other_id}",
        unlink,
        "Remove a link",
        description="From both incidents. Where there is no link, nothing happens.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        returns=Incident,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_links(request: Request) -> Response:
    """POST /api/incidents/{id}/links and DELETE /api/incidents/{id}/links/{other_id}."""
    return ENDPOINT(request)
