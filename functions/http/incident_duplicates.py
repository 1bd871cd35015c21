"""POST /api/incidents/duplicates: before somebody reports, what looks like the same."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.duplicates import DuplicateQuery, PossibleDuplicates
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def find(call: Call[DuplicateQuery, None]) -> Answer:
    """What looks like the same; nothing is kept."""
    return Answer(PossibleDuplicates(items=bootstrap.duplicate_search().find(call.identity, call.body)))


ENDPOINT = Endpoint(
    "incident_duplicates",
    Operation(
        "POST",
        "/api/incidents/duplicates",
        find,
        "Look for the same before reporting",
        description="Open incidents of the last seven days that look like the one described, at most five. Of an "
        "incident that the caller may not see only reference, time and kinds of reasons are told. Nothing is kept.",
        permission=Permission.INCIDENT_CREATE,
        body=DuplicateQuery,
        returns=PossibleDuplicates,
        tag="incidents",
        limit=LimitClass.READ,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def incident_duplicates(request: Request) -> Response:
    """POST /api/incidents/duplicates."""
    return ENDPOINT(request)
