"""The whole gate in front of an endpoint, over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.domain.errors import ForbiddenError, NotAuthenticatedError
from shared.domain.limits import LimitClass, LimitTable
from shared.domain.people import Identity, VerifiedToken
from shared.domain.permissions import Permission, Role
from shared.domain.sessions import Revocation
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.ports.revocations import REVOCATIONS
from shared.settings import Settings
from tests.access_fakes import FakeWorld
from tests.builders import user
from tests.fakes import START, FakeUsers

SETTINGS = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test"})


class Said(BaseModel):
    uid: str = ""
    role: str = ""
    address: str | None = None
    agent: str | None = None
    request_id: str | None = None


def say(call: Call[None, None]) -> Answer:
    who = call.identity
    assert who.origin == call.origin
    origin = call.origin
    return Answer(
        Said(
            uid=who.uid,
            role=str(who.role),
            address=origin.address,
            agent=origin.user_agent,
            request_id=origin.request_id,
        )
    )


def say_to_anyone(call: Call[None, None]) -> Answer:
    return Answer(Said(address=call.origin.address))


def refuse(call: Call[None, None]) -> Answer:
    raise ForbiddenError("not yours")


READ = Permission.INCIDENT_READ_OWN
OPERATIONS = [
    Operation("GET", "/things", say, "Read", returns=Said, permission=READ),
    Operation("POST", "/things", say, "Write", returns=Said, permission=READ),
    Operation("GET", "/things/{id}", refuse, "Never", returns=Said, permission=READ),
    Operation("GET", "/public", say_to_anyone, "For all", returns=Said, limit=LimitClass.AUTH),
    Operation("GET", "/import", say, "Team", returns=Said, permission=Permission.INCIDENT_IMPORT),
    Operation("GET", "/unverified", say, "All", returns=Said, permission=READ, verified=False),
    Operation("GET", "/one-factor", say, "All", returns=Said, permission=READ, second_factor=False),
    Operation("GET", "/sensitive", say, "Admins", returns=Said, permission=Permission.USER_READ, sensitive=True),
    Operation("GET", "/recent", say, "Just signed in", returns=Said, permission=READ, recent=True),
]


class JsonVerifier:
    """Takes a JSON object of an Identity's fields for a token: `{"uid": "ana"}` is a verified security-team member."""

    def verify(self, token: str) -> VerifiedToken:
        try:
            said = json.loads(token)
        except ValueError:
            raise NotAuthenticatedError("malformed") from None
        if not isinstance(said, dict) or "uid" not in said:
            raise NotAuthenticatedError("malformed")
        if said.get("role"):
            said["role"] = Role(said["role"])
        who = Identity("", None, Role.SECURITY_TEAM, email_verified=True, signed_in_at=START)
        return VerifiedToken(replace(who, **said), START + timedelta(hours=1))


class World(FakeWorld):
    """A gate of fakes, and a client in front of it."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(JsonVerifier, **parts)
        endpoint = Endpoint("things", *OPERATIONS, settings=lambda: SETTINGS, gate=lambda: self.gate)
        app = Flask(__name__)
        app.add_url_rule("/<path:_>", "all", lambda _: endpoint(request), methods=["GET", "POST", "DELETE"])
        self.client = app.test_client()

    def get(self, path: str, token: Any = "ana", method: str = "GET", **headers: str) -> Any:
        """The answer; `token` is a uid, the fields of an identity, a text as it is sent, or None."""
        if isinstance(token, str) and token.isalpha():
            token = {"uid": token}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = "Bearer " + (token if isinstance(token, str) else json.dumps(token))
        return self.client.open(path, method=method, headers={"X-Forwarded-For": "203.0.113.9", **sent})


@pytest.fixture
def world():
    return World()


def problem(answer):
    return answer.status_code, answer.json.get("code")


class TestOrigin:
    def test_the_handler_learns_where_the_request_is_from(self, world):
        answer = world.get("/things", X_Forwarded_For="1.1.1.1, 203.0.113.9, 151.101.1.1", User_Agent="Browser")
        assert answer.json["address"] == "203.0.113.9"
        assert answer.json["agent"] == "Browser"
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]
        assert world.get("/public", token=None).json["address"] == "203.0.113.9"


class TestAppCheck:
    def test_when_it_is_enforced_nothing_else_lets_in(self):
        world = World(mode="enforce")
        assert problem(world.get("/things")) == (401, "app_check_failed")
        assert problem(world.get("/public", token=None)) == (401, "app_check_failed")
        assert world.get("/things", X_Firebase_AppCheck="app:web").status_code == 200
        assert world.get("/things", token="rubbish-", X_Firebase_AppCheck="app:web").status_code == 401

    def test_without_a_token_of_an_app_no_counter_is_touched(self):
        world = World(mode="enforce")
        world.get("/things")
        assert world.counters.calls == 0

    def test_when_it_is_watched_it_refuses_nobody(self):
        assert World(mode="monitor").get("/things").status_code == 200


class TestLimits:
    def test_every_answer_tells_of_its_quotas(self, world):
        answer = world.get("/things")
        assert answer.headers["RateLimit-Policy"] == '"read-address";q=6000;w=60, "read-user";q=1200;w=60'
        assert answer.headers["RateLimit"].startswith('"read-address";r=5999;t=')
        assert '"read-user";r=1199;t=' in answer.headers["RateLimit"]
        assert "write-user" in world.get("/things", method="POST").headers["RateLimit-Policy"]
        refused = world.get("/things", token="rubbish-")
        assert refused.headers["RateLimit-Policy"] == '"read-address";q=6000;w=60'
        assert "RateLimit" not in world.get("/nowhere").headers

    def test_a_person_gets_so_many_and_then_a_429(self):
        world = World(table=LimitTable.parse("write=3"))
        statuses = [world.get("/things", method="POST").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        refused = world.get("/things", method="POST")
        assert refused.content_type == "application/problem+json"
        assert int(refused.headers["Retry-After"]) >= 1
        assert f'"write-user";r=0;t={refused.headers["Retry-After"]}' in refused.headers["RateLimit"]
        assert world.get("/things", method="POST", token="bo").status_code == 200
        assert world.get("/things").status_code == 200
        world.clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
        assert world.get("/things", method="POST").status_code == 200

    def test_an_address_gets_so_many_whoever_asks(self):
        world = World(table=LimitTable.parse("auth=3"))
        assert [world.get("/public", token=None).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert world.get("/public", token=None, X_Forwarded_For="203.0.113.10").status_code == 200

    def test_of_ipv6_the_network_is_limited(self):
        world = World(table=LimitTable.parse("auth=3"))
        addresses = [f"2001:db8::{number:x}" for number in range(1, 5)]
        statuses = [world.get("/public", token=None, X_Forwarded_For=address).status_code for address in addresses]
        assert statuses == [200, 200, 200, 429]

    def test_guessing_tokens_is_limited_by_the_address(self):
        world = World(table=LimitTable.parse("read.address=3"))
        assert [world.get("/things", token="rubbish-").status_code for _ in range(4)] == [401, 401, 401, 429]

    def test_switched_off_there_are_none(self):
        world = World(table=LimitTable(None))
        answer = world.get("/things")
        assert answer.status_code == 200
        assert "RateLimit" not in answer.headers
        assert world.counters.calls == 0

    def test_without_the_database_requests_are_served(self, world):
        world.counters.down = world.sessions.down = world.revocations.down = world.access.down = True
        assert world.get("/things").status_code == 200
        assert world.get("/import", token={"uid": "ana", "role": "employee"}).status_code == 403


class TestIdentity:
    @pytest.mark.parametrize("token", [None, "", "rubbish-", "[]"])
    def test_nobody_is_let_in_without_a_good_token(self, world, token):
        answer = world.get("/things", token=token)
        assert (answer.status_code, answer.json["detail"]) == (401, "Not authenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_revoked_session_is_over(self, world):
        world.store.add(REVOCATIONS, Revocation.of("ana", START + timedelta(seconds=1)))
        assert world.get("/things").status_code == 401
        assert world.get("/things", token="bo").status_code == 200

    def test_ordinary_requests_cost_no_read(self, world):
        for _ in range(50):
            assert world.get("/things").status_code == 200
        assert world.revocations.calls == 1
        assert world.sessions.calls == 1
        assert world.counters.calls <= 14


class TestStanding:
    def test_an_unverified_address_may_only_verify(self, world):
        token = {"uid": "ana", "email_verified": False}
        assert problem(world.get("/things", token=token)) == (403, "email_unverified")
        assert problem(world.get("/sensitive", token=token)) == (401, None)
        assert world.get("/unverified", token=token).status_code == 200

    def test_roles_can_be_made_to_use_a_second_factor(self):
        world = World(factor_roles=frozenset({Role.SECURITY_TEAM}))
        assert problem(world.get("/things")) == (403, "second_factor_required")
        assert world.get("/one-factor").status_code == 200
        assert world.get("/things", token={"uid": "ana", "second_factor": "totp"}).status_code == 200
        assert world.get("/things", token={"uid": "emp", "role": "employee"}).status_code == 200

    def test_the_role_has_to_carry_the_permission(self, world):
        refused = world.get("/import", token={"uid": "emp", "role": "employee"})
        assert problem(refused) == (403, "permission_missing")
        assert "incident:import" in refused.json["detail"]
        assert problem(world.get("/things", token={"uid": "new", "role": None})) == (403, "permission_missing")

    def test_some_things_want_a_recent_sign_in(self, world):
        assert world.get("/recent").status_code == 200
        world.clock.advance(timedelta(minutes=5))
        assert problem(world.get("/recent")) == (403, "recent_sign_in_required")
        assert world.get("/things").status_code == 200


ADMIN_TOKEN = {"uid": "ana", "role": "admin"}


class TestSensitive:
    def with_user(self, **changes):
        changes.setdefault("role", Role.ADMIN)
        return World(users=FakeUsers(user("ana", **changes)))

    def test_the_document_says_what_one_may(self):
        assert self.with_user().get("/sensitive", token={"uid": "ana", "role": "employee"}).json["role"] == "admin"
        demoted = self.with_user(role=Role.EMPLOYEE).get("/sensitive", token=ADMIN_TOKEN)
        assert problem(demoted) == (403, "permission_missing")

    @pytest.mark.parametrize(
        "changes",
        [{"disabled": True}, {"sessions_valid_from": START + timedelta(seconds=1)}],
    )
    def test_disabled_or_signed_out_everywhere_is_out(self, changes):
        assert self.with_user(**changes).get("/sensitive", token=ADMIN_TOKEN).status_code == 401

    def test_a_session_of_the_same_second_goes_on(self):
        world = self.with_user(sessions_valid_from=START)
        assert world.get("/sensitive", token=ADMIN_TOKEN).status_code == 200

    def test_who_is_gone_is_out(self, world):
        assert world.get("/sensitive", token=ADMIN_TOKEN).status_code == 401

    def test_the_document_can_ask_for_a_second_factor(self):
        world = self.with_user(second_factor_required=True)
        assert problem(world.get("/sensitive", token=ADMIN_TOKEN)) == (403, "second_factor_required")
        assert world.get("/sensitive", token={**ADMIN_TOKEN, "second_factor": "totp"}).status_code == 200


class TestWatching:
    def test_sessions_are_noted_of_those_who_are_let_in(self, world):
        world.get("/things", User_Agent="Browser")
        world.get("/import", token={"uid": "emp", "role": "employee"})
        world.get("/things", token="rubbish-")
        assert list(world.sessions.kept) == ["ana"]
        [session] = world.sessions.list("ana")
        assert (session.address, session.user_agent) == ("203.0.113.9", "Browser")

    def test_refusals_are_counted_for_the_person_and_the_address(self, world):
        world.get("/things", token="rubbish-")
        world.get("/import", token={"uid": "emp", "role": "employee"})
        world.get("/things/7")  # the handler's own refusal
        found = {one.subject: one.counts.model_dump() for one in world.access.attempts.values()}
        assert found == {
            "203.0.113.9": {"unauthenticated": 1, "forbidden": 2, "limited": 0},
            "emp": {"unauthenticated": 0, "forbidden": 1, "limited": 0},
            "ana": {"unauthenticated": 0, "forbidden": 1, "limited": 0},
        }
        assert {one.last_path for one in world.access.attempts.values()} == {"GET /import", "GET /things/{id}"}

    def test_a_limit_that_is_used_up_is_counted(self):
        world = World(table=LimitTable.parse("read.user=1"))
        for _ in range(3):
            world.get("/things")
        assert {one.counts.limited for one in world.access.attempts.values()} == {2}

    def test_no_token_and_no_such_path_are_no_attempts(self, world):
        world.get("/things", token=None)
        world.get("/nowhere")
        world.get("/things", method="DELETE")
        assert world.access.attempts == {}


class TestPlatform:
    def test_an_endpoint_without_a_gate_serves_the_public_only(self):
        endpoint = Endpoint("platform", *OPERATIONS, settings=lambda: SETTINGS)
        app = Flask(__name__)
        app.add_url_rule("/<path:_>", "all", lambda _: endpoint(request))
        client = app.test_client()
        assert client.get("/public").status_code == 200
        assert client.get("/things", headers={"Authorization": 'Bearer {"uid": "ana"}'}).status_code == 401


PATHS = st.sampled_from(["/things", "/things/7", "/public", "/import", "/sensitive", "/recent", "/nowhere"])


@given(
    PATHS,
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.none() | st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40),
)
def test_no_header_makes_the_gate_fail_or_opens_it(path, method, authorization, forwarded):
    world = World(mode="monitor")
    headers = {"X-Forwarded-For": forwarded, "X-Firebase-AppCheck": forwarded, "User-Agent": forwarded}
    if authorization is not None:
        headers["Authorization"] = "Bearer " + authorization
    answer = world.client.open(path, method=method, headers=headers)
    assert answer.status_code < 500
    if path != "/public":
        assert answer.status_code in {401, 404, 405, 429}
