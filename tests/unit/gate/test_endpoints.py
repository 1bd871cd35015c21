"""Every function that is deployed: which stand behind the gate, and what they ask of it."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import main
from shared import bootstrap
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.contract import document
from tests.conftest import ROOT

PLATFORM = {"api_docs", "api_health", "api_root"}
HTTP = {name: path for name, path in main.FUNCTIONS.items() if path.startswith("functions.http.")}
ENDPOINTS = {name: import_module(path).ENDPOINT for name, path in HTTP.items()}
OPERATIONS = [(name, operation) for name, endpoint in ENDPOINTS.items() for operation in endpoint.operations]


@pytest.mark.parametrize("name", sorted(HTTP))
def test_everything_but_the_platforms_own_pages_stands_behind_the_gate(name):
    assert ENDPOINTS[name].gate is (None if name in PLATFORM else bootstrap.gate)


def test_who_administers_is_looked_up():
    administrative = {
        Permission.APPLICATION_REVIEW,
        Permission.USER_READ,
        Permission.TEAM_MANAGE,
        Permission.ACCESS_READ,
        Permission.AUDIT_READ,
    }
    asking = [(name, one) for name, one in OPERATIONS if one.permission in administrative]
    assert asking
    assert [name for name, one in asking if not one.sensitive] == []


def test_whoever_has_no_account_yet_is_limited_strictly():
    public = [one for name, one in OPERATIONS if one.permission is None and name not in PLATFORM]
    # A signed link leads there, which somebody got who has an account.
    assert {one.path for one in public if one.limit_class is not LimitClass.AUTH} == {
        "/api/incidents/{id}/evidence/{evidence_id}/content"
    }


def test_the_contract_tells_of_limits():
    paths = document(ENDPOINTS.values(), "1")["paths"]
    for name, operation in OPERATIONS:
        answers = paths[operation.path][operation.method.lower()]["responses"]
        assert ("429" in answers) == (name not in PLATFORM)
        if "429" in answers:
            assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(answers["429"]["headers"])
            assert "401" in answers


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PLATFORM))
def test_the_platforms_own_pages_need_no_database_and_check_no_tokens(name):
    probe = f"import sys, {HTTP[name]}; print(*sorted(sys.modules))"
    result = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env={"GOOGLE_CLOUD_PROJECT": "demo-test", "PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(result.stdout.split())
    assert "shared.entry.endpoint" in loaded
    assert not loaded & {"google.cloud.firestore", "google.cloud.pubsub_v1", "shared.adapters.signed_tokens"}
