"""Firebase Authentication as the adapters use it, on the embedded service."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, datetime, timedelta

import firebase_admin
import pytest
import requests
from firebase_admin import auth

from shared.adapters.account_checks import AccountCheckingVerifier
from shared.adapters.firebase_accounts import FirebaseAccounts
from shared.adapters.firebase_identity import UnsignedTokenVerifier
from shared.adapters.system import SystemClock
from shared.domain.errors import ConflictError, InvalidInputError, NotAuthenticatedError, NotFoundError
from shared.domain.permissions import Permission, Role

_NAMES = itertools.count()
PASSWORD = "a long enough password"
TOKENS = UnsignedTokenVerifier("demo-test", SystemClock())


@pytest.fixture
def app(embedded, monkeypatch):
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", embedded["auth"])
    app = firebase_admin.initialize_app(
        options={"projectId": "demo-test"}, name=f"identity-{os.getpid()}-{next(_NAMES)}"
    )
    yield app
    firebase_admin.delete_app(app)


@pytest.fixture
def email():
    return f"user{next(_NAMES)}-{os.getpid()}@example.org"


def sign_in(embedded, email):
    url = f"http://{embedded['auth']}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k"
    answer = requests.post(url, json={"email": email, "password": PASSWORD, "returnSecureToken": True}, timeout=30)
    answer.raise_for_status()
    return answer.json()["idToken"]


def test_a_granted_role_is_in_every_token_made_from_then_on(app, embedded, email):
    accounts = FirebaseAccounts(app)
    accounts.create(email.split("@")[0], email, PASSWORD, "Kim")
    accounts.grant(email.split("@")[0], Role.SECURITY_TEAM)
    verified = TOKENS.verify(sign_in(embedded, email))
    assert (verified.identity.email, verified.identity.role) == (email, Role.SECURITY_TEAM)


@pytest.mark.parametrize("claims", [None, {"role": "emperor"}, {"role": ["admin"]}])
def test_without_a_known_role_one_may_do_nothing(app, embedded, email, claims):
    user = auth.create_user(email=email, password=PASSWORD, app=app)
    auth.set_custom_user_claims(user.uid, claims, app=app)
    identity = TOKENS.verify(sign_in(embedded, email)).identity
    assert identity.role is None
    assert not any(identity.can(permission) for permission in Permission)


def test_an_address_has_one_account(app, email):
    accounts = FirebaseAccounts(app)
    accounts.create("one-" + email.split("@")[0], email, PASSWORD, "Kim")
    with pytest.raises(ConflictError):
        accounts.create("two-" + email.split("@")[0], email, PASSWORD, "Kim")
    assert accounts.uid_of(email) == "one-" + email.split("@")[0]


def test_what_the_provider_refuses_is_the_callers_mistake(app):
    with pytest.raises(InvalidInputError):
        FirebaseAccounts(app).create("x", "no address", PASSWORD, "Kim")


def test_a_token_tells_how_and_when_one_signed_in(app, embedded, email):
    auth.create_user(email=email, password=PASSWORD, email_verified=True, app=app)
    before = datetime.now(UTC).replace(microsecond=0)
    verified = TOKENS.verify(sign_in(embedded, email))
    assert (verified.provider, verified.identity.email_verified) == ("password", True)
    assert verified.identity.signed_in_at is not None
    assert verified.issued_at is not None
    assert verified.issued_at >= verified.identity.signed_in_at >= before
    assert verified.identity.second_factor is None


def test_a_session_that_was_ended_everywhere_is_revoked(app, embedded, email):
    user = auth.create_user(email=email, password=PASSWORD, app=app)
    token = sign_in(embedded, email)
    strict = AccountCheckingVerifier(TOKENS, app)
    signed_in_at = strict.verify(token).identity.signed_in_at
    assert signed_in_at is not None
    # Revoked is what began in an earlier second than the revocation: let that second pass.
    SystemClock().wait_until(signed_in_at + timedelta(seconds=1))
    FirebaseAccounts(app).revoke(user.uid)
    with pytest.raises(NotAuthenticatedError) as refused:
        strict.verify(token)
    assert refused.value.reason == "revoked"
    assert strict.verify(sign_in(embedded, email)).identity.uid == user.uid


def test_a_bad_token_says_why(app, embedded, email):
    user = auth.create_user(email=email, password=PASSWORD, app=app)
    token = sign_in(embedded, email)
    strict = AccountCheckingVerifier(TOKENS, app)
    assert strict.verify(token).identity.uid == user.uid

    def reason(verifier, token):
        with pytest.raises(NotAuthenticatedError) as refused:
            verifier.verify(token)
        return refused.value.reason

    assert reason(strict, "rubbish") == "malformed"
    assert reason(strict, token + "x.y") == "malformed"
    auth.update_user(user.uid, disabled=True, app=app)
    assert reason(strict, token) == "disabled"
    auth.delete_user(user.uid, app=app)
    assert reason(strict, token) == "unknown user"


def test_an_account_is_as_it_was_made_and_changed(app, email):
    accounts = FirebaseAccounts(app)
    uid = "state-" + email.split("@")[0]
    assert accounts.state(uid) is None
    before = datetime.now(UTC).replace(microsecond=0)
    accounts.create(uid, email, PASSWORD, "Kim", verified=True)
    accounts.grant(uid, Role.SECURITY_TEAM)
    made = accounts.state(uid)
    assert made is not None
    assert (made.email, made.email_verified, made.role, made.disabled) == (email, True, Role.SECURITY_TEAM, False)
    assert made.second_factors == ()
    assert made.sessions_valid_from is not None
    assert made.sessions_valid_from >= before
    accounts.set_disabled(uid, True)
    accounts.revoke(uid)
    after = accounts.state(uid)
    assert after is not None
    assert after.disabled
    assert after.sessions_valid_from is not None
    assert after.sessions_valid_from >= made.sessions_valid_from
    assert accounts.verification_link(email).startswith("http")
    assert accounts.password_link(email).startswith("http")
    assert accounts.remove_second_factors(uid) == 0
    for _ in range(2):
        accounts.delete(uid)
    assert accounts.state(uid) is None
    with pytest.raises(NotFoundError):
        accounts.grant(uid, Role.EMPLOYEE)
