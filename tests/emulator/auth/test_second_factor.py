"""Authenticator apps as second factor, over REST and with the administrator's client."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sqlite3
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from firebase_admin import auth
from hypothesis import assume, given
from hypothesis import strategies as st

from emulator.auth import totp
from emulator.auth.service import create
from emulator.environment import Environment
from tests.emulator.auth.conftest import PASSWORD, PROJECT, MovableClock, Rest, claims_of
from tests.emulator.support import LoopThread

WRONG = "12345x"


def code_at(secret: str, seconds: float) -> str:
    """RFC 6238, written apart from the one under test."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", int(seconds) // 30), hashlib.sha1).digest()
    start = digest[19] % 16
    (number,) = struct.unpack(">I", digest[start : start + 4])
    return f"{number % 2**31 % 1_000_000:06d}"


@dataclass
class Person:
    """Ann, whose address is verified, with her session and her app."""

    rest: Rest
    uid: str
    tokens: dict[str, Any]
    secret: str = ""

    def code(self, steps: int = 0) -> str:
        """What the app shows, `steps` intervals from now."""
        return code_at(self.secret, self.rest.clock.now().timestamp() + 30 * steps)

    def start(self) -> dict[str, Any]:
        answer = v2(self.rest, "mfaEnrollment:start", idToken=self.tokens["idToken"], totpEnrollmentInfo={})
        assert answer.status_code == 200, answer.text
        info: dict[str, Any] = answer.json()["totpSessionInfo"]
        self.secret = info["sharedSecretKey"]
        return info

    def finalize(self, session_info: str, code: str) -> requests.Response:
        info = {"sessionInfo": session_info, "verificationCode": code}
        token = self.tokens["idToken"]
        return v2(self.rest, "mfaEnrollment:finalize", idToken=token, totpVerificationInfo=info, displayName="My phone")

    def enroll(self) -> str:
        """The id of the enrolment. The code of the present step is used up then."""
        answer = self.finalize(self.start()["sessionInfo"], self.code())
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return str(claims_of(self.tokens["idToken"])["firebase"]["second_factor_identifier"])

    def second(self, first: dict[str, Any], code: str) -> requests.Response:
        """The second factor after the first."""
        return v2(
            self.rest,
            "mfaSignIn:finalize",
            mfaPendingCredential=first["mfaPendingCredential"],
            mfaEnrollmentId=first["mfaInfo"][0]["mfaEnrollmentId"],
            totpVerificationInfo={"verificationCode": code},
        )


def v2(rest: Rest, method: str, **body: Any) -> requests.Response:
    url = f"{rest.url}/identitytoolkit.googleapis.com/v2/accounts/{method}"
    return requests.post(url, params={"key": "any"}, json=body, timeout=20)


def refusal(answer: requests.Response) -> str:
    """The code of a refusal, without its explanation."""
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    return str(error["message"]).split(" : ")[0]


def configure(rest: Rest, **mfa: Any) -> requests.Response:
    url = f"{rest.url}/identitytoolkit.googleapis.com/admin/v2/projects/{PROJECT}/config"
    headers = {"Authorization": "Bearer owner"}
    return requests.patch(url, params={"updateMask": "mfa"}, json={"mfa": mfa}, headers=headers, timeout=20)


@pytest.fixture
def ann(rest: Rest) -> Person:
    # Back to the middle of an interval: the next is not begun between the making of a code and its check.
    rest.clock.offset -= timedelta(seconds=(rest.clock.now().timestamp() - 15) % 30)
    uid = rest.sign_up()["localId"]
    rest.admin("POST", "/accounts:update", localId=uid, emailVerified=True)
    return Person(rest, uid, rest.sign_in())


@pytest.mark.parametrize(
    ("counter", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_a_counter_gives_the_code_of_rfc_4226(counter, code):
    assert totp.hotp(b"12345678901234567890", counter) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_a_time_gives_the_code_of_rfc_6238(seconds, code):
    key = b"12345678901234567890"
    assert totp.hotp(key, seconds // totp.PERIOD, digits=8) == code
    assert totp.step_of(base64.b32encode(key).decode(), code[-6:], seconds, adjacent=0) == seconds // 30


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "123456\n", " 12345"])  # noqa: RUF001  # digits that are no ASCII
def test_what_is_no_code_is_of_no_step(code):
    assert totp.step_of(totp.new_secret(), code, 1_000_000, adjacent=10) is None


@given(step=st.integers(100, 2**40), away=st.integers(-12, 12), second=st.integers(0, 29), adjacent=st.integers(0, 10))
def test_a_code_is_of_its_step_as_far_as_the_window_reaches(step, away, second, adjacent):
    secret = totp.new_secret()
    code = code_at(secret, (step + away) * 30)
    others = {code_at(secret, one * 30) for one in range(step - 12, step + 13) if one != step + away}
    assume(code not in others)
    found = totp.step_of(secret, code, step * 30 + second, adjacent)
    assert found == (step + away if abs(away) <= adjacent else None)


def test_an_enrolment_tells_the_app_what_it_needs(ann):
    info = ann.start()
    assert len(base64.b32decode(info["sharedSecretKey"])) == 20
    known = {"verificationCodeLength": 6, "hashingAlgorithm": "SHA1", "periodSec": 30}
    assert {name: info[name] for name in known} == known
    assert ann.start()["sharedSecretKey"] != info["sharedSecretKey"]
    assert "mfaPendingCredential" not in ann.rest.sign_in(), "started only, nothing is enrolled"


def test_an_enrolment_goes_on_with_a_session_of_two_factors(ann):
    before = ann.tokens
    enrollment = ann.enroll()
    assert ann.tokens["totpAuthInfo"] == {}
    claims = claims_of(ann.tokens["idToken"])
    assert claims["auth_time"] == claims_of(before["idToken"])["auth_time"]
    assert claims["firebase"]["sign_in_second_factor"] == "totp"
    assert ann.rest.refresh(before["refreshToken"]).status_code == 200, "an enrolment ends no session"
    shown = ann.rest.ok("lookup", idToken=ann.tokens["idToken"])["users"][0]["mfaInfo"]
    assert [(one["mfaEnrollmentId"], one["displayName"], one["totpInfo"]) for one in shown] == [
        (enrollment, "My phone", {})
    ]


def test_the_password_alone_no_longer_signs_in(ann):
    enrollment = ann.enroll()
    first = ann.rest.sign_in()
    assert not {"idToken", "refreshToken", "expiresIn"} & first.keys()
    assert (first["localId"], first["email"]) == (ann.uid, "ann@secura.com")
    second = ann.second(first, ann.code(1))
    assert second.status_code == 200, second.text
    signed = second.json()
    refreshed = ann.rest.refresh(signed["refreshToken"]).json()
    for token in (signed["idToken"], refreshed["id_token"]):
        assert claims_of(token)["firebase"] == {
            "identities": {"email": ["ann@secura.com"]},
            "sign_in_provider": "password",
            "sign_in_second_factor": "totp",
            "second_factor_identifier": enrollment,
        }


def test_the_administrators_client_sees_the_second_factor_in_tokens_and_cookies(ann, app):
    ann.enroll()
    signed = ann.second(ann.rest.sign_in(), ann.code(1)).json()
    assert auth.verify_id_token(signed["idToken"], app=app)["firebase"]["sign_in_second_factor"] == "totp"
    cookie = auth.create_session_cookie(signed["idToken"], timedelta(hours=1), app=app)
    assert auth.verify_session_cookie(cookie, app=app)["firebase"]["sign_in_second_factor"] == "totp"


def test_a_link_asks_for_the_second_factor_and_a_custom_token_does_not(ann, app):
    ann.enroll()
    ann.rest.ok("sendOobCode", requestType="EMAIL_SIGNIN", email="ann@secura.com", continueUrl="http://localhost/")
    code = ann.rest.codes()[-1]["oobCode"]
    first = ann.rest.ok("signInWithEmailLink", email="ann@secura.com", oobCode=code)
    assert "idToken" not in first
    assert "isNewUser" not in first
    assert ann.second(first, ann.code(1)).status_code == 200
    token = auth.create_custom_token(ann.uid, app=app).decode()
    signed = ann.rest.ok("signInWithCustomToken", token=token, returnSecureToken=True)
    assert "sign_in_second_factor" not in claims_of(signed["idToken"])["firebase"]


@pytest.mark.parametrize("interval", [-6, 6])
def test_a_code_of_a_distant_interval_is_refused(ann, interval):
    ann.enroll()
    first = ann.rest.sign_in()
    ann.rest.clock.offset += timedelta(seconds=240)
    assert refusal(ann.second(first, ann.code(interval))) == "INVALID_CODE"


def test_codes_of_adjacent_intervals_are_accepted_each_once_and_in_order(ann):
    ann.enroll()
    used = ann.code()
    assert refusal(ann.second(ann.rest.sign_in(), used)) == "INVALID_CODE", "the enrolment used it"
    later = ann.code(4)
    first = ann.rest.sign_in()
    assert ann.second(first, later).status_code == 200
    for code in (later, ann.code(2)):
        assert refusal(ann.second(ann.rest.sign_in(), code)) == "INVALID_CODE"
    ann.rest.clock.offset += timedelta(seconds=180)
    assert ann.second(ann.rest.sign_in(), ann.code()).status_code == 200


def test_the_project_says_how_many_intervals_are_adjacent(ann):
    provider = {"state": "ENABLED", "totpProviderConfig": {"adjacentIntervals": 0}}
    answer = configure(ann.rest, state="ENABLED", providerConfigs=[provider])
    assert answer.json()["mfa"] == {"state": "ENABLED", "providerConfigs": [provider]}
    ann.enroll()
    ann.rest.clock.offset += timedelta(seconds=90)
    first = ann.rest.sign_in()
    assert refusal(ann.second(first, ann.code(-2))) == "INVALID_CODE"
    assert refusal(ann.second(first, ann.code(2))) == "INVALID_CODE"
    assert ann.second(first, ann.code()).status_code == 200


def test_wrong_codes_are_limited_even_over_many_sign_ins(ann):
    ann.enroll()
    for _ in range(5):
        assert refusal(ann.second(ann.rest.sign_in(), WRONG)) == "INVALID_CODE"
    assert refusal(ann.second(ann.rest.sign_in(), ann.code(1))) == "QUOTA_EXCEEDED"
    ann.rest.clock.offset += timedelta(seconds=301)
    assert ann.second(ann.rest.sign_in(), ann.code()).status_code == 200


def test_a_good_code_forgives_the_wrong_ones_before_it(ann):
    ann.enroll()
    for good in (1, 2):
        for _ in range(4):
            assert refusal(ann.second(ann.rest.sign_in(), WRONG)) == "INVALID_CODE"
        assert ann.second(ann.rest.sign_in(), ann.code(good)).status_code == 200


def test_the_second_factor_follows_the_first_within_five_minutes(ann):
    ann.enroll()
    first = ann.rest.sign_in()
    ann.rest.clock.offset += timedelta(seconds=310)
    assert refusal(ann.second(first, ann.code())) == "TOTP_CHALLENGE_TIMEOUT"
    assert ann.second(ann.rest.sign_in(), ann.code()).status_code == 200


def test_half_a_sign_in_is_worth_nothing_by_itself(ann):
    ann.enroll()
    first = ann.rest.sign_in()
    credential = first["mfaPendingCredential"]
    assert ann.rest.refused("lookup", idToken=credential) == "INVALID_ID_TOKEN"
    assert ann.rest.refresh(credential).json()["error"]["message"] == "INVALID_REFRESH_TOKEN"
    assert refusal(ann.second(first | {"mfaPendingCredential": "made up"}, ann.code(1))) == "INVALID_PENDING_TOKEN"
    other = [{"mfaEnrollmentId": "made up"}]
    assert refusal(ann.second(first | {"mfaInfo": other}, ann.code(1))) == "INVALID_MFA_ENROLLMENT_ID"
    enrollment = first["mfaInfo"][0]["mfaEnrollmentId"]
    for missing in ("mfaPendingCredential", "mfaEnrollmentId", "totpVerificationInfo"):
        whole = {
            "mfaPendingCredential": credential,
            "mfaEnrollmentId": enrollment,
            "totpVerificationInfo": {"verificationCode": ann.code(1)},
        }
        del whole[missing]
        assert refusal(v2(ann.rest, "mfaSignIn:finalize", **whole)) == "Request contains an invalid argument."


def test_an_enrolment_session_completes_no_sign_in(ann):
    ann.enroll()
    first = ann.rest.sign_in()
    ann.rest.admin("POST", "/accounts:update", localId=ann.uid, mfa={"enrollments": []})
    session_info = ann.start()["sessionInfo"]
    assert refusal(ann.second(first | {"mfaPendingCredential": session_info}, ann.code())) == "INVALID_PENDING_TOKEN"
    assert refusal(ann.finalize(first["mfaPendingCredential"], ann.code())) == "INVALID_SESSION_INFO"


def test_a_code_of_an_app_needs_no_start(ann):
    enrollment = ann.enroll()
    first = ann.rest.sign_in()
    named = {"mfaPendingCredential": first["mfaPendingCredential"], "mfaEnrollmentId": enrollment}
    assert refusal(v2(ann.rest, "mfaSignIn:start", **named)) == "Request contains an invalid argument."
    assert refusal(v2(ann.rest, "mfaSignIn:start", **named, phoneSignInInfo={})) == "INVALID_PHONE_NUMBER"


def test_a_revocation_ends_half_a_sign_in_too(ann, app):
    ann.enroll()
    first = ann.rest.sign_in()
    auth.revoke_refresh_tokens(ann.uid, app=app)
    assert refusal(ann.second(first, ann.code(1))) == "INVALID_MFA_PENDING_CREDENTIAL"


def test_a_revocation_ends_an_enrolment_that_is_under_way(ann, app):
    session_info = ann.start()["sessionInfo"]
    ann.rest.clock.offset = timedelta()  # the administrator's client revokes by the machine's clock
    auth.revoke_refresh_tokens(ann.uid, app=app)
    ann.tokens = ann.rest.sign_in()
    assert refusal(ann.finalize(session_info, ann.code())) == "INVALID_SESSION_INFO"


def test_nothing_half_done_outlives_the_accounts_of_a_project(ann):
    ann.enroll()
    first = ann.rest.sign_in()
    requests.delete(f"{ann.rest.url}/emulator/v1/projects/{PROJECT}/accounts", timeout=20)
    assert refusal(ann.second(first, ann.code(1))) == "INVALID_PENDING_TOKEN"


def test_whoever_is_disabled_or_deleted_after_the_first_factor_stays_out(ann, app):
    ann.enroll()
    first = ann.rest.sign_in()
    auth.update_user(ann.uid, disabled=True, app=app)
    assert refusal(ann.second(first, ann.code(1))) == "USER_DISABLED"
    auth.delete_user(ann.uid, app=app)
    assert refusal(ann.second(first, ann.code(1))) == "USER_NOT_FOUND"


def test_an_enrolment_takes_three_codes_and_fifteen_minutes(ann):
    session_info = ann.start()["sessionInfo"]
    for _ in range(3):
        assert refusal(ann.finalize(session_info, WRONG)) == "INVALID_CODE"
    assert refusal(ann.finalize(session_info, ann.code())) == "TOO_MANY_ENROLLMENT_ATTEMPTS"
    late = ann.start()["sessionInfo"]
    ann.rest.clock.offset += timedelta(seconds=901)
    assert refusal(ann.finalize(late, ann.code())) == "SESSION_EXPIRED"


def test_an_enrolment_is_completed_once_and_by_its_user(ann):
    bob = Person(ann.rest, "", ann.rest.sign_up("bob@secura.com"))
    session_info = ann.start()["sessionInfo"]
    assert refusal(bob.finalize(session_info, ann.code())) == "INVALID_SESSION_INFO"
    assert ann.finalize(session_info, ann.code()).status_code == 200
    assert refusal(ann.finalize(session_info, ann.code(1))) == "MFA_ENROLLMENT_ALREADY_COMPLETE"


def test_whose_address_is_unverified_may_not_enroll(rest):
    token = rest.sign_up()["idToken"]
    answer = v2(rest, "mfaEnrollment:start", idToken=token, totpEnrollmentInfo={})
    assert refusal(answer) == "UNVERIFIED_EMAIL"


def test_first_factors_that_are_never_asked_for_a_second_enroll_none(ann, app):
    anonymous = ann.rest.ok("signUp", returnSecureToken=True)
    custom = ann.rest.ok("signInWithCustomToken", token=auth.create_custom_token(ann.uid, app=app).decode())
    for signed in (anonymous, custom):
        answer = v2(ann.rest, "mfaEnrollment:start", idToken=signed["idToken"], totpEnrollmentInfo={})
        assert refusal(answer) == "UNSUPPORTED_FIRST_FACTOR"


def test_an_enrolment_needs_a_recent_sign_in(ann):
    ann.rest.clock.offset += timedelta(seconds=301)
    answer = v2(ann.rest, "mfaEnrollment:start", idToken=ann.tokens["idToken"], totpEnrollmentInfo={})
    assert refusal(answer) == "CREDENTIAL_TOO_OLD_LOGIN_AGAIN"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "Request contains an invalid argument."),
        ({"phoneEnrollmentInfo": {"phoneNumber": "+351911234567"}}, "OPERATION_NOT_ALLOWED"),
        ({"phoneEnrollmentInfo": {}, "totpEnrollmentInfo": {}}, "Invalid JSON payload received. oneof"),
        ({"totpEnrollmentInfo": {}, "idToken": None}, "INVALID_ID_TOKEN"),
        ({"totpEnrollmentInfo": {}, "idToken": "made up"}, "INVALID_ID_TOKEN"),
    ],
)
def test_a_start_that_says_too_little_or_too_much_is_refused(ann, body, code):
    answer = v2(ann.rest, "mfaEnrollment:start", **({"idToken": ann.tokens["idToken"]} | body))
    assert refusal(answer).startswith(code)


def test_a_user_has_one_app(ann):
    waiting = ann.start()
    ann.enroll()
    again = v2(ann.rest, "mfaEnrollment:start", idToken=ann.tokens["idToken"], totpEnrollmentInfo={})
    assert refusal(again) == "SECOND_FACTOR_LIMIT_EXCEEDED"
    ann.secret = waiting["sharedSecretKey"]
    assert refusal(ann.finalize(waiting["sessionInfo"], ann.code())) == "SECOND_FACTOR_LIMIT_EXCEEDED"


def test_a_withdrawal_ends_the_other_sessions_and_goes_on_with_its_own(ann):
    enrollment = ann.enroll()
    before = ann.tokens
    ann.rest.clock.offset += timedelta(seconds=5)
    refused = v2(ann.rest, "mfaEnrollment:withdraw", idToken=before["idToken"], mfaEnrollmentId="made up")
    assert refusal(refused) == "MFA_ENROLLMENT_NOT_FOUND"
    answer = v2(ann.rest, "mfaEnrollment:withdraw", idToken=before["idToken"], mfaEnrollmentId=enrollment)
    assert answer.status_code == 200, answer.text
    assert ann.rest.refused("lookup", idToken=before["idToken"]) == "TOKEN_EXPIRED"
    assert ann.rest.refresh(before["refreshToken"]).json()["error"]["message"] == "TOKEN_EXPIRED"
    assert "mfaInfo" not in ann.rest.ok("lookup", idToken=answer.json()["idToken"])["users"][0]
    refreshed = ann.rest.refresh(answer.json()["refreshToken"]).json()
    assert "sign_in_second_factor" not in claims_of(refreshed["id_token"])["firebase"]
    assert "idToken" in ann.rest.sign_in()


def test_a_withdrawal_ends_even_a_session_of_the_same_second(ann):
    other = ann.rest.sign_in()
    enrollment = ann.enroll()
    v2(ann.rest, "mfaEnrollment:withdraw", idToken=ann.tokens["idToken"], mfaEnrollmentId=enrollment)
    assert ann.rest.refresh(other["refreshToken"]).status_code == 400


def test_a_session_of_both_factors_stays_one_when_a_way_to_sign_in_is_added(ann):
    enrollment = ann.enroll()
    ann.rest.ok("sendOobCode", requestType="EMAIL_SIGNIN", email="ann@secura.com", continueUrl="http://localhost/")
    token, code = ann.tokens["idToken"], ann.rest.codes()[-1]["oobCode"]
    linked = ann.rest.ok("signInWithEmailLink", email="ann@secura.com", oobCode=code, idToken=token)
    named = ann.rest.ok("signUp", email="ann@secura.com", password=PASSWORD, idToken=linked["idToken"])
    for answer in (linked, named):
        assert claims_of(answer["idToken"])["firebase"]["second_factor_identifier"] == enrollment


def test_a_changed_password_goes_on_with_both_factors(ann):
    ann.enroll()
    answer = ann.rest.ok("update", idToken=ann.tokens["idToken"], password="another password", returnSecureToken=True)
    assert claims_of(answer["idToken"])["firebase"]["sign_in_second_factor"] == "totp"
    assert "mfaPendingCredential" in ann.rest.sign_in(password="another password")


def test_a_reset_of_the_password_does_not_reset_the_second_factor(ann):
    ann.enroll()
    ann.rest.ok("sendOobCode", requestType="PASSWORD_RESET", email="ann@secura.com")
    ann.rest.ok("resetPassword", oobCode=ann.rest.codes()[-1]["oobCode"], newPassword="another password")
    assert "idToken" not in ann.rest.sign_in(password="another password")


@pytest.mark.parametrize("mfa", [{"enrollments": []}, {}])
def test_an_administrator_takes_the_factors_away(ann, mfa):
    ann.enroll()
    answer = ann.rest.admin("POST", "/accounts:update", localId=ann.uid, mfa=mfa)
    assert answer.status_code == 200, answer.text
    assert "idToken" in ann.rest.sign_in()
    ann.rest.clock.offset += timedelta(seconds=30)
    ann.tokens = ann.rest.sign_in()
    ann.enroll()


def test_an_administrator_names_a_factor_and_adds_none(ann):
    enrollment = ann.enroll()
    renamed = [{"mfaEnrollmentId": enrollment, "displayName": "Old phone", "totpInfo": {}}]
    ann.rest.admin("POST", "/accounts:update", localId=ann.uid, mfa={"enrollments": renamed})
    first = ann.rest.sign_in()
    assert first["mfaInfo"][0]["displayName"] == "Old phone"
    assert ann.second(first, ann.code(1)).status_code == 200
    for factor, code in (({"totpInfo": {}}, 400), ({"phoneInfo": "+351911234567"}, 501)):
        answer = ann.rest.admin("POST", "/accounts:update", localId=ann.uid, mfa={"enrollments": [factor]})
        assert answer.status_code == code
    assert "mfaPendingCredential" in ann.rest.sign_in()


def test_an_update_by_the_administrators_client_leaves_the_factors_alone(ann, app):
    ann.enroll()
    auth.update_user(ann.uid, display_name="Ann", password="another password", app=app)
    assert ann.rest.sign_in(password="another password")["mfaInfo"]


def test_a_user_cannot_take_factors_away_by_an_update(ann):
    ann.enroll()
    answer = ann.rest.call("update", idToken=ann.tokens["idToken"], mfa={"enrollments": []})
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, "INSUFFICIENT_PERMISSION")
    assert "mfaPendingCredential" in ann.rest.sign_in()


def test_the_secret_is_shown_to_nobody(ann):
    ann.enroll()
    answers = [
        ann.rest.admin("POST", "/accounts:lookup", localId=[ann.uid]),
        ann.rest.admin("POST", "/accounts:query", returnUserInfo=True),
        ann.rest.admin("GET", "/accounts:batchGet"),
        ann.rest.call("lookup", idToken=ann.tokens["idToken"]),
        ann.rest.call("signInWithPassword", email="ann@secura.com", password=PASSWORD),
    ]
    for answer in answers:
        assert '"totpInfo": {}' in answer.text
        assert ann.secret not in answer.text


def test_accounts_with_factors_are_neither_made_nor_imported(rest):
    factor = {"totpInfo": {}, "displayName": "App"}
    made = rest.admin("POST", "/accounts", email="ann@secura.com", mfaInfo=[factor])
    assert made.status_code == 501
    imported = rest.admin("POST", "/accounts:batchCreate", users=[{"localId": "ann", "mfaInfo": [factor]}])
    assert imported.json()["error"] == [{"index": 0, "message": "Importing TOTP MFA is not supported."}]
    assert "users" not in rest.admin("POST", "/accounts:lookup", localId=["ann"]).json()


@pytest.mark.parametrize(
    "mfa",
    [
        {"state": "DISABLED"},
        {"providerConfigs": []},
        {"providerConfigs": [{"state": "DISABLED", "totpProviderConfig": {"adjacentIntervals": 5}}]},
    ],
)
def test_where_it_is_disabled_nobody_enrolls_and_whoever_did_is_still_asked(ann, mfa):
    bob = Person(ann.rest, "", ann.rest.sign_up("bob@secura.com"))
    ann.enroll()
    assert configure(ann.rest, **mfa).status_code == 200
    answer = v2(ann.rest, "mfaEnrollment:start", idToken=bob.tokens["idToken"], totpEnrollmentInfo={})
    assert refusal(answer) == "OPERATION_NOT_ALLOWED"
    assert ann.second(ann.rest.sign_in(), ann.code(1)).status_code == 200


def test_an_enrolment_begun_before_it_was_disabled_is_not_completed(ann):
    session_info = ann.start()["sessionInfo"]
    configure(ann.rest, state="DISABLED")
    assert refusal(ann.finalize(session_info, ann.code())) == "OPERATION_NOT_ALLOWED"
    configure(ann.rest, providerConfigs=[{"state": "ENABLED", "totpProviderConfig": {}}])
    assert ann.finalize(session_info, ann.code()).status_code == 200


def test_the_project_shows_that_it_is_enabled_by_default(rest):
    for prefix in ("v2", "admin/v2"):
        url = f"{rest.url}/identitytoolkit.googleapis.com/{prefix}/projects/{PROJECT}/config"
        shown = requests.get(url, headers={"Authorization": "Bearer owner"}, timeout=20).json()["mfa"]
        provider = {"state": "ENABLED", "totpProviderConfig": {"adjacentIntervals": 5}}
        assert shown == {"state": "ENABLED", "providerConfigs": [provider]}
        assert requests.get(url, timeout=20).status_code == 401


@pytest.mark.parametrize(
    ("mfa", "status"),
    [
        ({"state": "SOMETIMES"}, 400),
        ({"providerConfigs": [{"state": 1, "totpProviderConfig": {}}]}, 400),
        ({"providerConfigs": [{"state": "ENABLED", "totpProviderConfig": {"adjacentIntervals": 11}}]}, 400),
        ({"providerConfigs": [{"state": "ENABLED", "totpProviderConfig": {"adjacentIntervals": -1}}]}, 400),
        ({"state": "ENABLED", "enabledProviders": ["PHONE_SMS"]}, 501),
    ],
)
def test_a_setting_that_makes_no_sense_changes_nothing(ann, mfa, status):
    assert configure(ann.rest, **mfa).status_code == status
    ann.enroll()
    assert ann.second(ann.rest.sign_in(), ann.code(5)).status_code == 200


def test_a_factor_and_its_used_codes_outlive_the_server(config):
    def serve(use: Any) -> Any:
        clock = MovableClock()
        service = create(Environment(config, clock=clock))
        with LoopThread() as thread:
            thread.run(service.start())
            try:
                return use(Rest(service.address, clock))
            finally:
                thread.run(service.stop())

    def enroll(rest: Rest) -> tuple[Person, dict[str, Any], str]:
        uid = rest.sign_up()["localId"]
        rest.admin("POST", "/accounts:update", localId=uid, emailVerified=True)
        person = Person(rest, uid, rest.sign_in())
        person.enroll()
        first, used = rest.sign_in(), person.code(2)
        assert person.second(first, used).status_code == 200
        return person, first, used

    def sign_in(rest: Rest) -> None:
        ann.rest = rest
        assert refusal(ann.second(first, used)) == "INVALID_CODE"
        assert ann.second(first, ann.code(5)).status_code == 200

    ann, first, used = serve(enroll)
    serve(sign_in)


def test_a_database_from_before_second_factors_goes_on(config):
    config.data.mkdir(parents=True, exist_ok=True)
    old = sqlite3.connect(config.data / "auth.sqlite3")
    old.executescript(
        "create table sessions (token_hash blob primary key, project text not null, local_id text not null,"
        " provider text not null, auth_time integer not null, claims text not null,"
        " revoked integer not null default 0) without rowid"
    )
    old.close()
    service = create(Environment(config, clock=MovableClock()))
    with LoopThread() as thread:
        thread.run(service.start())
        try:
            rest = Rest(service.address, MovableClock())
            assert rest.refresh(rest.sign_up()["refreshToken"]).status_code == 200
        finally:
            thread.run(service.stop())
