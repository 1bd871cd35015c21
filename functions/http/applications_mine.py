"""GET /api/security-applications/my-applications: one's own, newest first."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.applications.views import OwnPage


class PageQuery(Model):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def find(call: Call[None, PageQuery]) -> Answer:
    """One page of the caller's own applications."""
    return Answer(bootstrap.application_reading().mine(call.identity, call.query.limit, call.query.cursor))


ENDPOINT = Endpoint(
    "applications_mine",
    Operation(
        "GET",
        "/api/security-applications/my-applications",
        find,
        "List your applications",
        description="Newest first, with what was said to them; who said it is not told.",
        permission=Permission.APPLICATION_READ_OWN,
        query=PageQuery,
        returns=OwnPage,
        tag="applications",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def applications_mine(request: Request) -> Response:
    """GET /api/security-applications/my-applications."""
    return ENDPOINT(request)
