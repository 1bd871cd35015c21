"""Observables through the gateway: found in a report, seen by others, changed by hand, exported, known good."""

from __future__ import annotations

import csv
import io
import json
import uuid

import pytest
import requests

from tests.end_to_end.conftest import eventually

LIST = "/api/known-good"


def call(backend, method, path, who, **more):
    return requests.request(method, f"{backend.url}{path}", headers=who, timeout=60, **more)


@pytest.fixture
def analyst(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


@pytest.fixture
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


def report(backend, who, description, **more):
    body = {"title": "Odd mail", "description": description, "notify": True, **more}
    made = call(backend, "POST", "/api/incidents", who, json=body)
    assert made.status_code == 201, made.text
    return made.json()


def observables(backend, who, incident, **query):
    return call(backend, "GET", f"/api/incidents/{incident['id']}/observables", who, params=query)


def test_what_a_report_names_is_found_and_seen_in_others(backend, analyst):
    name = f"x{uuid.uuid4().hex[:12]}.evil-shop.net"
    defanged = name.replace(".", "[.]")
    first, second = backend.join(), backend.join()
    mine = report(backend, first.headers, f"It led to hxxps://{defanged}/login, from 10.1.2.3 at 12:30:45.")
    assert [(one["type"], one["value"]) for one in mine["observables"]] == [
        ("url", f"https://{name}/login"),
        ("domain", name),
        ("ip", "10.1.2.3"),
    ]
    other = report(backend, second.headers, f"I got a link to {name} by mail.")
    secret = report(backend, analyst, f"Somebody of us owns {name}, it seems.", confidential=True)

    def seen(who, incident):
        items = observables(backend, who, incident).json()["items"]
        return next(one["sightings"] for one in items if one["value"] == name)

    assert seen(first.headers, mine) == {"count": 1, "others": []}
    by_team = seen(analyst, mine)
    assert by_team["count"] == 3
    assert {one["incident_id"] for one in by_team["others"]} == {other["id"], secret["id"]}
    colleague = backend.sign_in("analyst2@secura.com", "SecuraAnalyst234!")
    assert seen(colleague, mine)["count"] == 2
    assert [one["reference"] for one in seen(colleague, mine)["others"]] == [other["reference"]]
    items = observables(backend, analyst, mine).json()["items"]
    assert [(one["known_good"], one["sightings"]) for one in items if one["type"] == "ip"] == [(True, None)]
    assert observables(backend, second.headers, mine).status_code == 404
    assert observables(backend, colleague, secret).status_code == 404


def test_the_team_adds_and_removes_and_each_change_is_recorded(backend, analyst, admin):
    person = backend.join()
    incident = report(backend, person.headers, "Something is odd with my laptop today.")

    def analyzed():
        now = call(backend, "GET", f"/api/incidents/{incident['id']}", analyst).json()
        return now["version"] if now["analysis"] else None

    # The analysis makes a version of its own, a moment after the report.
    first, second = (f'"{eventually(analyzed) + more}"' for more in (1, 2))
    path = f"/api/incidents/{incident['id']}/observables"
    added = call(backend, "POST", path, analyst, json={"value": "evil[.]net", "tlp": "RED"})
    assert (added.status_code, added.headers["ETag"]) == (201, first)
    assert {name: added.json()[name] for name in ("type", "value", "tlp", "source")} == {
        "type": "domain",
        "value": "evil.net",
        "tlp": "RED",
        "source": "team",
    }
    again = call(backend, "POST", path, analyst, json={"value": "EVIL.net"})
    assert (again.status_code, again.headers["ETag"], again.json()) == (200, first, added.json())
    wrong = call(backend, "POST", path, analyst, json={"value": "evil.net", "type": "ip"})
    assert (wrong.status_code, [one["field"] for one in wrong.json()["errors"]]) == (422, ["value"])
    assert call(backend, "POST", path, person.headers, json={"value": "evil.net"}).status_code == 403
    removal = {"type": "domain", "value": "evil[.]net"}
    assert call(backend, "DELETE", path, person.headers, params=removal).status_code == 403
    removed = call(backend, "DELETE", path, analyst, params=removal)
    assert (removed.status_code, removed.headers["ETag"], removed.content) == (204, second, b"")
    assert call(backend, "DELETE", path, analyst, params=removal).status_code == 404
    trail = call(backend, "GET", "/api/audit", admin, params={"target_id": incident["id"]}).json()["items"]
    actions = [entry["action"] for entry in trail if entry["action"].startswith("observable:")]
    assert actions == ["observable:removed", "observable:added"]


def test_all_of_them_as_a_file_and_in_pages(backend, analyst):
    incident = report(backend, analyst, "See evil[.]net, a@evil.net, setup.exe, =cmd.exe and CVE-2021-44228.")
    table = observables(backend, analyst, incident, format="csv", defanged="true")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [(row["type"], row["value"]) for row in rows] == [
        ("cve", "CVE-2021-44228"),
        ("domain", "evil[.]net"),
        ("filename", "cmd.exe"),
        ("filename", "setup.exe"),
        ("mail", "a[at]evil[.]net"),
    ]
    bundle = observables(backend, analyst, incident, format="stix")
    kinds = [one["type"] for one in json.loads(bundle.content)["objects"]]
    assert kinds == ["marking-definition", "vulnerability", "domain-name", "file", "file", "email-addr"]
    seen, query = [], {"limit": 2}
    while True:
        page = observables(backend, analyst, incident, **query).json()
        seen += [one["value"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == ["CVE-2021-44228", "evil.net", "cmd.exe", "setup.exe", "a@evil.net"]
    assert observables(backend, analyst, incident, cursor="x").status_code == 422


def test_the_list_of_harmless_values_is_the_administrators(backend, analyst, admin):
    name = f"corp-{uuid.uuid4().hex[:12]}.de"
    body = {"type": "domain", "value": name.replace(".", "[.]"), "note": "our own"}
    assert call(backend, "POST", LIST, analyst, json=body).status_code == 403
    made = call(backend, "POST", LIST, admin, json=body)
    assert (made.status_code, made.json()["value"]) == (201, name)
    again = call(backend, "POST", LIST, admin, json=body)
    assert (again.status_code, again.json()) == (200, made.json())
    assert call(backend, "GET", LIST, backend.join().headers).status_code == 403
    assert name in [one["value"] for one in call(backend, "GET", f"{LIST}?limit=100", analyst).json()["items"]]
    wide = call(backend, "POST", LIST, admin, json={"type": "ip", "value": "0.0.0.0/0"})
    assert wide.status_code == 422
    path = f"{LIST}/{made.json()['id']}"
    assert call(backend, "DELETE", path, analyst).status_code == 403
    assert call(backend, "DELETE", path, admin).status_code == 204
    assert call(backend, "DELETE", path, admin).status_code == 404
