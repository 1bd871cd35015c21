"""GET and PUT /api/auth/profile: one's own profile."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.people import Profile, ProfileChange
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def read(call: Call[None, None]) -> Answer:
    """The caller's profile."""
    return Answer(bootstrap.profiles().get(call.identity))


def change(call: Call[ProfileChange, None]) -> Answer:
    """The caller's profile with the fields of the body changed."""
    return Answer(bootstrap.profiles().change(call.identity, call.body))


ENDPOINT = Endpoint(
    "auth_profile",
    Operation(
        "GET",
        "/api/auth/profile",
        read,
        "Read your profile",
        permission=Permission.PROFILE_READ,
        returns=Profile,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "PUT",
        "/api/auth/profile",
        change,
        "Change your profile",
        description="Send the fields to change; what is left out stays. Address and role cannot be changed here.",
        permission=Permission.PROFILE_UPDATE,
        body=ProfileChange,
        returns=Profile,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_profile(request: Request) -> Response:
    """GET and PUT /api/auth/profile."""
    return ENDPOINT(request)
