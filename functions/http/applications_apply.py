"""POST, PUT and DELETE /api/security-applications/apply: apply, change one's open application, withdraw it."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.applications import ApplicationWords
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.applications.views import OwnApplication

PATH = "/api/security-applications/apply"


def apply(call: Call[ApplicationWords, None]) -> Answer:
    """Keep the application; the administrators are mailed."""
    applied = bootstrap.applying().apply(call.identity, call.body, call.idempotency_key)
    headers = {"Idempotency-Replayed": "true"} if applied.replayed else {}
    return Answer(OwnApplication.of(applied.application), HTTPStatus.CREATED, headers)


def change(call: Call[ApplicationWords, None]) -> Answer:
    """The caller's open application with the words of the body."""
    return Answer(OwnApplication.of(bootstrap.applying().change(call.identity, call.body)))


def withdraw(call: Call[None, None]) -> Answer:
    """The caller's application, withdrawn."""
    return Answer(OwnApplication.of(bootstrap.applying().withdraw(call.identity)))


ENDPOINT = Endpoint(
    "applications_apply",
    Operation(
        "POST",
        PATH,
        apply,
        "Apply to the security team",
        description="Employees apply, with one open application at a time; 30 days after a rejection one may again. "
        "With an Idempotency-Key a retry answers the application that the first call made.",
        permission=Permission.APPLICATION_CREATE,
        body=ApplicationWords,
        returns=OwnApplication,
        status=HTTPStatus.CREATED,
        tag="applications",
        headers={"Idempotency-Key": "Makes a retry safe, for as long as the application is kept"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "PUT",
        PATH,
        change,
        "Change your open application",
        description="Replaces all of its words. When more information was asked for, this is the answer: the "
        "application is pending again, and the administrators are mailed.",
        permission=Permission.APPLICATION_CREATE,
        body=ApplicationWords,
        returns=OwnApplication,
        tag="applications",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "DELETE",
        PATH,
        withdraw,
        "Withdraw your open application",
        permission=Permission.APPLICATION_CREATE,
        returns=OwnApplication,
        tag="applications",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def applications_apply(request: Request) -> Response:
    """POST, PUT and DELETE /api/security-applications/apply."""
    return ENDPOINT(request)
