"""POST /api/auth/register: anyone joins as an employee."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.limits import LimitClass
from shared.domain.people import Registered, Registration
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def register(call: Call[Registration, None]) -> Answer:
    """Make the account; the body has no role, and one that is sent is refused."""
    registered = bootstrap.account_registration().register(call.body, call.idempotency_key, call.origin)
    return Answer(registered, HTTPStatus.CREATED)


ENDPOINT = Endpoint(
    "auth_register",
    Operation(
        "POST",
        "/api/auth/register",
        register,
        "Join as an employee",
        description="A mail to the address asks to verify it; sign in afterwards with Firebase Authentication "
        "(`signInWithEmailAndPassword`): its ID token is the bearer token of every other call. The answer is the same "
        "whether or not the address has an account: only the mail tells.",
        body=Registration,
        returns=Registered,
        status=HTTPStatus.CREATED,
        tag="auth",
        headers={"Idempotency-Key": "A retry with the same key and address finds the account it made"},
        limit=LimitClass.AUTH,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_register(request: Request) -> Response:
    """POST /api/auth/register."""
    return ENDPOINT(request)
