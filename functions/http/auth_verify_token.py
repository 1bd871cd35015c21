"""POST /api/auth/verify-token: what a token is, what it is worth, and why a bad one is bad."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model, UtcDatetime
from shared.domain.errors import NotAuthenticatedError
from shared.domain.limits import LimitClass
from shared.domain.permissions import Role
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class TokenQuestion(Model):
    """An ID token to look at."""

    token: Annotated[str, Field(min_length=1, max_length=10_000)]


class TokenAnswer(Model):
    """Whether it holds; whose it is and how it was got when it does, why not when it does not."""

    valid: bool
    uid: str | None = None
    email: str | None = None
    role: Role | None = None
    expires_at: UtcDatetime | None = None
    reason: str | None = Field(
        default=None,
        description="malformed, wrong algorithm, unknown key, bad signature, wrong project, expired, not yet valid, "
        "revoked, disabled or unknown user",
    )
    email_verified: bool | None = None
    provider: str | None = Field(default=None, description="How one signed in, such as password")
    second_factor: str | None = Field(default=None, description="The second factor that was used, such as totp")
    signed_in_at: UtcDatetime | None = None
    issued_at: UtcDatetime | None = None


def verify(call: Call[TokenQuestion, None]) -> Answer:
    """Look at the token and ask the identity provider about its account."""
    try:
        verified = bootstrap.strict_token_verifier().verify(call.body.token)
    except NotAuthenticatedError as error:
        return Answer(TokenAnswer(valid=False, reason=error.reason))
    who = verified.identity
    return Answer(
        TokenAnswer(
            valid=True,
            uid=who.uid,
            email=who.email,
            role=who.role,
            expires_at=verified.expires_at,
            email_verified=who.email_verified,
            provider=verified.provider,
            second_factor=who.second_factor,
            signed_in_at=who.signed_in_at,
            issued_at=verified.issued_at,
        )
    )


ENDPOINT = Endpoint(
    "auth_verify_token",
    Operation(
        "POST",
        "/api/auth/verify-token",
        verify,
        "Look at an ID token",
        body=TokenQuestion,
        returns=TokenAnswer,
        tag="auth",
        limit=LimitClass.AUTH,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def auth_verify_token(request: Request) -> Response:
    """POST /api/auth/verify-token."""
    return ENDPOINT(request)
