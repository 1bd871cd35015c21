"""GET and POST /api/incidents/{id}/timeline: what was done to an incident, and what the attacker did."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.audit import as_json
from shared.domain.base import Model
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.domain.tables import csv_lines
from shared.domain.timeline import TimelineKind
from shared.domain.timeline_views import ActivityRequest, TimelineItem, TimelinePage
from shared.entry.endpoint import Answer, Call, Endpoint, Operation

_PATH = "/api/incidents/{id}/timeline"
_COLUMNS = tuple(TimelineItem.model_fields)
_FILES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class TimelineQuery(Model):
    """Which entries."""

    kind: TimelineKind | None = None
    order: Literal["at", "-at"] = Field(default="at", description="Oldest or newest first, by when it happened")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )
    format: Literal["json", "csv", "jsonl"] = Field(
        default="json", description="csv and jsonl answer the whole timeline, as a file"
    )


def find(call: Call[None, TimelineQuery]) -> Answer:
    """One page; or the whole timeline as a file."""
    query = call.query
    oldest_first = query.order == "at"
    reading = bootstrap.timeline_reading()
    if query.format != "json":
        incident, items = reading.export(call.identity, call.path["id"], kind=query.kind, oldest_first=oldest_first)
        return Answer(_file(query.format, incident.reference, items))
    return Answer(
        reading.page(
            call.identity,
            call.path["id"],
            query.limit,
            kind=query.kind,
            oldest_first=oldest_first,
            cursor=query.cursor,
        )
    )


def enter(call: Call[ActivityRequest, None]) -> Answer:
    """Keep what the attacker did."""
    entered = bootstrap.activity_entering().enter(call.identity, call.path["id"], call.body, call.idempotency_key)
    headers = {"Idempotency-Replayed": "true"} if entered.replayed else {}
    return Answer(entered.item, HTTPStatus.CREATED, headers)


def _file(kind: str, reference: str, items: Iterator[TimelineItem]) -> Response:
    lines = (
        csv_lines(_COLUMNS, map(_cells, items)) if kind == "csv" else (item.model_dump_json() + "\n" for item in items)
    )
    headers = {"Content-Disposition": f'attachment; filename="{reference}-timeline.{kind}"'}
    return Response(lines, content_type=_FILES[kind], headers=headers)


def _cells(item: TimelineItem) -> list[object]:
    values = item.model_dump(mode="json")
    return [as_json(values[name]) if name == "changes" else values[name] for name in _COLUMNS]


ENDPOINT = Endpoint(
    "incident_timeline",
    Operation(
        "GET",
        _PATH,
        find,
        "Read the timeline",
        description="In the order of when it happened. Internal entries are there only for those who handle the "
        "incident. Each file is noted in the audit trail.",
        permission=Permission.INCIDENT_READ_OWN,
        query=TimelineQuery,
        returns=TimelinePage,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "POST",
        _PATH,
        enter,
        "Enter what the attacker did",
        description="An entry stays as it is: to correct one, enter another `about` it. With an Idempotency-Key a "
        "retry never enters it twice.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        body=ActivityRequest,
        returns=TimelineItem,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe"},
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_timeline(request: Request) -> Response:
    """GET and POST /api/incidents/{id}/timeline."""
    return ENDPOINT(request)
