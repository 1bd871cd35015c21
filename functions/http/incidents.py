"""POST and GET /api/incidents: report one, list those one may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.duplicates import PossibleDuplicate, ReportedIncident
from shared.domain.errors import UnavailableError
from shared.domain.incident import IncidentReport
from shared.domain.listing import IncidentPage
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.logs import logger
from shared.services.incidents.asking import IncidentQuery
from shared.services.incidents.linking import shown


class IncidentListQuery(IncidentQuery):
    """The filters of the list, and which page of it."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def report(call: Call[IncidentReport, None]) -> Answer:
    """Keep the report; the analysis follows by itself."""
    duplicates = bootstrap.duplicate_search().beside(call.identity, call.body)
    reported = bootstrap.incident_reporting().report(call.identity, call.body, call.idempotency_key)
    incident = reported.incident
    headers = {"Location": f"/api/incidents/{incident.id}", "ETag": f'"{incident.version}"'}
    if reported.replayed:
        headers["Idempotency-Replayed"] = "true"
    alike = _asked(duplicates, incident.id)
    return Answer(ReportedIncident(**dict(incident), possible_duplicates=alike), HTTPStatus.CREATED, headers)


def _asked(duplicates: Callable[[str], list[PossibleDuplicate]], incident_id: str) -> list[PossibleDuplicate]:
    try:
        return duplicates(incident_id)
    except UnavailableError:
        # The report is kept, which is what matters.
        logger().warning("no search for duplicates", incident_id=incident_id)
        return []


def find(call: Call[None, IncidentListQuery]) -> Answer:
    """One page of what the caller may see."""
    query = call.query
    page = bootstrap.incident_reading().find(
        query.as_filter(call.identity, datetime.now(UTC)), query.limit, query.cursor
    )
    return Answer(page.model_copy(update={"items": [shown(call.identity, one) for one in page.items]}))


ENDPOINT = Endpoint(
    "incidents",
    Operation(
        "POST",
        "/api/incidents",
        report,
        "Report an incident",
        description="The AI's category, severity and reasons are in `analysis` a moment later; the security team is "
        "mailed. `possible_duplicates` are open incidents that look the same. With an Idempotency-Key a retry never "
        "makes a second incident.",
        permission=Permission.INCIDENT_CREATE,
        body=IncidentReport,
        returns=ReportedIncident,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe for 24 hours"},
    ),
    Operation(
        "GET",
        "/api/incidents",
        find,
        "List incidents",
        description="Everybody gets what they may see. A page can hold fewer than asked for and still have a next one: "
        "a search with words looks through a bounded number of incidents for each page.",
        permission=Permission.INCIDENT_READ_OWN,
        query=IncidentListQuery,
        returns=IncidentPage,
        tag="incidents",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incidents(request: Request) -> Response:
    """POST and GET /api/incidents."""
    return ENDPOINT(request)
