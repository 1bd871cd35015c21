"""App Check tokens with real signatures, and what the gate makes of them."""

from __future__ import annotations

import json
from datetime import timedelta

import jwt
import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.adapters.app_check import FirebaseAppVerifier
from shared.adapters.signing_keys import SigningKeys, key_set
from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.entry.gates.apps import AppGate
from tests.access_fakes import FakeAppVerifier
from tests.fakes import START, FakeClock
from tests.unit.gate.signing import KeyServer, private_key, web_key

SECONDS = int(START.timestamp())
GOOD = {
    "iss": "https://firebaseappcheck.googleapis.com/123456789",
    "aud": ["projects/123456789", "projects/demo-test"],
    "sub": "1:123456789:web:abc",
    "iat": SECONDS,
    "exp": SECONDS + 3600,
}


def token(key="one", kid="one", typ="JWT", **changes):
    content = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return jwt.PyJWS().encode(json.dumps(content).encode(), private_key(key), "RS256", {"kid": kid, "typ": typ})


@pytest.fixture(scope="module")
def verifier():
    clock = FakeClock()
    with KeyServer({"keys": [web_key("one"), {"kty": "oct", "kid": "two", "k": "AAAA"}]}) as server:
        yield FirebaseAppVerifier("demo-test", SigningKeys(clock, server.url, key_set), clock)


def test_the_token_of_an_app_of_ours_names_it(verifier):
    assert verifier.verify(token()) == "1:123456789:web:abc"


@pytest.mark.parametrize(
    ("why", "bad"),
    [
        ("bad signature", {"key": "two"}),
        ("unknown key", {"kid": "two"}),
        ("unknown key", {"kid": "three"}),
        ("malformed", {"typ": "JOSE"}),
        ("wrong project", {"aud": ["projects/other"]}),
        ("wrong project", {"aud": "projects/demo-test"}),
        ("wrong project", {"aud": None}),
        ("wrong issuer", {"iss": "https://securetoken.google.com/demo-test"}),
        ("wrong issuer", {"iss": 7}),
        ("expired", {"exp": SECONDS}),
        ("malformed", {"exp": None}),
        ("malformed", {"sub": ""}),
        ("malformed", {"sub": None}),
    ],
)
def test_any_other_is_refused(verifier, why, bad):
    with pytest.raises(NotAuthenticatedError) as refused:
        verifier.verify(token(**bad))
    assert refused.value.reason == why


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": "x"}, []])
def test_what_is_no_key_set_is_a_failure(document):
    clock = FakeClock()
    with KeyServer(document) as server:
        keys = SigningKeys(clock, server.url, key_set)
        with pytest.raises(UnavailableError):
            keys.key("one")
        clock.advance(timedelta(minutes=1))
        server.document = {"keys": [web_key("one")]}
        assert keys.key("one") is not None


def request(header=None):
    headers = [] if header is None else [("X-Firebase-AppCheck", header)]
    return Request(EnvironBuilder(headers=headers).get_environ())


def outcome(mode, header, verifier):
    try:
        AppGate(mode, lambda: verifier).check(request(header))
    except (NotAuthenticatedError, UnavailableError) as error:
        return type(error).__name__, error.code
    return None


@pytest.mark.parametrize("header", [None, "", "  ", "rubbish", "app:"])
def test_a_bad_token_matters_only_when_it_is_enforced(header, capsys):
    assert outcome("off", header, FakeAppVerifier()) is None
    assert capsys.readouterr().out == ""
    assert outcome("monitor", header, FakeAppVerifier()) is None
    assert "App Check would refuse this request" in capsys.readouterr().out
    assert outcome("enforce", header, FakeAppVerifier()) == ("NotAuthenticatedError", "app_check_failed")


@pytest.mark.parametrize("mode", ["off", "monitor", "enforce"])
def test_a_good_one_passes(mode):
    assert outcome(mode, "app:web", FakeAppVerifier()) is None


def test_when_it_cannot_be_checked_nobody_passes_where_it_is_enforced():
    down = FakeAppVerifier()
    down.down = True
    assert outcome("monitor", "app:web", down) is None
    assert outcome("enforce", "app:web", down) == ("UnavailableError", "app_check_failed")
