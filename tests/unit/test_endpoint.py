from __future__ import annotations

import json
from http import HTTPStatus

import pytest
from flask import Flask, Response, request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.domain.base import Model
from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    PreconditionRequiredError,
    UnavailableError,
    VersionConflictError,
)
from shared.domain.limits import LimitTable
from shared.domain.permissions import Permission
from shared.entry.endpoint import MAX_BODY, Answer, Call, Endpoint, Operation
from shared.settings import Settings
from tests.access_fakes import FakeWorld
from tests.fakes import FakeVerifier

SETTINGS = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test"})
FAILURES: dict[str, Exception] = {
    "forbidden": ForbiddenError("not you"),
    "gone": NotFoundError("nothing there"),
    "conflict": ConflictError("not now"),
    "version": VersionConflictError(1, 2),
    "stale": VersionConflictError(1, 2, "ana changed it", {"title": "B"}, [{"field": "title", "old": "A", "new": "B"}]),
    "precondition": PreconditionRequiredError("say which"),
    "invalid": InvalidInputError("not so", {"colour": "too blue"}),
    "unavailable": UnavailableError("later"),
    "bug": ZeroDivisionError("secret detail"),
}


class Thing(Model):
    name: str
    size: int = 1


class Page(Model):
    limit: int = 20


class Said(BaseModel):
    uid: str = ""
    name: str = ""
    limit: int = 0
    key: str | None = None


def make(call: Call[Thing, None]) -> Answer:
    return Answer(Said(uid=call.identity.uid, name=call.body.name, key=call.idempotency_key), HTTPStatus.CREATED)


def find(call: Call[None, Page]) -> Answer:
    return Answer(Said(limit=call.query.limit))


def fail(call: Call[None, None]) -> Answer:
    raise FAILURES[call.path["kind"]]


def whole(_: Call[None, None]) -> Answer:
    return Answer(Response("<p>hello</p>", content_type="text/html"), headers={"X-Extra": "1"})


WORLD = FakeWorld(FakeVerifier, table=LimitTable(None))
ENDPOINT = Endpoint(
    "things",
    Operation("POST", "/things", make, "Make", returns=Said, body=Thing, permission=Permission.INCIDENT_IMPORT),
    Operation("GET", "/things", find, "Find", returns=Said, query=Page),
    Operation("GET", "/fail/{kind}", fail, "Fail", returns=None),
    Operation("GET", "/page", whole, "A page", returns=None),
    settings=lambda: SETTINGS,
    gate=lambda: WORLD.gate,
)


@pytest.fixture
def client():
    app = Flask(__name__)
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
    app.add_url_rule("/", "root", lambda: ENDPOINT(request), methods=methods, provide_automatic_options=False)
    app.add_url_rule("/<path:_>", "rest", lambda _: ENDPOINT(request), methods=methods, provide_automatic_options=False)
    return app.test_client()


TEAM = {"Authorization": "Bearer security_team:ana"}


def test_a_good_request_is_answered(client):
    answer = client.post("/things", json={"name": " x "}, headers={**TEAM, "Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert answer.json == {"uid": "ana", "name": "x", "limit": 0, "key": "k"}


def test_query_parameters_are_decoded_and_unknown_or_repeated_ones_refused(client):
    assert client.get("/things?limit=7").json["limit"] == 7
    assert client.get("/things?limit=many").json["errors"][0]["field"] == "limit"
    assert client.get("/things?colour=blue").status_code == 422
    assert client.get("/things?limit=1&limit=2").status_code == 422
    assert client.get("/page?x=1").status_code == 422


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic security_team:ana", "Bearer forged"])
def test_without_a_good_token_nobody_is_let_in(client, header):
    answer = client.post("/things", json={"name": "x"}, headers={"Authorization": header} if header is not None else {})
    assert answer.status_code == 401
    assert answer.json["detail"] == "Not authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_role_has_to_carry_the_permission(client):
    answer = client.post("/things", json={"name": "x"}, headers={"Authorization": "Bearer employee:emp"})
    assert answer.status_code == 403
    assert "incident:import" in answer.json["detail"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"name": 7}', "application/json", 422),
        (b'{"name": "x", "role": "admin"}', "application/json", 422),
        (b'{"name": "x"}', "text/plain", 415),
        (b'{"name": "' + b"x" * MAX_BODY + b'"}', "application/json", 413),
    ],
)
def test_unusable_bodies_are_refused(client, body, content_type, status):
    answer = client.post("/things", data=body, content_type=content_type, headers=TEAM)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("key", ["x" * 256, "naïve"])
def test_an_unusable_idempotency_key_is_refused(client, key):
    answer = client.post(
        "/things", json={"name": "x"}, headers={**TEAM, "Idempotency-Key": key.encode().decode("latin-1")}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("forbidden", 403),
        ("gone", 404),
        ("conflict", 409),
        ("version", 412),
        ("precondition", 428),
        ("invalid", 422),
        ("unavailable", 503),
        ("bug", 500),
    ],
)
def test_every_failure_is_a_problem_with_the_id_of_its_request(client, kind, status):
    answer = client.get(f"/fail/{kind}")
    assert answer.status_code == answer.json["status"] == status
    assert set(answer.json) == {"type", "title", "status", "detail", "request_id", "errors"}
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert "secret detail" not in answer.text


def test_a_conflict_of_versions_tells_the_stored_one(client):
    assert client.get("/fail/version").headers["ETag"] == '"2"'


def test_a_conflict_of_versions_shows_what_is_there_now_and_what_others_changed(client):
    answer = client.get("/fail/stale").json
    assert answer["detail"].endswith("your change was made on version 1: ana changed it")
    assert answer["current"] == {"title": "B"}
    assert answer["changes"] == [{"field": "title", "old": "A", "new": "B"}]


def test_unknown_paths_and_methods_are_problems(client):
    assert client.get("/nowhere").status_code == 404
    refused = client.delete("/things")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "POST"}


def test_a_ready_response_passes_through(client):
    answer = client.get("/page")
    assert (answer.text, answer.headers["X-Extra"]) == ("<p>hello</p>", "1")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


TRACE = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "header",
    [("traceparent", f"00-{TRACE}-0123456789abcdef-01"), ("X-Cloud-Trace-Context", f"{TRACE}/123;o=1")],
)
def test_the_trace_of_the_caller_is_kept(client, header):
    assert client.get("/things", headers=[header]).headers["X-Request-Id"] == TRACE


def test_the_log_names_function_trace_and_person_and_nothing_they_sent(client, capsys):
    client.post("/things", json={"name": "personal-detail"}, headers=TEAM)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["function"] == "things"
    assert lines[-1]["user_id"] == "ana"
    assert lines[-1]["severity"] == "INFO"
    assert lines[-1]["logging.googleapis.com/trace"].startswith("projects/demo-test/traces/")
    assert "personal-detail" not in json.dumps(lines)
    assert "security_team:ana" not in json.dumps(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/plain", ""]))
def test_no_body_makes_the_server_fail(client, body, content_type):
    assert client.post("/things", data=body, content_type=content_type, headers=TEAM).status_code < 500
