"""The life of an incident through the gateway: closing, fields, links, merges, splits and joins over HTTP."""

from __future__ import annotations

import uuid

import pytest
import requests

from tests.end_to_end.conftest import eventually

REPORT = {"title": "Odd mail", "description": "It asked for my password and named a page of ours."}
SUMMARY = "A newsletter that looked like a trap; nothing was done."


def call(backend, method, path, who=None, json=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{backend.url}/api/incidents{path}"
    return requests.request(method, url, headers=(who or {}) | named, json=json, timeout=60)


@pytest.fixture(scope="module")
def team(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


@pytest.fixture(scope="module")
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


@pytest.fixture(scope="module")
def employee(backend):
    return backend.join("Rita Reporter")


@pytest.fixture
def reported(backend, employee):
    """Reports, and waits for the analysis: it makes a version of its own."""

    def report(who=None, **changes):
        made = call(backend, "POST", "", who or employee.headers, REPORT | changes)
        assert made.status_code == 201, made.text
        path = f"/{made.json()['id']}"

        def analysed():
            found = call(backend, "GET", path, who or employee.headers).json()
            return found if found["analysis"] else None

        return eventually(analysed)

    return report


def change(backend, who, incident, **fields):
    return call(backend, "PUT", f"/{incident['id']}", who, fields, If_Match=f'"{incident["version"]}"')


def test_closing_reopening_and_the_second_of_two_editors(backend, team, reported):
    made = reported()
    refused = change(backend, team, made, status="closed")
    assert (refused.status_code, "outcome and summary" in refused.json()["detail"]) == (409, True)
    refused = change(backend, team, made, status="recovery")
    assert (refused.status_code, "analysis, closed" in refused.json()["detail"]) == (409, True)
    closed = change(backend, team, made, status="closed", outcome="legitimate", summary=SUMMARY)
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")

    stale = change(backend, team, made, title="My words")
    assert (stale.status_code, stale.headers["ETag"]) == (412, closed.headers["ETag"])
    assert stale.json()["current"] == closed.json()
    changed = {one["field"]: (one["old"], one["new"]) for one in stale.json()["changes"]}
    assert changed["status"] == ("new", "closed")
    assert changed["summary"] == (None, SUMMARY)
    assert "changed status" in stale.json()["detail"]

    assert change(backend, team, closed.json(), status="analysis").status_code == 409
    again = change(backend, team, closed.json(), status="analysis", reason="It came again")
    assert (again.status_code, again.json()["closed_at"], again.json()["outcome"]) == (200, None, "legitimate")


def test_custom_fields_from_their_definition_to_their_values(backend, team, admin, employee, reported):
    name = f"f_{uuid.uuid4().hex[:12]}"
    wanted = {"name": name, "label": "Unit", "type": "string", "options": ["Sales", "Legal"]}
    assert call(backend, "POST", "/custom-fields", team, wanted).status_code == 403
    assert call(backend, "POST", "/custom-fields", None, wanted).status_code == 401
    made = call(backend, "POST", "/custom-fields", admin, wanted)
    assert (made.status_code, made.json()["retired"]) == (201, False)
    assert call(backend, "POST", "/custom-fields", admin, wanted).status_code == 409
    listed = call(backend, "GET", "/custom-fields", employee.headers).json()["items"]
    assert name in [one["name"] for one in listed]

    bad = call(backend, "POST", "", employee.headers, REPORT | {"custom_fields": {name: "Garden", "nosuch": 1}})
    assert bad.status_code == 422
    assert {one["field"] for one in bad.json()["errors"]} == {f"custom_fields.{name}", "custom_fields.nosuch"}
    incident = reported(custom_fields={name: "Sales"})
    assert incident["custom_fields"] == {name: "Sales"}
    after = change(backend, team, incident, custom_fields={name: None})
    assert after.json()["custom_fields"] == {}
    retired = call(backend, "DELETE", f"/custom-fields/{name}", admin)
    assert (retired.status_code, retired.json()["retired"]) == (200, True)
    assert (
        call(backend, "PUT", f"/custom-fields/{name}", admin, {"label": "Department"}).json()["label"] == "Department"
    )
    assert call(backend, "DELETE", "/custom-fields/nosuch", admin).status_code == 404


def test_links_on_both_sides(backend, team, employee, reported):
    one, other = reported(), reported()
    path = f"/{one['id']}/links"
    assert (
        call(backend, "POST", path, employee.headers, {"kind": "parent", "incident_id": other["id"]}).status_code == 403
    )
    assert call(backend, "POST", path, team, {"kind": "parent"}).status_code == 422
    made = call(backend, "POST", path, team, {"kind": "parent", "reference": other["reference"]})
    assert (made.status_code, made.json()["links"]) == (200, [{"kind": "parent", "incident_id": other["id"]}])
    back = call(backend, "GET", f"/{other['id']}", team).json()
    assert back["links"] == [{"kind": "child", "incident_id": one["id"]}]
    assert call(backend, "GET", f"/{other['id']}", employee.headers).json()["links"] == []
    listed = call(backend, "GET", "", employee.headers).json()["items"]
    assert [item["links"] for item in listed if item["id"] in {one["id"], other["id"]}] == [[], []]
    circle = call(backend, "POST", f"/{other['id']}/links", team, {"kind": "related", "incident_id": other["id"]})
    assert circle.status_code == 409
    assert change(backend, team, back, confidential=True).status_code == 409
    removed = call(backend, "DELETE", f"{path}/{other['id']}", team)
    assert (removed.status_code, removed.json()["links"]) == (200, [])
    assert call(backend, "DELETE", f"{path}/{other['id']}", team).status_code == 200
    assert call(backend, "POST", path, team, {"kind": "related", "incident_id": "nosuch"}).status_code == 404


def test_merging_and_undoing(backend, team, employee, reported):
    source, target = reported(tags=["one"]), reported(tags=["two"])
    path = f"/{source['id']}/merge"
    assert call(backend, "POST", path, employee.headers, {"into": target["id"]}).status_code == 403
    merged = call(backend, "POST", path, team, {"into": target["reference"], "reason": "Same sender"})
    assert merged.status_code == 200, merged.text
    assert merged.json()["target"]["tags"] == ["two", "one"]
    assert merged.json()["source"]["merged_into"] == target["id"]
    mine = call(backend, "GET", f"/{source['id']}", employee.headers).json()
    assert (mine["status"], mine["outcome"], target["reference"] in mine["summary"]) == ("closed", "duplicate", True)
    assert call(backend, "POST", path, team, {"into": target["id"]}).json() == merged.json()
    assert change(backend, team, mine, status="analysis", reason="Not the same").status_code == 409
    undone = call(backend, "DELETE", path, team)
    assert undone.status_code == 200, undone.text
    assert (undone.json()["source"]["status"], undone.json()["target"]["tags"]) == ("new", ["two"])
    assert call(backend, "DELETE", path, team).json() == undone.json()
    assert call(backend, "DELETE", f"/{target['id']}/merge", team).status_code == 409


def test_splitting_once(backend, team, employee, reported):
    made = reported(tags=["stays", "goes"])
    body = {
        "title": "A second thing",
        "description": "It turned out to be two.",
        "reason": "Two senders",
        "tags": ["goes"],
    }
    path = f"/{made['id']}/split"
    assert call(backend, "POST", path, employee.headers, body).status_code == 403
    split = call(backend, "POST", path, team, body, Idempotency_Key="once")
    assert (split.status_code, split.json()["tags"]) == (201, ["goes"])
    again = call(backend, "POST", path, team, body, Idempotency_Key="once")
    assert (again.json()["id"], again.headers["Idempotency-Replayed"]) == (split.json()["id"], "true")
    assert (
        call(backend, "GET", split.headers["Location"].removeprefix("/api/incidents"), employee.headers).status_code
        == 200
    )
    assert call(backend, "GET", f"/{made['id']}", team).json()["tags"] == ["stays"]
    assert call(backend, "POST", path, team, body | {"tags": ["nosuch"]}).status_code == 422


def test_a_reporter_joins_what_was_reported_before(backend, team, employee, reported):
    other = backend.join("Otto Other")
    first = reported(other.headers, title="Words that are not for others", tags=["theirs"])
    mine = reported(tags=["mine"])
    path = f"/{mine['id']}/join"
    assert call(backend, "POST", path, other.headers, {"reference": first["reference"]}).status_code == 404
    joined = call(backend, "POST", path, employee.headers, {"reference": first["reference"]})
    assert (joined.status_code, joined.json()["merged_into"]) == (200, first["id"])
    assert first["reference"] in joined.json()["summary"]
    assert "theirs" not in joined.text
    assert "not for others" not in joined.text
    assert call(backend, "GET", f"/{first['id']}", employee.headers).status_code == 404
    assert call(backend, "GET", f"/{first['id']}", other.headers).json()["merged_ids"] == []
    assert call(backend, "GET", f"/{first['id']}", team).json()["merged_ids"] == [mine["id"]]


def test_a_confidential_incident_is_for_named_people(backend, team, admin, employee, reported):
    made = reported()
    refused = change(backend, team, made, access_ids=[employee.uid])
    assert refused.status_code == 422
    assert change(backend, team, made, confidential=True, access_ids=["nobody"]).status_code == 422
    kept = change(backend, team, made, confidential=True)
    assert kept.status_code == 200, kept.text
    assert call(backend, "GET", f"/{made['id']}", admin).status_code == 404
    assert call(backend, "POST", f"/{made['id']}/merge", admin, {"into": made["id"]}).status_code == 404
    assert call(backend, "GET", f"/{made['id']}", employee.headers).status_code == 200
    lifted = change(backend, team, kept.json(), confidential=False)
    assert (lifted.status_code, lifted.json()["access_ids"]) == (200, [])
    assert call(backend, "GET", f"/{made['id']}", admin).status_code == 200
    unworkable = call(backend, "POST", "", employee.headers, REPORT | {"confidential": True})
    assert unworkable.status_code == 422
