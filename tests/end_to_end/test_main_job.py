"""The main job through the gateway: reported, analysed, mailed; and what must not happen on the way."""

from __future__ import annotations

import pytest
import requests

from tests.end_to_end.conftest import eventually

REPORT = {
    "title": "Files end in .locked",
    "description": "All files on the server are encrypted, a note demands bitcoin. It holds 1,200 patient records.",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def employee(backend):
    return backend.sign_in("employee1@secura.com", "SecuraEmployee123!")


@pytest.fixture(scope="session")
def analyst(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


def report(backend, who, **changes):
    headers = who | changes.pop("headers", {})
    return requests.post(f"{backend.url}/api/incidents", json=REPORT | changes, headers=headers, timeout=60)


def analysed(backend, who, incident_id):
    def probe():
        found = requests.get(f"{backend.url}/api/incidents/{incident_id}", headers=who, timeout=60).json()
        return found if found["analysis"] else None

    return eventually(probe)


def mails_about(backend, reference):
    """The mails to the team about an analysis."""
    subjects = ((mail, str(mail["subject"])) for mail in backend.mails())
    return [mail for mail, subject in subjects if reference in subject and subject.startswith("[TLP:")]


def test_a_report_is_analysed_and_the_team_is_mailed_once(backend, employee):
    answer = report(backend, employee)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["status"], made["analysis"], answer.headers["ETag"]) == ("new", None, '"1"')

    after = analysed(backend, employee, made["id"])
    assert after["category"] == "ransomware"
    assert after["severity"] in {"high", "critical"}
    assert after["provenance"] == {"category": "ai", "severity": "ai", "priority": "ai"}
    assert after["analysis"]["severity"]["factors"]
    assert after["analysis"]["categorization"]["evidence"]

    (mail,) = eventually(lambda: mails_about(backend, made["reference"]))
    assert "employee1@secura.com" not in str(mail)
    assert len(mails_about(backend, made["reference"])) == 1


def test_a_retried_report_is_one_incident(backend, employee):
    key = {"Idempotency-Key": "retry-me"}
    first, second = (report(backend, employee, title="Sent twice", headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert report(backend, employee, title="Another", headers=key).status_code == 422


def test_an_employee_sees_their_own_and_the_team_sees_all(backend, employee, analyst):
    other = backend.sign_in("employee2@secura.com", "SecuraEmployee234!")
    incident_id = report(backend, employee).json()["id"]
    url = f"{backend.url}/api/incidents/{incident_id}"
    assert requests.get(url, headers=other, timeout=60).status_code == 404
    assert requests.get(url, headers=analyst, timeout=60).status_code == 200
    assert requests.get(url, timeout=60).status_code == 401
    listed = requests.get(f"{backend.url}/api/incidents", headers=other, timeout=60).json()["items"]
    assert incident_id not in {item["id"] for item in listed}


def test_the_second_of_two_editors_gets_412(backend, analyst):
    made = report(backend, analyst, notify=False).json()
    version = analysed(backend, analyst, made["id"])["version"]
    url = f"{backend.url}/api/incidents/{made['id']}"
    change = {"status": "analysis"}
    first = requests.put(url, json=change, headers=analyst | {"If-Match": f'"{version}"'}, timeout=60)
    second = requests.put(url, json={"priority": "low"}, headers=analyst | {"If-Match": f'"{version}"'}, timeout=60)
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.headers["ETag"] == f'"{version + 1}"'
    assert requests.put(url, json=change, headers=analyst, timeout=60).status_code == 428


def test_changed_words_are_analysed_again_and_nobody_is_mailed_twice(backend, employee):
    made = report(backend, employee, title="First words").json()
    version = analysed(backend, employee, made["id"])["version"]
    eventually(lambda: mails_about(backend, made["reference"]))
    changed = requests.put(
        f"{backend.url}/api/incidents/{made['id']}",
        json={"title": "Lost laptop", "description": "I left my laptop on the train. It is lost."},
        headers=employee | {"If-Match": f'"{version}"'},
        timeout=60,
    )
    assert changed.status_code == 200

    def again():
        found = requests.get(f"{backend.url}/api/incidents/{made['id']}", headers=employee, timeout=60).json()
        return found if found["category"] == "lost_or_stolen" else None

    eventually(again)
    assert len(mails_about(backend, made["reference"])) == 1


def test_joining_signing_in_and_ones_own_profile(backend):
    who = backend.join().headers
    profile = requests.put(
        f"{backend.url}/api/auth/profile", json={"time_zone": "Europe/Berlin"}, headers=who, timeout=60
    ).json()
    assert (profile["time_zone"], profile["role"]) == ("Europe/Berlin", "employee")
    token = who["Authorization"].removeprefix("Bearer ")
    verified = requests.post(f"{backend.url}/api/auth/verify-token", json={"token": token}, timeout=60).json()
    assert (verified["valid"], verified["role"]) == (True, "employee")
    forged = requests.post(f"{backend.url}/api/auth/verify-token", json={"token": token[:-4] + "!!!!"}, timeout=60)
    assert forged.json()["valid"] is False


@pytest.mark.parametrize(
    "path",
    [
        "/__id__",
        "/%2e%2e",
        "/a%2fb",
        "/%00",
        "/%c3%a9",
        "/" + "a" * 2000,
        "?cursor=rubbish",
        "?cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzA1OjAwIiwiX19hX18iXQ",
        "?cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwiX19hX18iXQ",
        "?from=0001-01-01T00:00:00%2B05:00",
        "?from=yesterday",
        "?assignee=a/b",
        "?limit=0",
        "?limit=101",
        "?status=gone",
        "?q=**",
        "?unknown=1",
    ],
)
def test_hostile_ids_cursors_and_filters_are_the_callers_mistake(backend, analyst, path):
    answer = requests.get(f"{backend.url}/api/incidents{path}", headers=analyst, timeout=60)
    assert answer.status_code in {404, 422}, answer.text


@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/docs/swagger-ui-bundle.js", "/openapi.json"])
def test_public_pages_answer(backend, path):
    assert requests.get(f"{backend.url}{path}", timeout=60).status_code == 200


def test_unknown_paths_are_problems(backend):
    answer = requests.get(f"{backend.url}/api/nothing", timeout=60)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/problem+json")
