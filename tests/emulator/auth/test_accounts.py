from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests

from emulator.auth.service import create
from emulator.environment import Environment
from tests.emulator.auth.conftest import PASSWORD, PROJECT, MovableClock, Rest, claims_of
from tests.emulator.support import LoopThread


def test_a_token_has_exactly_the_claims_of_production(rest):
    signed = rest.sign_up("Ann@Secura.com")
    uid = signed["localId"]
    rest.admin(
        "POST",
        "/accounts:update",
        localId=uid,
        displayName="Ann",
        photoUrl="https://example.org/a.png",
        phoneNumber="+351911234567",
        emailVerified=True,
        customAttributes='{"role": "admin"}',
    )
    answer = rest.sign_in()
    assert (answer["localId"], answer["email"], answer["expiresIn"]) == (uid, "ann@secura.com", "3600")
    claims = claims_of(answer["idToken"])
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["auth_time"] == claims["iat"]
    assert {name: claims[name] for name in claims.keys() - {"exp", "iat", "auth_time"}} == {
        "role": "admin",
        "name": "Ann",
        "picture": "https://example.org/a.png",
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "user_id": uid,
        "sub": uid,
        "email": "ann@secura.com",
        "email_verified": True,
        "phone_number": "+351911234567",
        "firebase": {
            "identities": {"email": ["ann@secura.com"], "phone": ["+351911234567"]},
            "sign_in_provider": "password",
        },
    }


def test_an_anonymous_token_says_so(rest):
    claims = claims_of(rest.ok("signUp", returnSecureToken=True)["idToken"])
    assert claims["provider_id"] == "anonymous"
    assert claims["firebase"] == {"identities": {}, "sign_in_provider": "anonymous"}
    assert "email" not in claims


def test_a_refreshed_token_keeps_the_time_of_the_sign_in(rest):
    signed = rest.sign_up()
    rest.clock.offset = timedelta(hours=2)
    answer = rest.refresh(signed["refreshToken"]).json()
    assert answer["id_token"] == answer["access_token"]
    assert (answer["token_type"], answer["expires_in"], answer["user_id"]) == ("Bearer", "3600", signed["localId"])
    before, after = claims_of(signed["idToken"]), claims_of(answer["id_token"])
    assert after["auth_time"] == before["auth_time"]
    assert after["iat"] - before["iat"] >= 7200


def test_an_expired_token_is_refused(rest):
    signed = rest.sign_up()
    rest.clock.offset = timedelta(minutes=50)
    rest.ok("lookup", idToken=signed["idToken"])
    rest.clock.offset = timedelta(seconds=3601)
    assert rest.refused("lookup", idToken=signed["idToken"]) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"password": PASSWORD}, "MISSING_EMAIL"),
        ({"email": "bob@secura.com"}, "MISSING_PASSWORD"),
        ({"email": "bob@secura.com", "password": ""}, "MISSING_PASSWORD"),
        ({"email": "nobody", "password": PASSWORD}, "INVALID_EMAIL"),
        ({"email": "a@b@c.org", "password": PASSWORD}, "INVALID_EMAIL"),
        ({"email": "a\n@b.org", "password": PASSWORD}, "INVALID_EMAIL"),
        ({"email": "bob@secura.com", "password": "12345"}, "WEAK_PASSWORD : Password should be at least 6 characters"),
        ({"email": "ANN@SECURA.COM", "password": PASSWORD}, "EMAIL_EXISTS"),
        ({"email": "bob@secura.com", "password": PASSWORD, "localId": "x"}, "UNEXPECTED_PARAMETER : User ID"),
        ({"email": 1, "password": PASSWORD}, "Invalid value at 'email' (TYPE_STRING)"),
        ({"idToken": "x", "email": "bob@secura.com", "password": PASSWORD}, "INVALID_ID_TOKEN"),
    ],
)
def test_a_sign_up_that_production_refuses_is_refused_in_its_words(rest, body, refusal):
    rest.sign_up()
    assert rest.refused("signUp", **body) == refusal


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"email": "ann@secura.com", "password": "wrong password"}, "INVALID_LOGIN_CREDENTIALS"),
        ({"email": "bob@secura.com", "password": PASSWORD}, "INVALID_LOGIN_CREDENTIALS"),
        ({"email": "ann@secura.com"}, "MISSING_PASSWORD"),
        ({"email": "ann", "password": PASSWORD}, "INVALID_EMAIL"),
        ({"password": PASSWORD}, "MISSING_EMAIL"),
    ],
)
def test_a_sign_in_that_production_refuses_is_refused_in_its_words(rest, body, refusal):
    rest.sign_up()
    assert rest.refused("signInWithPassword", **body) == refusal


def test_without_enumeration_protection_the_refusals_tell_more(rest):
    rest.sign_up()
    config = {"emailPrivacyConfig": {"enableImprovedEmailPrivacy": False}}
    assert requests.patch(f"{rest.url}/emulator/v1/projects/{PROJECT}/config", json=config, timeout=20).ok
    assert rest.refused("signInWithPassword", email="ann@secura.com", password="wrong one") == "INVALID_PASSWORD"
    assert rest.refused("signInWithPassword", email="bob@secura.com", password=PASSWORD) == "EMAIL_NOT_FOUND"
    assert rest.refused("sendOobCode", requestType="PASSWORD_RESET", email="bob@secura.com") == "EMAIL_NOT_FOUND"
    asked = rest.ok("createAuthUri", identifier="ann@secura.com", continueUri="http://localhost")
    assert (asked["registered"], asked["signinMethods"]) == (True, ["password"])


def test_with_enumeration_protection_answers_do_not_tell_who_is_there(rest):
    rest.sign_up()
    for address in ("ann@secura.com", "bob@secura.com"):
        asked = rest.ok("createAuthUri", identifier=address, continueUri="http://localhost")
        assert asked.keys() == {"kind", "sessionId"}
        assert rest.ok("sendOobCode", requestType="PASSWORD_RESET", email=address)["email"] == address
    assert [one["email"] for one in rest.codes()] == ["ann@secura.com"]


def test_what_the_project_forbids_is_refused(rest):
    path = f"{rest.url}/identitytoolkit.googleapis.com/v2/projects/{PROJECT}/config"
    owner = {"Authorization": "Bearer owner"}
    config = {"signIn": {"email": {"enabled": False}, "anonymous": {"enabled": False}}}
    assert requests.patch(path, json=config, headers=owner, timeout=20).status_code == 200
    assert not requests.get(path, headers=owner, timeout=20).json()["signIn"]["email"]["enabled"]
    assert rest.refused("signUp", email="ann@secura.com", password=PASSWORD) == "OPERATION_NOT_ALLOWED"
    assert rest.refused("signUp") == "ADMIN_ONLY_OPERATION"
    assert rest.refused("signInWithPassword", email="a@b.org", password=PASSWORD) == "PASSWORD_LOGIN_DISABLED"


def test_of_many_who_sign_up_with_one_address_one_gets_it(rest):
    def attempt(number):
        email = "Ann@secura.com" if number % 2 else "ann@Secura.com"
        return rest.call("signUp", email=email, password=f"{PASSWORD}{number}")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(12)))
    (won,) = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    refusals = {answer.json()["error"]["message"] for answer in answers if answer.status_code != 200}
    assert refusals == {"EMAIL_EXISTS"}
    assert rest.sign_in(password=f"{PASSWORD}{won}")["localId"] == answers[won].json()["localId"]


def test_accounts_and_sessions_outlive_a_restart_and_no_secret_is_kept_readable(config):
    kept: dict[str, str] = {}
    for _ in range(2):
        service = create(Environment(config, clock=MovableClock()))
        with LoopThread() as thread:
            thread.run(service.start())
            rest = Rest(service.address, MovableClock())
            if kept:
                assert rest.refresh(kept["refreshToken"]).json()["user_id"] == kept["localId"]
                assert rest.sign_in()["localId"] == kept["localId"]
            else:
                kept = rest.sign_up()
            thread.run(service.stop())
    with sqlite3.connect(config.data / "auth.sqlite3") as database:
        rows = "".join(database.iterdump())
    database.close()
    assert kept["localId"] in rows
    assert kept["refreshToken"] not in rows
    assert PASSWORD not in rows


@pytest.mark.parametrize(
    ("form", "refusal"),
    [
        ({}, "MISSING_GRANT_TYPE"),
        ({"grant_type": "password"}, "INVALID_GRANT_TYPE"),
        ({"grant_type": "refresh_token"}, "MISSING_REFRESH_TOKEN"),
        ({"grant_type": "refresh_token", "refresh_token": "made up"}, "INVALID_REFRESH_TOKEN"),
    ],
)
def test_a_refresh_that_production_refuses_is_refused_in_its_words(rest, form, refusal):
    path = f"{rest.url}/securetoken.googleapis.com/v1/token?key=any"
    for answer in (requests.post(path, data=form, timeout=20), requests.post(path, json=form, timeout=20)):
        assert (answer.status_code, answer.json()["error"]["message"]) == (400, refusal)


def test_a_user_changes_the_own_profile_but_not_what_is_the_administrators(rest):
    signed = rest.sign_up()
    rest.ok(
        "update",
        idToken=signed["idToken"],
        displayName="Ann",
        customAttributes='{"role": "admin"}',
        emailVerified=True,
        disableUser=True,
        phoneNumber="+351911234567",
        localId="other",
    )
    (user,) = rest.ok("lookup", idToken=signed["idToken"])["users"]
    assert user["displayName"] == "Ann"
    assert not {"customAttributes", "phoneNumber"} & user.keys()
    assert (user["emailVerified"], user["disabled"]) == (False, False)


def test_a_new_password_ends_other_sessions_and_goes_on_with_its_own(rest):
    other, own = rest.sign_up(), rest.sign_in()
    changed = rest.ok("update", idToken=own["idToken"], password="another password", returnSecureToken=True)
    assert rest.refresh(other["refreshToken"]).json()["error"]["message"] == "TOKEN_EXPIRED"
    assert rest.refresh(changed["refreshToken"]).status_code == 200
    rest.sign_in(password="another password")


def test_credentials_are_changed_only_by_who_signed_in_lately(rest):
    signed = rest.sign_up()
    rest.clock.offset = timedelta(minutes=6)
    token = rest.refresh(signed["refreshToken"]).json()["id_token"]
    assert rest.refused("update", idToken=token, password="another password") == "CREDENTIAL_TOO_OLD_LOGIN_AGAIN"
    assert rest.refused("delete", idToken=token) == "CREDENTIAL_TOO_OLD_LOGIN_AGAIN"
    rest.ok("update", idToken=token, displayName="Ann")


def test_an_address_is_changed_by_its_confirmation(rest):
    signed = rest.sign_up()
    refusal = rest.refused("update", idToken=signed["idToken"], email="new@secura.com")
    assert refusal.startswith("OPERATION_NOT_ALLOWED")
    rest.ok("sendOobCode", requestType="VERIFY_AND_CHANGE_EMAIL", idToken=signed["idToken"], newEmail="new@secura.com")
    (sent,) = rest.codes()
    assert sent["email"] == "new@secura.com"
    assert rest.ok("update", oobCode=sent["oobCode"])["email"] == "new@secura.com"
    assert rest.sign_in("new@secura.com")["localId"] == signed["localId"]
    assert rest.refresh(signed["refreshToken"]).json()["error"]["message"] == "TOKEN_EXPIRED"


def test_a_code_is_good_once_for_its_purpose_and_for_its_time(rest):
    rest.sign_up()
    rest.ok("sendOobCode", requestType="PASSWORD_RESET", email="ann@secura.com")
    (sent,) = rest.codes()
    code = sent["oobCode"]
    assert rest.refused("update", oobCode=code) == "INVALID_OOB_CODE"
    assert rest.refused("resetPassword", oobCode=code, newPassword="12345").startswith("WEAK_PASSWORD")
    assert rest.ok("resetPassword", oobCode=code)["requestType"] == "PASSWORD_RESET"
    rest.clock.offset = timedelta(hours=1, seconds=1)
    assert rest.refused("resetPassword", oobCode=code, newPassword=PASSWORD) == "EXPIRED_OOB_CODE"
    rest.clock.offset = timedelta()
    rest.ok("resetPassword", oobCode=code, newPassword=PASSWORD)
    assert rest.refused("resetPassword", oobCode=code, newPassword=PASSWORD) == "INVALID_OOB_CODE"


def test_two_who_use_one_code_at_once_do_not_both_set_a_password(rest):
    rest.sign_up()
    rest.ok("sendOobCode", requestType="PASSWORD_RESET", email="ann@secura.com")
    code = rest.codes()[0]["oobCode"]
    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(lambda n: rest.call("resetPassword", oobCode=code, newPassword=f"{PASSWORD}{n}"), range(6))
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400, 400]


def test_accounts_are_queried(rest):
    for name in ("ann", "bob", "eve"):
        rest.sign_up(f"{name}@secura.com")
    found = rest.admin("POST", "/accounts:query", sortBy="USER_EMAIL", order="DESC", limit="2").json()
    assert found["recordsCount"] == "3"
    assert [one["email"] for one in found["userInfo"]] == ["eve@secura.com", "bob@secura.com"]
    found = rest.admin("POST", "/accounts:query", expression=[{"email": "BOB@secura.com"}]).json()
    assert [one["email"] for one in found["userInfo"]] == ["bob@secura.com"]


def test_batch_deletion_spares_those_not_disabled_unless_forced(rest):
    uid = rest.sign_up()["localId"]
    (error,) = rest.admin("POST", "/accounts:batchDelete", localIds=[uid]).json()["errors"]
    assert error["message"].startswith("NOT_DISABLED")
    assert rest.admin("POST", "/accounts:batchDelete", localIds=[uid], force=True).json() == {}
    assert rest.refused("signInWithPassword", email="ann@secura.com", password=PASSWORD) == "INVALID_LOGIN_CREDENTIALS"


def test_projects_know_nothing_of_each_other_and_are_cleared_apart(rest):
    rest.sign_up()
    path = f"{rest.url}/identitytoolkit.googleapis.com/v1/projects/demo-other/accounts"
    owner = {"Authorization": "Bearer owner"}
    other = requests.post(path, json={"email": "ann@secura.com"}, headers=owner, timeout=20)
    assert other.status_code == 200
    assert requests.delete(f"{rest.url}/emulator/v1/projects/{PROJECT}/accounts", timeout=20).status_code == 200
    assert rest.admin("POST", "/accounts:lookup", email=["ann@secura.com"]).json().get("users") is None
    found = requests.post(f"{path}:lookup", json={"email": ["ann@secura.com"]}, headers=owner, timeout=20)
    assert found.json()["users"][0]["localId"] == other.json()["localId"]
