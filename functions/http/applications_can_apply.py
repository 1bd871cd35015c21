"""GET /api/security-applications/can-apply: whether one may, and if not, why and from when on."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.applications import Eligibility
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def read(call: Call[None, None]) -> Answer:
    """Whether the caller may apply now."""
    return Answer(bootstrap.applying().can_apply(call.identity))


ENDPOINT = Endpoint(
    "applications_can_apply",
    Operation(
        "GET",
        "/api/security-applications/can-apply",
        read,
        "Ask whether you can apply",
        description="`code` is one of application_open, wait_after_rejection, too_many_applications, approved_before, "
        "already_on_team, not_an_employee, account_disabled; `reason` says it in words.",
        permission=Permission.APPLICATION_READ_OWN,
        returns=Eligibility,
        tag="applications",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def applications_can_apply(request: Request) -> Response:
    """GET /api/security-applications/can-apply."""
    return ENDPOINT(request)
