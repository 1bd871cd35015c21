"""/api/incidents/custom-fields: fields that administrators add to incidents."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.custom_fields import CustomField, CustomFieldChange, CustomFieldRequest, CustomFields
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def find(_: Call[None, None]) -> Answer:
    """Every field, retired ones included."""
    return Answer(bootstrap.custom_fields().all())


def add(call: Call[CustomFieldRequest, None]) -> Answer:
    """The new field."""
    field = bootstrap.custom_fields().add(call.identity, call.body)
    return Answer(field, HTTPStatus.CREATED, {"Location": f"/api/incidents/custom-fields/{field.name}"})


def change(call: Call[CustomFieldChange, None]) -> Answer:
    """The field with the change made."""
    return Answer(bootstrap.custom_fields().change(call.identity, call.path["name"], call.body))


def retire(call: Call[None, None]) -> Answer:
    """The retired field."""
    return Answer(bootstrap.custom_fields().retire(call.identity, call.path["name"]))


ENDPOINT = Endpoint(
    "incident_custom_fields",
    Operation(
        "GET",
        "/api/incidents/custom-fields",
        find,
        "List the custom fields",
        permission=Permission.INCIDENT_READ_OWN,
        returns=CustomFields,
        tag="incidents",
    ),
    Operation(
        "POST",
        "/api/incidents/custom-fields",
        add,
        "Add a custom field",
        description="Its name and its type stay for ever. `options` narrows a string to a list.",
        permission=Permission.CUSTOM_FIELD_MANAGE,
        body=CustomFieldRequest,
        returns=CustomField,
        status=HTTPStatus.CREATED,
        tag="incidents",
        failures=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        "PUT",
        "/api/incidents/custom-fields/{name}",
        change,
        "Change a custom field",
        description="What is left out stays; `retired` false brings a retired field back.",
        permission=Permission.CUSTOM_FIELD_MANAGE,
        body=CustomFieldChange,
        returns=CustomField,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "DELETE",
        "/api/incidents/custom-fields/{name}",
        retire,
        "Retire a custom field",
        description="Incidents keep the values they have; there are no new ones.",
        permission=Permission.CUSTOM_FIELD_MANAGE,
        returns=CustomField,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_custom_fields(request: Request) -> Response:
    """/api/incidents/custom-fields."""
    return ENDPOINT(request)
