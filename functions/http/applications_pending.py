"""GET /api/security-applications/admin/pending: what waits for a decision, longest wait first."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.applications import OPEN, ApplicationFilter, ApplicationStatus
from shared.domain.base import Line, Model
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.applications.views import ApplicationPage


class ApplicationQuery(Model):
    """The filters of the list; all that are given have to hold."""

    status: ApplicationStatus | None = Field(default=None, description="Pending and info_requested, when left out")
    q: Annotated[Line, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Beginnings of words of the applicant's name"
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )

    def as_filter(self) -> ApplicationFilter:
        """The query in the domain's words."""
        return ApplicationFilter(OPEN if self.status is None else (self.status,), self.q)


def find(call: Call[None, ApplicationQuery]) -> Answer:
    """One page, oldest first; that it was read is recorded."""
    query = call.query
    return Answer(bootstrap.application_reading().find(call.identity, query.as_filter(), query.limit, query.cursor))


ENDPOINT = Endpoint(
    "applications_pending",
    Operation(
        "GET",
        "/api/security-applications/admin/pending",
        find,
        "List applications",
        description="Those that wait, oldest first; `status` lists the others. Each page that is read is an entry of "
        "the audit trail.",
        permission=Permission.APPLICATION_REVIEW,
        sensitive=True,
        query=ApplicationQuery,
        returns=ApplicationPage,
        tag="applications",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def applications_pending(request: Request) -> Response:
    """GET /api/security-applications/admin/pending."""
    return ENDPOINT(request)
