"""GET /api/audit: the audit trail, as pages to read or as lines to verify."""

from __future__ import annotations

from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.errors import InvalidInputError
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.ports.audit import AuditFilter
from shared.services.audit.reading import AuditPage

Name = Annotated[Line, Field(min_length=1, max_length=200)]


class AuditQuery(Model):
    """The filters of the list; all that are given have to hold."""

    actor: Name | None = Field(default=None, description="uid of who did it, or the name of a function or script")
    action: Name | None = Field(default=None, description="What was done, such as team:add")
    target_kind: Name | None = Field(
        default=None, description="What it was done to: user, application, incident, audit …"
    )
    target_id: Name | None = Field(default=None, description="Its id")
    subject: Name | None = Field(default=None, description="uid of the person whom it is about")
    request_id: Name | None = Field(default=None, description="X-Request-Id of the answer to the request")
    since: UtcDatetime | None = Field(default=None, alias="from", description="Recorded at this time or later")
    until: UtcDatetime | None = Field(default=None, alias="to", description="Recorded before this time")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )
    format: Literal["json", "jsonl"] = Field(
        default="json",
        description="jsonl answers entries as they are kept and the seals, for scripts/verify_audit; of the filters "
        "it takes from and to only",
    )

    def as_filter(self) -> AuditFilter:
        """The query in the port's words."""
        return AuditFilter(
            actor=self.actor,
            action=self.action,
            target_kind=self.target_kind,
            target_id=self.target_id,
            subject=self.subject,
            request_id=self.request_id,
            since=self.since,
            until=self.until,
        )


_ONLY_FOR_PAGES = ("actor", "action", "target_kind", "target_id", "subject", "request_id", "cursor", "limit")


def read(call: Call[None, AuditQuery]) -> Answer:
    """One page, newest first; or the export."""
    query = call.query
    if query.format == "json":
        return Answer(bootstrap.audit_reading().page(call.identity, query.as_filter(), query.limit, query.cursor))
    given = [name for name in _ONLY_FOR_PAGES if name in query.model_fields_set]
    if given:
        reason = "an export that can be verified is whole: leave it out"
        raise InvalidInputError("These cannot narrow an export", dict.fromkeys(given, reason))
    lines = bootstrap.audit_reading().export(call.identity, query.since, query.until)
    headers = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return Answer(Response(lines, content_type="application/jsonl", headers=headers))


ENDPOINT = Endpoint(
    "audit",
    Operation(
        "GET",
        "/api/audit",
        read,
        "Read the audit trail",
        description="Newest first. Personal values are decrypted for you; those of erased people are null. That you "
        "read it is noted in the trail.",
        permission=Permission.AUDIT_READ,
        sensitive=True,
        query=AuditQuery,
        returns=AuditPage,
        tag="audit",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def audit(request: Request) -> Response:
    """GET /api/audit."""
    return ENDPOINT(request)
