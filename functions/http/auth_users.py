"""GET /api/auth/admin/users: the people of the platform, as pages or as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Line, Model
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission, Role
from shared.domain.tables import csv_lines
from shared.domain.team import Person, PersonFilter, PersonPage
from shared.entry.endpoint import Answer, Call, Endpoint, Operation

_COLUMNS = tuple(Person.model_fields)
_FILES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}


class PersonQuery(Model):
    """The filters of the list; all that are given have to hold."""

    role: Role | None = None
    q: Annotated[Line, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Beginnings of words of the name, the address or the department; all have to fit"
    )
    disabled: bool | None = Field(default=None, description="Only people who are, or are not, disabled")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )
    format: Literal["json", "csv", "jsonl"] = Field(
        default="json", description="csv and jsonl answer everybody whom the filters let through, as a file"
    )


def find(call: Call[None, PersonQuery]) -> Answer:
    """One page, by address; or the whole list as a file."""
    query = call.query
    where = PersonFilter(role=query.role, q=query.q, disabled=query.disabled)
    if query.format != "json":
        return Answer(_file(query.format, bootstrap.directory().export(call.identity, where)))
    return Answer(bootstrap.directory().page(call.identity, where, query.limit, query.cursor))


def _file(kind: str, people: Iterator[Person]) -> Response:
    rows = (person.model_dump(mode="json") for person in people)
    lines = (
        csv_lines(_COLUMNS, (list(row.values()) for row in rows))
        if kind == "csv"
        else (person.model_dump_json() + "\n" for person in people)
    )
    headers = {"Content-Disposition": f'attachment; filename="people.{kind}"'}
    return Response(lines, content_type=_FILES[kind], headers=headers)


ENDPOINT = Endpoint(
    "auth_users",
    Operation(
        "GET",
        "/api/auth/admin/users",
        find,
        "Search the people of the platform",
        description="In the order of their addresses. Each page and each file is noted in the audit trail.",
        permission=Permission.USER_READ,
        sensitive=True,
        query=PersonQuery,
        returns=PersonPage,
        tag="auth",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_users(request: Request) -> Response:
    """GET /api/auth/admin/users."""
    return ENDPOINT(request)
