"""POST and GET /api/incidents: report one, list those one may see."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model, UtcDatetime
from shared.domain.incident import Incident, IncidentReport, Tag, Uid
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT, IncidentFilter, IncidentPage
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.domain.taxonomy import Category, Severity, Status
from shared.domain.visibility import scopes_for
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.incidents.linking import shown


class IncidentQuery(Model):
    """The filters of the list; all that are given have to hold."""

    status: Status | None = None
    severity: Severity | None = None
    category: Category | None = None
    assignee: Uid | None = Field(default=None, description="uid of somebody it is assigned to")
    reporter: Uid | None = Field(default=None, description="uid of who reported it")
    tag: Tag | None = Field(default=None, description="One of its tags; not together with assignee")
    since: UtcDatetime | None = Field(default=None, alias="from", description="Reported at this time or later")
    until: UtcDatetime | None = Field(default=None, alias="to", description="Reported before this time")
    order: Literal["-created_at", "created_at"] = Field(default="-created_at", description="Newest or oldest first")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )

    def as_filter(self, who: Identity) -> IncidentFilter:
        """The query in the domain's words, for what the person may see."""
        return IncidentFilter(
            scopes=scopes_for(who),
            status=self.status,
            severity=self.severity,
            category=self.category,
            assignee=self.assignee,
            reporter=self.reporter,
            tag=self.tag,
            since=self.since,
            until=self.until,
            oldest_first=self.order == "created_at",
        )


def report(call: Call[IncidentReport, None]) -> Answer:
    """Keep the report; the analysis follows by itself."""
    reported = bootstrap.incident_reporting().report(call.identity, call.body, call.idempotency_key)
    incident = reported.incident
    headers = {"Location": f"/api/incidents/{incident.id}", "ETag": f'"{incident.version}"'}
    if reported.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Answer(incident, HTTPStatus.CREATED, headers)


def find(call: Call[None, IncidentQuery]) -> Answer:
    """One page of what the caller may see."""
    query = call.query
    page = bootstrap.incident_reading().find(query.as_filter(call.identity), query.limit, query.cursor)
    return Answer(page.model_copy(update={"items": [shown(call.identity, one) for one in page.items]}))


ENDPOINT = Endpoint(
    "incidents",
    Operation(
        "POST",
        "/api/incidents",
        report,
        "Report an incident",
        description="The AI's category, severity and reasons are in `analysis` a moment later; the security team is "
        "mailed. With an Idempotency-Key a retry never makes a second incident.",
        permission=Permission.INCIDENT_CREATE,
        body=IncidentReport,
        returns=Incident,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe for 24 hours"},
    ),
    Operation(
        "GET",
        "/api/incidents",
        find,
        "List incidents",
        description="Employees see their own reports, the security team and administrators see all.",
        permission=Permission.INCIDENT_READ_OWN,
        query=IncidentQuery,
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
