"""ID tokens with real signatures, checked along the path of production."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.firebase_identity import FirebaseTokenVerifier, UnsignedTokenVerifier
from shared.adapters.signing_keys import SigningKeys, certificates
from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.domain.permissions import Role
from tests.fakes import START, FakeClock
from tests.unit.gate.signing import PROJECT, KeyServer, certificate, claims, private_key, signed

SECONDS = int(START.timestamp())


@pytest.fixture(scope="module")
def server():
    with KeyServer({"one": certificate("one"), "two": certificate("two")}) as server:
        yield server


@pytest.fixture(scope="module")
def verifier(server):
    clock = FakeClock()
    return FirebaseTokenVerifier(PROJECT, SigningKeys(clock, server.url, certificates), clock)


def reason(verifier, token):
    with pytest.raises(NotAuthenticatedError) as refused:
        verifier.verify(token)
    assert str(refused.value) == "Not authenticated"
    return refused.value.reason


def segment(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def public_pem(name):
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # for this one forgery

    public = private_key(name).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def hs256_with_the_public_key():
    import hashlib  # noqa: PLC0415  # for this one forgery
    import hmac  # noqa: PLC0415

    text = segment({"alg": "HS256", "typ": "JWT", "kid": "one"}) + "." + segment(claims())
    mac = hmac.digest(public_pem("one"), text.encode(), hashlib.sha256)
    return text + "." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def test_a_good_token_tells_who_it_is(verifier):
    found = verifier.verify(signed(claims()))
    who = found.identity
    assert (who.uid, who.email, who.role) == ("ana", "ana@example.org", Role.SECURITY_TEAM)
    assert (who.email_verified, who.second_factor) == (True, "totp")
    assert who.signed_in_at == START - timedelta(seconds=60)
    assert (found.issued_at, found.expires_at) == (START, START + timedelta(hours=1))
    assert found.provider == "password"


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "emperor"},
        {"role": ["admin"]},
        {"role": {"admin": True}},
        {"role": None},
    ],
)
def test_an_unknown_role_is_none(verifier, changes):
    assert verifier.verify(signed(claims(**changes))).identity.role is None


@pytest.mark.parametrize("value", [None, "true", 1, [True], False])
def test_only_true_is_verified(verifier, value):
    assert verifier.verify(signed(claims(email_verified=value))).identity.email_verified is False


@pytest.mark.parametrize("value", [None, "totp", ["totp"], {}, {"sign_in_second_factor": ""}])
def test_no_second_factor_is_none(verifier, value):
    assert verifier.verify(signed(claims(firebase=value))).identity.second_factor is None


def test_a_clock_that_is_a_little_ahead_is_forgiven(verifier):
    ahead = SECONDS + 4
    assert verifier.verify(signed(claims(iat=ahead, auth_time=ahead))).identity.uid == "ana"
    assert verifier.verify(signed(claims(exp=SECONDS - 4))).identity.uid == "ana"


BAD_CLAIMS = [
    ("expired", {"exp": SECONDS - 6}),
    ("not yet valid", {"iat": SECONDS + 60}),
    ("not yet valid", {"auth_time": SECONDS + 60}),
    ("wrong project", {"aud": "other", "iss": "https://securetoken.google.com/other"}),
    ("wrong project", {"aud": ["demo-test"]}),
    ("wrong project", {"aud": None}),
    ("wrong project", {"iss": "https://securetoken.google.com/other"}),
    ("wrong project", {"iss": "https://session.firebase.google.com/demo-test"}),
    ("wrong project", {"iss": None}),
    ("malformed", {"sub": None}),
    ("malformed", {"sub": ""}),
    ("malformed", {"sub": "x" * 129}),
    ("malformed", {"sub": ["ana"]}),
    ("malformed", {"exp": None}),
    ("malformed", {"iat": None}),
    ("malformed", {"auth_time": None}),
    ("malformed", {"auth_time": True}),
    ("malformed", {"exp": 10**18}),
    ("malformed", {"exp": 1e12}),
]


@pytest.mark.parametrize(("why", "changes"), BAD_CLAIMS)
def test_a_good_signature_is_not_enough(verifier, why, changes):
    content = claims() | {name: value for name, value in changes.items() if value is not None}
    for name in (name for name, value in changes.items() if value is None):
        del content[name]
    # PyJWT refuses to write some of these: it is the form of the token that is signed, not its sense.
    token = jwt.PyJWS().encode(json.dumps(content).encode(), private_key("one"), "RS256", {"kid": "one"})
    assert reason(verifier, token) == why


def forgeries():
    good = signed(claims())
    header, payload, signature = good.split(".")
    none = segment({"alg": "none", "kid": "one"})
    return {
        "signed by another key": (signed(claims(), key="two"), "bad signature"),
        "signature of another token": (f"{header}.{segment(claims(sub='bo'))}.{signature}", "bad signature"),
        "no signature": (f"{header}.{payload}.", "bad signature"),
        "alg none": (f"{none}.{payload}.", "wrong algorithm"),
        "alg none with a signature": (f"{none}.{payload}.{signature}", "wrong algorithm"),
        "HS256 with the public key": (hs256_with_the_public_key(), "wrong algorithm"),
        "RS512": (jwt.encode(claims(), private_key("one"), "RS512", {"kid": "one"}), "wrong algorithm"),
        "unknown kid": (signed(claims(), kid="three"), "unknown key"),
        "unknown kid, long dead": (signed(claims(exp=SECONDS - 9000), kid="three"), "expired"),
        "no kid": (signed(claims(), kid=None), "unknown key"),
        "kid is a list": (f"{segment({'alg': 'RS256', 'kid': ['one']})}.{payload}.{signature}", "unknown key"),
        "its own key": (signed(claims(), key="three", jwk={"kty": "RSA"}, jku="https://evil.test/"), "bad signature"),
        "a critical extension": (signed(claims(), crit=["exp"]), "malformed"),
        "truncated": (good[:-2], "bad signature"),
        "truncated by one": (good[:-1], "malformed"),
        "two parts": (f"{header}.{payload}", "malformed"),
        "four parts": (good + ".x", "malformed"),
        "padded": (good + "==", "malformed"),
        "a line end": (good + "\n", "malformed"),
        "empty": ("", "malformed"),
        "too long": ("x" * 20_000, "malformed"),
        "no JSON": ("eA.eA.eA", "malformed"),
        "a list": (f"{segment([])}.{segment([])}.eA", "malformed"),
        "nested deeply": (f"{header}.{base64.urlsafe_b64encode(b'[' * 5000).decode()}.eA", "malformed"),
        "not ASCII": (good + "é", "malformed"),
        "bytes": (good.encode(), "malformed"),
        "None": (None, "malformed"),
        "a number": (7, "malformed"),
    }


FORGERIES = forgeries()


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_is_refused_with_its_reason(verifier, name):
    token, why = FORGERIES[name]
    assert reason(verifier, token) == why


GOOD = signed(claims())
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/! \n"


@given(st.data())
def test_no_change_of_a_good_token_is_ever_accepted(verifier, data):
    kind = data.draw(st.sampled_from(["replace", "insert", "delete", "swap"]))
    place = data.draw(st.integers(0, len(GOOD) - 1))
    char = data.draw(st.sampled_from(ALPHABET))
    mutated = {
        "replace": GOOD[:place] + char + GOOD[place + 1 :],
        "insert": GOOD[:place] + char + GOOD[place:],
        "delete": GOOD[:place] + GOOD[place + 1 :],
        "swap": GOOD[place:] + GOOD[:place],
    }[kind]
    if mutated == GOOD:
        return
    with pytest.raises(NotAuthenticatedError):
        verifier.verify(mutated)


def test_every_spelling_of_the_last_character_but_one_is_refused(verifier):
    accepted = [char for char in ALPHABET if _holds(verifier, GOOD[:-1] + char)]
    assert accepted == [GOOD[-1]]


def _holds(verifier, token):
    try:
        verifier.verify(token)
    except NotAuthenticatedError:
        return False
    return True


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_no_text_makes_it_fail_otherwise(verifier, text):
    with pytest.raises(NotAuthenticatedError):
        verifier.verify(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(claims())), JSON)
def test_claims_of_any_kind_are_read_or_refused(verifier, name, value):
    content = json.dumps(claims() | {name: value}).encode()
    token = jwt.PyJWS().encode(content, private_key("one"), "RS256", {"kid": "one"})
    try:
        found = verifier.verify(token)
    except NotAuthenticatedError:
        return
    assert isinstance(found.identity.uid, str)
    assert found.identity.role in {None, *Role}


class TestKeys:
    @pytest.fixture
    def own(self):
        with KeyServer({"one": certificate("one")}) as server:
            yield server

    @pytest.fixture
    def clock(self):
        return FakeClock()

    @pytest.fixture
    def keys(self, own, clock):
        return SigningKeys(clock, own.url, certificates)

    def test_they_are_fetched_once_for_as_long_as_they_last(self, own, clock, keys):
        assert [keys.key("one") is not None for _ in range(5)] == [True] * 5
        clock.advance(timedelta(seconds=19_999))
        keys.key("one")
        assert own.asked == 1
        clock.advance(timedelta(seconds=2))
        keys.key("one")
        assert own.asked == 2

    def test_a_new_key_is_looked_for_once(self, own, clock, keys):
        keys.key("one")
        own.document = {"two": certificate("two")}
        clock.advance(timedelta(seconds=31))
        assert keys.key("two") is not None
        assert keys.key("one") is None  # it was withdrawn
        assert [keys.key(f"invented{number}") for number in range(9)] == [None] * 9
        assert own.asked == 2
        clock.advance(timedelta(seconds=31))
        keys.key("invented")
        assert own.asked == 3

    def test_without_any_nobody_can_be_identified(self, own, clock, keys):
        own.status = 500
        with pytest.raises(UnavailableError):
            keys.key("one")
        with pytest.raises(UnavailableError):
            keys.key("one")
        assert own.asked == 1  # not at once again
        own.status = 200
        clock.advance(timedelta(seconds=3))
        assert keys.key("one") is not None

    @pytest.mark.parametrize("document", [{}, [], "x", {"one": "no certificate"}, {"one": None}])
    def test_what_are_no_certificates_is_a_failure(self, own, keys, document):
        own.document = document
        with pytest.raises(UnavailableError):
            keys.key("one")

    def test_old_ones_serve_for_ten_minutes_while_google_is_down(self, own, clock, keys):
        keys.key("one")
        own.status = 503
        clock.advance(timedelta(seconds=20_001))
        assert keys.key("one") is not None
        clock.advance(timedelta(minutes=11))
        with pytest.raises(UnavailableError):
            keys.key("one")

    @pytest.mark.parametrize("header", ["", "no-store", "max-age=0", "x-max-age=500"])
    def test_without_an_age_they_last_a_minute(self, own, clock, keys, header):
        own.cache_control = header
        keys.key("one")
        clock.advance(timedelta(seconds=59))
        keys.key("one")
        assert own.asked == 1
        clock.advance(timedelta(seconds=2))
        keys.key("one")
        assert own.asked == 2


class TestUnsigned:
    """What the emulator hands out."""

    verifier = UnsignedTokenVerifier(PROJECT, FakeClock())

    def token(self, **changes):
        return f"{segment({'alg': 'none', 'typ': 'JWT'})}.{segment(claims(**changes))}."

    def test_its_word_is_taken(self):
        assert self.verifier.verify(self.token()).identity.uid == "ana"
        assert self.verifier.verify(self.token(iat=SECONDS + 9999)).identity.uid == "ana"

    @pytest.mark.parametrize(
        ("why", "changes"), [("wrong project", {"aud": "other"}), ("expired", {"exp": 1}), ("malformed", {"sub": ""})]
    )
    def test_but_not_for_everything(self, why, changes):
        assert reason(self.verifier, self.token(**changes)) == why
