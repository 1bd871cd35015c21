from __future__ import annotations

import base64
from datetime import timedelta

import jwt
import pytest

from shared.adapters.link_tokens import SignedLinkTokens
from shared.domain.errors import NotFoundError
from tests.fakes import FakeClock, FakeLinkTokens

KEY = base64.b64encode(b"k" * 32).decode()
HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["fake", "signed"])
def tokens(request, clock):
    return FakeLinkTokens(clock) if request.param == "fake" else SignedLinkTokens(KEY, clock)


def test_a_token_says_what_it_was_made_for(tokens):
    token = tokens.make("reply", {"incident": "i1", "uid": "kim"}, HOUR)
    assert tokens.read("reply", token) == {"incident": "i1", "uid": "kim"}


def test_a_token_for_something_else_is_none(tokens):
    token = tokens.make("reply", {"incident": "i1"}, HOUR)
    with pytest.raises(NotFoundError):
        tokens.read("evidence", token)


def test_a_token_ends(tokens, clock):
    token = tokens.make("reply", {}, HOUR)
    clock.advance(HOUR - timedelta(seconds=1))
    assert tokens.read("reply", token) == {}
    clock.advance(timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        tokens.read("reply", token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é" * 10, "x" * 5_000])
def test_what_is_no_token_is_refused(tokens, token):
    with pytest.raises(NotFoundError):
        tokens.read("reply", token)


def test_nobody_else_can_sign(clock):
    claims = {"aud": "reply", "exp": 4_000_000_000, "for": {}}
    mine = SignedLinkTokens(KEY, clock)
    for forged in (
        jwt.encode(claims, b"j" * 32, algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
        jwt.encode({name: claims[name] for name in ("aud", "for")}, b"k" * 32, algorithm="HS256"),
    ):
        with pytest.raises(NotFoundError):
            mine.read("reply", forged)


@pytest.mark.parametrize("key", ["", "?", base64.b64encode(b"short").decode()])
def test_a_key_that_is_none_is_refused_at_once(clock, key):
    with pytest.raises(ValueError, match="key of links"):
        SignedLinkTokens(key, clock)
