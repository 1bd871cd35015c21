from __future__ import annotations

import pytest

import main
from scripts.permission_table import _operations
from shared.domain.permissions import PURPOSES, ROLE_PERMISSIONS, Permission, Role
from tests.conftest import ROOT


def test_every_role_and_permission_is_in_the_table():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(PURPOSES) == set(Permission)
    assert frozenset().union(*ROLE_PERMISSIONS.values()) == set(Permission)


def test_the_team_can_what_employees_can_but_apply_and_admins_all_the_team_can():
    employee, team, admin = (ROLE_PERMISSIONS[role] for role in Role)
    assert employee - team == {Permission.APPLICATION_CREATE}
    assert team < admin


# Checked inside a use case, on the whole request, beside the permission that the operation names.
_INSIDE = {
    Permission.INCIDENT_READ_ALL,
    Permission.INCIDENT_UPDATE_ALL,
    Permission.INCIDENT_IMPORT,
    Permission.MESSAGE_MODERATE,
    Permission.ROTA_MANAGE,
}


def test_every_permission_is_asked_for_somewhere():
    asked = {operation.permission for operation in _operations()} - {None}
    assert asked | _INSIDE == set(Permission)
    code = "".join(
        path.read_text() for part in ("domain", "services") for path in (ROOT / "shared" / part).rglob("*.py")
    )
    assert all(f"(Permission.{permission.name})" in code for permission in _INSIDE)


PUBLIC = {
    "GET /",
    "GET /health",
    "GET /docs",
    "GET /docs/{name}",
    "GET /openapi.json",
    "POST /api/auth/register",
    "POST /api/auth/verify-token",
    "GET /api/incidents/reply",
    "GET /api/incidents/{id}/evidence/{evidence_id}/content",
    "POST /api/incidents/reply",
    # An ordinary request is told that this is a WebSocket, which asks for a token in its first message.
    "GET /api/incidents/ws/{user_id}",
}


def test_what_anybody_may_call_is_written_down_here():
    assert {f"{one.method} {one.path}" for one in _operations() if one.permission is None} == PUBLIC


@pytest.mark.parametrize("operation", [one for one in _operations() if "/admin/" in one.path], ids=lambda one: one.path)
def test_administrators_calls_read_the_user_document_and_are_theirs_alone(operation):
    assert operation.sensitive
    assert operation.verified
    assert operation.permission in ROLE_PERMISSIONS[Role.ADMIN] - ROLE_PERMISSIONS[Role.SECURITY_TEAM]


def test_every_function_is_listed_by_its_name():
    assert all(path.rsplit(".", 1)[1] == name for name, path in main.FUNCTIONS.items())
