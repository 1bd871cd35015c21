"""POST and DELETE /api/incidents/{id}/merge: merge an incident into another one, undo it."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.merges import Merged, MergeRequest
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def merge(call: Call[MergeRequest, None]) -> Answer:
    """Both incidents, merged."""
    return Answer(bootstrap.incident_merging().merge(call.identity, call.path["id"], call.body))


def undo(call: Call[None, None]) -> Answer:
    """Both incidents without the merge."""
    return Answer(bootstrap.incident_merging().undo(call.identity, call.path["id"]))


ENDPOINT = Endpoint(
    "incident_merge",
    Operation(
        "POST",
        "/api/incidents/{id}/merge",
        merge,
        "Merge an incident into another one",
        description="The incident is closed as a duplicate and keeps everything it has; the other one gets its tags, "
        "assets, observables and techniques as far as they fit (`left_out` counts what did not). The same again does "
        "nothing.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        body=MergeRequest,
        returns=Merged,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "DELETE",
        "/api/incidents/{id}/merge",
        undo,
        "Undo a merge",
        description="The incident is what it was before, with what was changed since; the other one loses what only "
        "this merge gave it. The same again does nothing.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        returns=Merged,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_merge(request: Request) -> Response:
    """POST and DELETE /api/incidents/{id}/merge."""
    return ENDPOINT(request)
