"""GET and DELETE /api/auth/sessions: where one is signed in, and ending it everywhere."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.permissions import Permission
from shared.domain.sessions import SessionList, SessionsEnded
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def find(call: Call[None, None]) -> Answer:
    """The caller's sessions."""
    return Answer(bootstrap.session_listing().own(call.identity))


def end(call: Call[None, None]) -> Answer:
    """End every session of the caller, this one too."""
    return Answer(SessionsEnded(valid_from=bootstrap.session_ending().end_all(call.identity, call.identity.uid)))


ENDPOINT = Endpoint(
    "auth_sessions",
    Operation(
        "GET",
        "/api/auth/sessions",
        find,
        "List your sessions",
        description="One for each sign-in, the last one seen first; `last_seen_at` is renewed about once an hour.",
        permission=Permission.SESSION_LIST,
        returns=SessionList,
        tag="auth",
    ),
    Operation(
        "DELETE",
        "/api/auth/sessions",
        end,
        "End all your sessions",
        description="Every token made from a sign-in before `valid_from` is refused from then on, this one's too: sign "
        "in again.",
        permission=Permission.SESSION_REVOKE,
        returns=SessionsEnded,
        tag="auth",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_sessions(request: Request) -> Response:
    """GET and DELETE /api/auth/sessions."""
    return ENDPOINT(request)
