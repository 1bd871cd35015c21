"""POST /api/auth/admin/manage-security-team: who is on the team, who leads it, who may sign in."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.permissions import Permission
from shared.domain.team import Person, TeamChange
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def act(call: Call[TeamChange, None]) -> Answer:
    """Do the action; done before, it changes nothing."""
    change = call.body
    user = bootstrap.team_management().act(call.identity, change.user_id, change.action, change.reason)
    return Answer(Person.of(user))


ENDPOINT = Endpoint(
    "auth_manage_security_team",
    Operation(
        "POST",
        "/api/auth/admin/manage-security-team",
        act,
        "Change who is on the security team",
        description="`add` and `remove` change the role, `promote` and `demote` who leads the team, `disable` and "
        "`enable` whether somebody can sign in at all. The person is mailed; their sessions end when their rights "
        "change. The last administrator stays.",
        permission=Permission.TEAM_MANAGE,
        sensitive=True,
        body=TeamChange,
        returns=Person,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_manage_security_team(request: Request) -> Response:
    """POST /api/auth/admin/manage-security-team."""
    return ENDPOINT(request)
