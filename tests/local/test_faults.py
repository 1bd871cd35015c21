"""What the embedded services are told (rules, indexes) and what they order: functions killed in mid-handler."""

from __future__ import annotations

import json

import pytest
import requests

from tests.local.conftest import PATIENCE

pytestmark = pytest.mark.slow

KILL = {"x-emulator-fault": "kill; after=0.05"}


def host_of(backend):
    """The address of functions, as the table shows it."""
    (line,) = [line for line in backend.output if "REGION/FUNCTION" in line]
    return next(word for word in line.split() if word.startswith("http://")).removesuffix("/REGION/FUNCTION")


def test_a_function_is_killed_in_mid_handler_and_the_next_request_meets_a_new_one(running):
    _, backend = running
    url = f"{host_of(backend)}/europe-west1/echo"
    first = requests.get(url, timeout=PATIENCE).json()["pid"]
    killed = requests.get(f"{url}/slow", headers=KILL, timeout=PATIENCE)
    assert killed.status_code == 502
    assert "ended before it had answered" in killed.json()["detail"]
    assert requests.get(url, timeout=PATIENCE).json()["pid"] != first


def test_a_function_that_answers_in_time_survives(running):
    _, backend = running
    url = f"{host_of(backend)}/europe-west1/echo"
    order = {"x-emulator-fault": "kill; after=60"}
    first = requests.get(url, headers=order, timeout=PATIENCE).json()
    assert first["fault"] is None
    assert requests.get(f"{url}/slow", timeout=PATIENCE).json()["pid"] == first["pid"]


def test_nobody_can_order_it_through_the_gateway(running):
    _, backend = running
    answer = requests.get(f"{backend.url}/api/slow", headers=KILL, timeout=PATIENCE)
    assert answer.status_code == 200
    assert answer.json()["fault"] is None


def test_the_control_address_is_shown_and_serves(running):
    _, backend = running
    hub = backend.env["FIREBASE_EMULATOR_HUB"]
    assert any(f"http://{hub}/emulator/v1" in line for line in backend.output)
    listed = requests.get(f"http://{hub}/emulators", timeout=PATIENCE).json()
    assert f"127.0.0.1:{listed['firestore']['port']}" == backend.env["FIRESTORE_EMULATOR_HOST"]


def test_the_services_get_the_files_that_are_deployed_beside_the_code(project):
    (project.root / "firestore.rules").write_text("service cloud.firestore { match /a/b { allow read; } }")
    (project.root / "firestore.indexes.json").write_text('{"indexes": [], "fieldOverrides": []}')
    config = json.loads((project.root / "firebase.json").read_text())
    config["firestore"] = {"rules": "firestore.rules", "indexes": "firestore.indexes.json"}
    (project.root / "firebase.json").write_text(json.dumps(config))
    backend = project.start().ready()
    hub = backend.env["FIREBASE_EMULATOR_HUB"]
    rules = requests.get(f"http://{hub}/emulator/v1/projects/demo-secura:securityRules", timeout=PATIENCE)
    assert "match /a/b" in rules.text
    assert backend.end() == 0


def test_indexes_that_cannot_be_read_are_named(project):
    config = json.loads((project.root / "firebase.json").read_text())
    config["firestore"] = {"indexes": "absent.json"}
    (project.root / "firebase.json").write_text(json.dumps(config))
    backend = project.start()
    assert backend.ended() == 2
    assert any("absent.json" in line for line in backend.output)
