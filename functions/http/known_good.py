"""GET and POST /api/known-good, DELETE /api/known-good/{id}: values that the organisation knows to be harmless."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.known_good import KnownGoodAddition, KnownGoodEntry, KnownGoodPage
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class KnownGoodQuery(Model):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=4_000)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def find(call: Call[None, KnownGoodQuery]) -> Answer:
    """One page of the organisation's own entries."""
    return Answer(bootstrap.known_good().page(call.query.limit, call.query.cursor))


def add(call: Call[KnownGoodAddition, None]) -> Answer:
    """Add an entry; one that is there already is answered as it is."""
    entry, added = bootstrap.known_good().add(call.identity, call.body)
    return Answer(entry, HTTPStatus.CREATED if added else HTTPStatus.OK)


def remove(call: Call[None, None]) -> Answer:
    """Take an entry away."""
    bootstrap.known_good().remove(call.identity, call.path["id"])
    return Answer(Response(status=HTTPStatus.NO_CONTENT))


ENDPOINT = Endpoint(
    "known_good",
    Operation(
        "GET",
        "/api/known-good",
        find,
        "List harmless values",
        description="The organisation's own, by type and value; those that come with the platform are not listed.",
        permission=Permission.KNOWN_GOOD_READ,
        query=KnownGoodQuery,
        returns=KnownGoodPage,
        tag="observables",
    ),
    Operation(
        "POST",
        "/api/known-good",
        add,
        "Add a harmless value",
        description="A domain covers what is below it, an ip may be a network. It holds everywhere within a minute. "
        "One that is there already is answered with 200 and stays as it is.",
        permission=Permission.KNOWN_GOOD_MANAGE,
        sensitive=True,
        body=KnownGoodAddition,
        returns=KnownGoodEntry,
        status=HTTPStatus.CREATED,
        tag="observables",
        failures=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "DELETE",
        "/api/known-good/{id}",
        remove,
        "Remove a harmless value",
        permission=Permission.KNOWN_GOOD_MANAGE,
        sensitive=True,
        returns=None,
        status=HTTPStatus.NO_CONTENT,
        tag="observables",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def known_good(request: Request) -> Response:
    """GET and POST /api/known-good, DELETE /api/known-good/{id}."""
    return ENDPOINT(request)
