"""GET, POST and DELETE /api/incidents/{id}/observables: the technical traces of an incident."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.ai.observables import defanged
from shared.domain.base import Model
from shared.domain.observables import Observable, ObservableType, ObservableValue
from shared.domain.paging import DEFAULT_LIMIT
from shared.domain.permissions import Permission
from shared.domain.stix import stix_bundle
from shared.domain.tables import csv_lines
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.incidents.observable_views import ObservableAddition, ObservablePage, with_defanged_values

MAX_PAGE = 50  # each one is looked up in the other incidents
_COLUMNS = tuple(Observable.model_fields)


class ObservablesQuery(Model):
    """How to answer."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=4_000)] | None = Field(
        default=None, description="next_cursor of the page before"
    )
    defanged: bool = Field(
        default=False, description="Values as one writes them into mails: hxxp[:]//evil[.]example; not for stix"
    )
    format: Literal["json", "csv", "stix"] = Field(
        default="json", description="csv and stix (STIX 2.1) answer all of them, as a file, without sightings"
    )


class ObservableName(Model):
    """Which one; the value may be defanged."""

    type: ObservableType
    value: ObservableValue


def read(call: Call[None, ObservablesQuery]) -> Answer:
    """One page, or all as a file."""
    query, incident_id = call.query, call.path["id"]
    observables = bootstrap.incident_observables()
    if query.format == "json":
        page = observables.page(call.identity, incident_id, query.limit, query.cursor)
        return Answer(with_defanged_values(page) if query.defanged else page)
    found = observables.all(call.identity, incident_id)
    if query.format == "stix":
        return _file("json", "application/stix+json;version=2.1", stix_bundle(found))
    rows = [one.model_dump(mode="json") for one in found]
    if query.defanged:
        rows = [row | {"value": defanged(one.type, one.value)} for row, one in zip(rows, found, strict=True)]
    return _file("csv", "text/csv; charset=utf-8", "".join(csv_lines(_COLUMNS, (list(row.values()) for row in rows))))


def add(call: Call[ObservableAddition, None]) -> Answer:
    """Add one; one that is there already is answered as it is."""
    incident, kept, added = bootstrap.incident_observables().add(call.identity, call.path["id"], call.body)
    status = HTTPStatus.CREATED if added else HTTPStatus.OK
    return Answer(kept, status, {"ETag": f'"{incident.version}"'})


def remove(call: Call[None, ObservableName]) -> Answer:
    """Take one away."""
    query = call.query
    incident = bootstrap.incident_observables().remove(call.identity, call.path["id"], query.type, query.value)
    return Answer(Response(status=HTTPStatus.NO_CONTENT), headers={"ETag": f'"{incident.version}"'})


def _file(ending: str, content_type: str, text: str) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="observables.{ending}"'}
    return Answer(Response(text, content_type=content_type, headers=headers))


ENDPOINT = Endpoint(
    "incident_observables",
    Operation(
        "GET",
        "/api/incidents/{id}/observables",
        read,
        "List the observables of an incident",
        description="By type and value. `sightings` counts the incidents you may see that hold it; it is null for what "
        "is known good.",
        permission=Permission.INCIDENT_READ_OWN,
        query=ObservablesQuery,
        returns=ObservablePage,
        tag="observables",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "POST",
        "/api/incidents/{id}/observables",
        add,
        "Add an observable",
        description="The type is guessed when it is left out. One that is there already is answered with 200 and "
        "stays as it is.",
        permission=Permission.INCIDENT_UPDATE_ALL,
        body=ObservableAddition,
        returns=Observable,
        status=HTTPStatus.CREATED,
        tag="observables",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "DELETE",
        "/api/incidents/{id}/observables",
        remove,
        "Remove an observable",
        permission=Permission.INCIDENT_UPDATE_ALL,
        query=ObservableName,
        returns=None,
        status=HTTPStatus.NO_CONTENT,
        tag="observables",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_observables(request: Request) -> Response:
    """GET, POST and DELETE /api/incidents/{id}/observables."""
    return ENDPOINT(request)
