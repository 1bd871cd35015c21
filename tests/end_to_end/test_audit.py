"""The trail through the gateway: recorded, read, sealed by the schedule, exported, verified by the script."""

from __future__ import annotations

import json
import subprocess

import pytest
import requests

from tests.conftest import ROOT
from tests.end_to_end.conftest import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


def get(backend, path, who):
    return requests.get(f"{backend.url}{path}", headers=who, timeout=60)


def verify(backend, export, *more):
    command = [ROOT / "scripts" / "verify_audit", export, "--data", backend.data, "--json", *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own program


def seal(backend):
    """A run of the schedule, or the one that is going on."""
    hub = f"http://{backend.env['FIREBASE_EMULATOR_HUB']}/emulator/v1"
    ran = requests.post(f"{hub}/schedules/audit_sealing:run", timeout=120)
    assert ran.status_code in {200, 409}, ran.text


def test_a_change_is_recorded_with_who_from_where_and_what(backend, admin):
    pat = backend.join()
    answer = requests.put(
        f"{backend.url}/api/auth/profile", json={"phone": "+4930123456"}, headers=pat.headers, timeout=60
    )
    request_id = answer.headers["X-Request-Id"]
    (entry,) = get(backend, f"/api/audit?request_id={request_id}", admin).json()["items"]
    assert (entry["action"], entry["actor"]["id"], entry["subject"]) == ("user:profile_changed", pat.uid, pat.uid)
    assert entry["address"] == "127.0.0.1"
    assert [(c["field"], c["old"], c["new"]) for c in entry["changes"]] == [("phone", '""', '"+4930123456"')]
    assert entry["recorded_at"]
    assert get(backend, "/api/audit", pat.headers).status_code == 403


def test_what_the_trail_says_of_an_erased_person_cannot_be_read(backend, admin):
    pat = backend.join()
    requests.delete(f"{backend.url}/api/auth/account", headers=pat.headers, timeout=60).raise_for_status()
    entries = get(backend, f"/api/audit?subject={pat.uid}", admin).json()["items"]
    registered = next(entry for entry in entries if entry["action"] == "user:registered")
    assert registered["erased"]
    assert registered["address"] is None
    assert {change["new"] for change in registered["changes"] if change["personal"]} == {None}
    assert pat.address not in str(entries)


def test_the_sealed_trail_is_proven_offline_and_a_changed_entry_is_named(backend, admin, tmp_path):
    report = {"title": "Odd login page", "description": "A page that looked like ours asked for my password."}
    made = requests.post(f"{backend.url}/api/incidents", json=report, headers=admin, timeout=60)
    assert made.status_code == 201

    def sealed():
        seal(backend)
        found = get(backend, "/api/audit?format=jsonl", admin).text.splitlines()
        last = max((n for n, line in enumerate(found) if line.startswith('{"seal"')), default=0)
        return found if any(made.json()["id"] in line for line in found[:last]) else None

    lines = eventually(sealed)
    export = tmp_path / "audit.jsonl"
    export.write_text("\n".join(lines))
    proven = verify(backend, export)
    assert proven.returncode == 0, proven.stdout + proven.stderr
    verdict = json.loads(proven.stdout)
    assert verdict["sealed"] > 0
    head = get(backend, "/api/audit/head", admin).json()
    assert verify(backend, export, "--public-key", head["public_key"]).returncode == 0

    place = next(n for n, line in enumerate(lines) if line.startswith('{"entry"'))
    changed = json.loads(lines[place])
    changed["entry"]["actor"]["id"] = "somebody-else"
    export.write_text("\n".join([*lines[:place], json.dumps(changed), *lines[place + 1 :]]))
    broken = verify(backend, export)
    assert broken.returncode == 1
    assert json.loads(broken.stdout)["finding"]["id"] == changed["entry"]["id"]

    export.write_text("\n".join(lines[:-1]))
    assert verify(backend, export).returncode == 2
    export.write_text("nothing of ours\n")
    assert verify(backend, export).returncode == 2
    assert verify(backend, tmp_path / "missing.jsonl").returncode == 2
