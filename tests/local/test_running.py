"""What a running backend does: answers, logs, follows the code."""

from __future__ import annotations

import json
import stat

import pytest
import requests

from tests.local.conftest import PATIENCE, READY

pytestmark = pytest.mark.slow


def get(url):
    return requests.get(url, timeout=PATIENCE)


def test_its_last_word_is_where_it_is(running):
    _, backend = running
    ready = [line for line in backend.output if line.startswith(READY)]
    assert ready == [f"{READY}{backend.url}"]
    before = backend.output[: backend.output.index(ready[0])]
    for address in (backend.env["FIRESTORE_EMULATOR_HOST"], backend.env["SECURA_MAIL_URL"]):
        assert any(address in line for line in before)


def test_other_programs_find_the_services_by_the_official_variables(running):
    _, backend = running
    assert {
        "FIRESTORE_EMULATOR_HOST",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "PUBSUB_EMULATOR_HOST",
        "GOOGLE_CLOUD_PROJECT",
    } <= {*backend.env}
    assert backend.env["STORAGE_EMULATOR_HOST"].startswith("http://")
    assert stat.S_IMODE((backend.data / "env").stat().st_mode) == 0o600


def test_requests_go_through_the_gateway_to_the_function(running):
    _, backend = running
    assert get(f"{backend.url}/api/some/path").json()["path"] == "/api/some/path"
    assert get(f"{backend.url}/nowhere").status_code == 404


def test_settings_of_the_local_file_reach_the_functions_and_the_rest_stays(running):
    _, backend = running
    answer = get(backend.url).json()
    assert answer["setting"] == "from the file"
    assert answer["mail"] == backend.env["SECURA_MAIL_URL"]


def test_a_function_that_cannot_start_is_named_and_stops_no_other(running):
    _, backend = running
    assert any(line.startswith("Not running") and line.endswith(": absent") for line in backend.output)
    assert get(backend.url).status_code == 200


def test_a_function_s_log_is_shown_readably_and_kept_as_it_was(running):
    _, backend = running
    get(f"{backend.url}/api/log")
    backend.until(lambda lines: any(line.split() == ["02:00:00", "echo", "watch", "out"] for line in lines))
    kept = [json.loads(line) for line in (backend.data / "logs" / "functions.jsonl").read_text().splitlines()]
    assert {"function": "echo", "severity": "WARNING", "message": "watch out"}.items() <= next(
        entry for entry in kept if entry["message"] == "watch out"
    ).items()
