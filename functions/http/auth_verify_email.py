"""POST /api/auth/verify-email: the mail that verifies one's address, once more."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class VerificationAnswer(Model):
    """Whether a mail is on its way; it is not when the address is verified."""

    sent: bool


def send(call: Call[None, None]) -> Answer:
    """Queue the mail."""
    sent = bootstrap.address_verification().send(call.identity.uid)
    return Answer(VerificationAnswer(sent=sent), HTTPStatus.ACCEPTED)


ENDPOINT = Endpoint(
    "auth_verify_email",
    Operation(
        "POST",
        "/api/auth/verify-email",
        send,
        "Have the verification mail sent again",
        description="For somebody who is signed in with an address that is not verified. One mail in ten minutes.",
        permission=Permission.PROFILE_READ,
        verified=False,
        returns=VerificationAnswer,
        status=HTTPStatus.ACCEPTED,
        limit=LimitClass.AUTH,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def auth_verify_email(request: Request) -> Response:
    """POST /api/auth/verify-email."""
    return ENDPOINT(request)
