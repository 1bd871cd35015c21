"""Everybody at every operation that is deployed: who is let through the gate, against rules written down here again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

import main
from shared.domain.errors import ForbiddenError, NotAuthenticatedError
from shared.domain.limits import LimitTable
from shared.domain.people import Identity, User, VerifiedToken
from shared.domain.permissions import ROLE_PERMISSIONS, Role
from shared.domain.sessions import Revocation
from shared.entry.endpoint import Operation
from shared.entry.gate import Passage
from shared.ports.revocations import REVOCATIONS
from tests.access_fakes import FakeWorld
from tests.builders import user
from tests.fakes import START, FakeUsers

OPERATIONS: list[Operation] = [
    operation
    for path in main.FUNCTIONS.values()
    if path.startswith("functions.http.") and not path.endswith(("api_root", "api_health", "api_docs"))
    for operation in import_module(path).ENDPOINT.operations
]


@dataclass(frozen=True)
class Person:
    """Somebody: what their token says, and what their document does."""

    token: Identity | None
    document: User | None
    revoked: bool = False


def person(role: Role | None, document: User | None = None, **changes: Any) -> Person:
    token = Identity("ana", "ana@example.org", role, email_verified=True, second_factor="totp", signed_in_at=START)
    kept = document or (user("ana", role) if role else None)
    return Person(replace(token, **changes), kept)


PEOPLE = {
    "anonymous": Person(None, None),
    "employee": person(Role.EMPLOYEE),
    "security team": person(Role.SECURITY_TEAM),
    "admin": person(Role.ADMIN),
    "without a role": person(None),
    "unverified admin": person(Role.ADMIN, email_verified=False),
    "admin without the second factor": person(Role.ADMIN, second_factor=None),
    "employee of whom a second factor is asked": person(
        Role.EMPLOYEE, user("ana", Role.EMPLOYEE, second_factor_required=True), second_factor=None
    ),
    "admin who signed in an hour ago": person(Role.ADMIN, signed_in_at=START - timedelta(hours=1)),
    "demoted admin with a token of before": person(Role.ADMIN, user("ana", Role.EMPLOYEE)),
    "promoted admin with a token of before": person(Role.EMPLOYEE, user("ana", Role.ADMIN)),
    "disabled admin": person(Role.ADMIN, user("ana", Role.ADMIN, disabled=True)),
    "admin who is gone": Person(person(Role.ADMIN).token, None),
    "admin who signed out everywhere": replace(person(Role.ADMIN), revoked=True),
}


def expected(one: Person, operation: Operation) -> str:
    """What the rules say, read in another order than the gate's own."""
    if operation.permission is None:
        return "passes"
    token, document = one.token, one.document
    if token is None or one.revoked:
        return "401"
    if operation.sensitive and (document is None or document.disabled):
        return "401"
    role = document.role if operation.sensitive and document else token.role
    may = role is not None and operation.permission in ROLE_PERMISSIONS[role]
    verified = token.email_verified or not operation.verified
    needs_factor = role is Role.ADMIN or (operation.sensitive and document and document.second_factor_required)
    factor = token.second_factor is not None or not operation.second_factor or not needs_factor
    recent = token.signed_in_at == START or not operation.recent
    return "passes" if may and verified and factor and recent else "403"


class OneVerifier:
    def __init__(self, token: Identity) -> None:
        self._token = token

    def verify(self, _: str) -> VerifiedToken:
        return VerifiedToken(self._token, START + timedelta(hours=1))


def outcome(one: Person, operation: Operation) -> str:
    token = one.token
    world = FakeWorld(
        lambda: OneVerifier(token or Identity("", None, None)),
        table=LimitTable(None),
        factor_roles={Role.ADMIN},
        users=FakeUsers(*([one.document] if one.document else [])),
    )
    if one.revoked:
        world.store.add(REVOCATIONS, Revocation.of("ana", START + timedelta(seconds=1)))
    headers = [] if token is None else [("Authorization", "Bearer x")]
    request = Request(EnvironBuilder(headers=headers).get_environ())
    try:
        world.gate.admit(request, operation, Passage("r1"))
    except NotAuthenticatedError:
        return "401"
    except ForbiddenError:
        return "403"
    return "passes"


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_passes_but_who_may(name):
    one = PEOPLE[name]
    found = {f"{op.method} {op.path}": outcome(one, op) for op in OPERATIONS}
    assert found == {f"{op.method} {op.path}": expected(one, op) for op in OPERATIONS}


def test_the_matrix_has_every_kind_of_outcome():
    seen = {expected(one, operation) for one in PEOPLE.values() for operation in OPERATIONS}
    assert seen == {"passes", "401", "403"}
