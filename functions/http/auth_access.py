"""GET /api/auth/admin/access: whose requests were refused, and how often."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.access import AccessFilter, AccessPage, SubjectKind
from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.limits import LimitClass
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class AccessQuery(Model):
    """The filters of the list; all that are given have to hold."""

    kind: SubjectKind | None = Field(default=None, description="Counted for people or for addresses")
    subject: Annotated[Line, Field(min_length=1, max_length=128)] | None = Field(
        default=None, description="A uid, or an address (of IPv6 the /64 network)"
    )
    since: UtcDatetime | None = Field(default=None, alias="from", description="Hours that began at this time or later")
    until: UtcDatetime | None = Field(default=None, alias="to", description="Hours that began before this time")
    alerts_only: bool = Field(default=False, description="Only those about which an alert was raised")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def find(call: Call[None, AccessQuery]) -> Answer:
    """One page of refused requests."""
    query = call.query
    where = AccessFilter(query.kind, query.subject, query.since, query.until, query.alerts_only)
    return Answer(bootstrap.access_reading().find(call.identity, where, query.limit, query.cursor))


ENDPOINT = Endpoint(
    "auth_access",
    Operation(
        "GET",
        "/api/auth/admin/access",
        find,
        "See whose requests were refused",
        description="Bad tokens (401), missing rights (403) and used up limits (429), counted by the hour for each "
        "person and each address, the newest hour first.",
        permission=Permission.ACCESS_READ,
        query=AccessQuery,
        returns=AccessPage,
        tag="auth",
        limit=LimitClass.ADMIN,
        sensitive=True,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_access(request: Request) -> Response:
    """GET /api/auth/admin/access."""
    return ENDPOINT(request)
