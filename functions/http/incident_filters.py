"""/api/incidents/filters: filters of the list of incidents that people keep by a name."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.incidents.filters import FilterRequest, SavedFilter, SavedFilters


def find(call: Call[None, None]) -> Answer:
    """The caller's own, and those that the team shares."""
    return Answer(bootstrap.incident_filters().all(call.identity))


def add(call: Call[FilterRequest, None]) -> Answer:
    """The new filter; the very same again is answered with 200."""
    kept, added = bootstrap.incident_filters().add(call.identity, call.body)
    return Answer(kept, HTTPStatus.CREATED if added else HTTPStatus.OK)


def replace(call: Call[FilterRequest, None]) -> Answer:
    """The filter as it is now."""
    return Answer(bootstrap.incident_filters().replace(call.identity, call.path["id"], call.body))


def remove(call: Call[None, None]) -> Answer:
    """Nothing."""
    bootstrap.incident_filters().remove(call.identity, call.path["id"])
    return Answer(Response(status=HTTPStatus.NO_CONTENT))


ENDPOINT = Endpoint(
    "incident_filters",
    Operation(
        "GET",
        "/api/incidents/filters",
        find,
        "List saved filters",
        description="One's own, then those that others of the security team share.",
        permission=Permission.FILTER_MANAGE,
        returns=SavedFilters,
        tag="incidents",
    ),
    Operation(
        "POST",
        "/api/incidents/filters",
        add,
        "Save a filter",
        description="`query` takes the parameters of GET /api/incidents but limit and cursor. At most 50 for each "
        "person. The very same again is answered with 200.",
        permission=Permission.FILTER_MANAGE,
        body=FilterRequest,
        returns=SavedFilter,
        status=HTTPStatus.CREATED,
        tag="incidents",
        failures=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "PUT",
        "/api/incidents/filters/{id}",
        replace,
        "Replace a saved filter",
        permission=Permission.FILTER_MANAGE,
        body=FilterRequest,
        returns=SavedFilter,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "DELETE",
        "/api/incidents/filters/{id}",
        remove,
        "Remove a saved filter",
        permission=Permission.FILTER_MANAGE,
        returns=None,
        status=HTTPStatus.NO_CONTENT,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def incident_filters(request: Request) -> Response:
    """GET and POST /api/incidents/filters, PUT and DELETE /api/incidents/filters/{id}."""
    return ENDPOINT(request)
