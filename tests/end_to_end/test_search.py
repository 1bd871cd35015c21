"""Saved filters and "this looks like one we know", through the gateway."""

from __future__ import annotations

import uuid

import pytest
import requests


def call(backend, method, path, who, json=None):
    return requests.request(method, f"{backend.url}/api/incidents{path}", headers=who, json=json, timeout=60)


@pytest.fixture(scope="module")
def team(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


def test_a_filter_is_saved_and_finds_what_its_query_finds(backend, team):
    tag = f"t{uuid.uuid4().hex[:8]}"
    report = {"title": "Tagged", "description": "Something to be found by its tag.", "tags": [tag]}
    made = call(backend, "POST", "", team, report).json()
    wanted = {"name": f"Tag {tag}", "query": {"tag": tag.upper(), "last_days": 1}}
    saved = call(backend, "POST", "/filters", team, wanted)
    assert saved.status_code == 201, saved.text
    assert call(backend, "POST", "/filters", team, wanted).status_code == 200
    query = "&".join(f"{name}={value}" for name, value in saved.json()["query"].items())
    assert [one["id"] for one in call(backend, "GET", f"?{query}", team).json()["items"]] == [made["id"]]
    path = f"/filters/{saved.json()['id']}"
    assert call(backend, "PUT", path, team, wanted | {"query": {"q": "**"}}).status_code == 422
    assert call(backend, "PUT", path, team, wanted | {"shared": True}).json()["shared"] is True
    others = call(backend, "GET", "/filters", backend.join("Ed Employee").headers).json()
    assert others == {"items": []}
    assert call(backend, "DELETE", path, team).status_code == 204
    assert call(backend, "DELETE", path, team).status_code == 404


def test_who_reports_is_told_of_the_same_and_joins_it(backend, team):
    mark = uuid.uuid4().hex[:10]
    words = f"A mail by billing-{mark}.net told me to pay the invoice of the caterer to a new bank account."
    first = backend.join("Finn First")
    made = call(backend, "POST", "", first.headers, {"title": "Invoice mail", "description": words}).json()
    second = backend.join("Sue Second")
    mine = {"title": "Caterer invoice", "description": f"{words} I have not paid it."}
    asked = call(backend, "POST", "/duplicates", second.headers, mine)
    assert asked.status_code == 200, asked.text
    (told,) = asked.json()["items"]
    assert (told["reference"], told["title"], told["status"]) == (made["reference"], None, None)
    reported = call(backend, "POST", "", second.headers, mine)
    assert reported.status_code == 201, reported.text
    (again,) = reported.json()["possible_duplicates"]
    assert again["incident_id"] == made["id"]
    joined = call(backend, "POST", f"/{reported.json()['id']}/join", second.headers, {"reference": again["reference"]})
    assert joined.status_code == 200, joined.text
    assert joined.json()["merged_into"] == made["id"]
    left = call(backend, "POST", "/duplicates", team, mine).json()["items"]
    assert [one["title"] for one in left] == ["Invoice mail"]


def test_a_question_that_is_no_report_is_refused(backend, team):
    assert call(backend, "POST", "/duplicates", team, {"title": "x"}).status_code == 422
    assert requests.post(f"{backend.url}/api/incidents/duplicates", json={}, timeout=60).status_code == 401
