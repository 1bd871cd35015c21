from __future__ import annotations

import base64
import json
import re
import socket
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from emulator.auth.body import Body
from emulator.auth.errors import AuthError
from emulator.auth.service import create
from emulator.auth.tokens import read_custom_token, read_id_token
from emulator.config import Config, Ports
from emulator.environment import Environment
from tests.emulator.auth.conftest import PASSWORD, PROJECT, MovableClock
from tests.emulator.support import LoopThread

TOOLKIT = "/identitytoolkit.googleapis.com"


def test_an_unknown_method_is_named_in_the_answer(rest):
    for verb, path in (("POST", f"{TOOLKIT}/v1/accounts:signInWithIdp"), ("GET", "/elsewhere")):
        answer = requests.request(verb, rest.url + path, timeout=20)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == f"{verb} {path} is not supported by this emulator."


def test_an_unsupported_wish_is_refused_and_not_ignored(rest):
    uid = rest.sign_up()["localId"]
    answer = rest.admin("POST", "/accounts:update", localId=uid, linkProviderUserInfo={"providerId": "google.com"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (501, "UNIMPLEMENTED")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/accounts"),
        ("POST", "/accounts:lookup"),
        ("POST", "/accounts:update"),
        ("POST", "/accounts:delete"),
        ("POST", "/accounts:batchDelete"),
        ("POST", "/accounts:batchCreate"),
        ("GET", "/accounts:batchGet"),
        ("POST", "/accounts:query"),
        ("POST", "/accounts:sendOobCode"),
    ],
)
@pytest.mark.parametrize("authorization", [None, "Bearer other", "owner"])
def test_an_administrators_method_needs_the_administrators_credentials(rest, verb, path, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    url = f"{rest.url}{TOOLKIT}/v1/projects/{PROJECT}{path}?key=any"
    answer = requests.request(verb, url, json={}, headers=headers, timeout=20)
    assert answer.status_code == 401
    assert answer.json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_users_method_needs_an_api_key(rest):
    answer = requests.post(f"{rest.url}{TOOLKIT}/v1/accounts:signUp", json={}, timeout=20)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_only_an_administrator_gets_a_link_and_chooses_an_id(rest):
    rest.sign_up()
    answer = rest.call("sendOobCode", requestType="PASSWORD_RESET", email="ann@secura.com", returnOobLink=True)
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "INSUFFICIENT_PERMISSION")
    assert rest.admin("POST", "/accounts", localId="chosen").json()["localId"] == "chosen"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"a": 1e999}',
        b"[]",
        b"\xff",
        b'{"email": "\\ud800@b.org", "password": "longenough"}',
        b'{"a": NaN}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused(rest, body):
    url = f"{rest.url}{TOOLKIT}/v1/accounts:signUp?key=any"
    answer = requests.post(url, data=body, headers={"Content-Type": "application/json"}, timeout=20)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def preflight(rest, path, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-client-version",
    }
    return requests.options(rest.url + path, headers=headers, timeout=20).headers


def test_any_page_may_sign_in_and_only_a_local_one_may_administer(rest):
    foreign, local = "https://elsewhere.example", "http://localhost:5000"
    sign_up, own = f"{TOOLKIT}/v1/accounts:signUp", f"/emulator/v1/projects/{PROJECT}/accounts"
    for origin in (foreign, local):
        allowed = preflight(rest, sign_up, origin)
        assert allowed["Access-Control-Allow-Origin"] == origin
        assert "content-type" in allowed["Access-Control-Allow-Headers"]
        assert ("authorization" in allowed["Access-Control-Allow-Headers"]) == (origin == local)
    assert preflight(rest, own, local)["Access-Control-Allow-Origin"] == local
    assert "Access-Control-Allow-Origin" not in preflight(rest, own, foreign)
    answer = requests.post(f"{rest.url}{sign_up}?key=any", json={}, headers={"Origin": foreign}, timeout=20)
    assert answer.headers["Access-Control-Allow-Origin"] == foreign


def test_the_page_behind_a_link_acts_only_when_its_form_is_sent(rest):
    rest.sign_up()
    rest.ok("sendOobCode", requestType="PASSWORD_RESET", email="ann@secura.com", continueUrl="http://localhost/?a=1")
    link = rest.codes()[0]["oobLink"]
    page = requests.get(link, timeout=20)
    assert page.status_code == 200
    assert "ann@secura.com" in page.text
    assert len(rest.codes()) == 1
    done = requests.post(link, data={"newPassword": "another password"}, timeout=20)
    assert 'href="http://localhost/?a=1"' in done.text
    rest.sign_in(password="another password")
    assert requests.post(link, data={"newPassword": PASSWORD}, timeout=20).status_code == 400


def test_the_page_verifies_an_address(rest):
    signed = rest.sign_up()
    rest.ok("sendOobCode", requestType="VERIFY_EMAIL", idToken=signed["idToken"])
    assert requests.post(rest.codes()[0]["oobLink"], timeout=20).status_code == 200
    assert rest.ok("lookup", idToken=signed["idToken"])["users"][0]["emailVerified"]


def test_a_sign_in_link_leads_to_the_app_and_to_no_other_place(rest):
    body = {"requestType": "EMAIL_SIGNIN", "email": "ann@secura.com"}
    assert rest.refused("sendOobCode", **body) == "MISSING_CONTINUE_URI"
    assert rest.refused("sendOobCode", **body, continueUrl="javascript:alert(1)").startswith("INVALID_CONTINUE_URI")
    rest.ok("sendOobCode", **body, continueUrl="http://localhost:5000/done?a=1")
    answer = requests.get(rest.codes()[0]["oobLink"], allow_redirects=False, timeout=20)
    assert re.match(r"http://localhost:5000/done\?a=1&mode=signIn&", answer.headers["Location"])


def test_the_action_page_escapes_what_it_shows(rest):
    query = {"mode": "resetPassword", "oobCode": "x", "continueUrl": "javascript:alert(1)//<script>"}
    page = requests.get(f"{rest.url}/emulator/action", params=query, timeout=20)
    assert "script" not in page.text


def test_a_taken_port_is_an_error(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken, LoopThread() as thread:
        ports = Ports(auth=taken.getsockname()[1])
        service = create(Environment(Config(PROJECT, tmp_path, "", ports=ports), clock=MovableClock()))
        with pytest.raises(OSError, match="address already in use"):
            thread.run(service.start())


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.lists(st.integers())
)
names = st.text() | st.sampled_from(["alg", "typ", "crit", "b64", "iss", "aud", "sub", "exp", "iat", "uid", "firebase"])
parts = st.dictionaries(names, values).map(lambda part: base64.urlsafe_b64encode(json.dumps(part).encode()).decode())
tokens = st.text() | st.builds(
    "{}.{}.{}".format, parts | st.just("eyJhbGciOiJub25lIn0"), parts, st.sampled_from(["", "eA"])
)


@given(values)
def test_a_field_is_of_its_type_or_refused(value):
    body = Body.parse(json.dumps({"field": value}).encode())
    fits = {
        body.text: value is None or isinstance(value, str),
        body.flag: value is None or isinstance(value, bool),
        body.object: value is None,
    }
    for read, fine in fits.items():
        if fine:
            assert read("field") == value
        else:
            with pytest.raises(AuthError, match="Invalid value at 'field'"):
                read("field")


@given(st.integers(), st.booleans())
def test_a_whole_number_is_read_from_digits_and_has_64_bits(value, quoted):
    body = Body.parse(json.dumps({"field": str(value) if quoted else value}).encode())
    if -(2**63) <= value < 2**63:
        assert body.whole("field") == value
    else:
        with pytest.raises(AuthError, match="TYPE_INT64"):
            body.whole("field")


@given(tokens)
def test_no_made_up_token_is_taken_for_one(token):
    with pytest.raises(AuthError):
        read_id_token(token, PROJECT)
    with pytest.raises(AuthError):
        read_custom_token(token, 0)
