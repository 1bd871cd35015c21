from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta

import pytest
from firebase_admin import auth, exceptions

from tests.emulator.auth.conftest import PASSWORD, claims_of


def test_a_created_user_is_found_by_every_identifier(app):
    made = auth.create_user(
        uid="ann",
        email="Ann@Secura.com",
        phone_number="+351911234567",
        display_name="Ann",
        photo_url="https://example.org/a.png",
        password=PASSWORD,
        email_verified=True,
        app=app,
    )
    assert made.email == "ann@secura.com"
    for found in (
        auth.get_user("ann", app=app),
        auth.get_user_by_email("ANN@secura.com", app=app),
        auth.get_user_by_phone_number("+351911234567", app=app),
    ):
        assert (found.uid, found.display_name, found.photo_url) == ("ann", "Ann", "https://example.org/a.png")
        assert found.email_verified
        assert not found.disabled
        assert {one.provider_id for one in found.provider_data} == {"password", "phone"}
        assert abs(found.user_metadata.creation_timestamp / 1000 - time.time()) < 60


def test_many_users_are_looked_up_at_once(app):
    auth.create_user(uid="a", email="a@secura.com", app=app)
    auth.create_user(uid="b", phone_number="+351911234567", app=app)
    asked = [auth.UidIdentifier("a"), auth.EmailIdentifier("a@secura.com"), auth.PhoneIdentifier("+351911234567")]
    found = auth.get_users([*asked, auth.UidIdentifier("nobody")], app=app)
    assert {one.uid for one in found.users} == {"a", "b"}
    assert [one.uid for one in found.not_found] == ["nobody"]


def test_what_belongs_to_somebody_is_given_to_nobody_else(app):
    auth.create_user(uid="ann", email="ann@secura.com", phone_number="+351911234567", app=app)
    with pytest.raises(auth.UidAlreadyExistsError):
        auth.create_user(uid="ann", app=app)
    with pytest.raises(auth.EmailAlreadyExistsError):
        auth.create_user(email="ANN@secura.com", app=app)
    with pytest.raises(auth.PhoneNumberAlreadyExistsError):
        auth.create_user(phone_number="+351911234567", app=app)
    other = auth.create_user(email="bob@secura.com", app=app)
    with pytest.raises(auth.EmailAlreadyExistsError):
        auth.update_user(other.uid, email="ann@secura.com", app=app)


def test_an_unknown_user_is_not_found(app):
    for attempt in (
        lambda: auth.get_user("nobody", app=app),
        lambda: auth.get_user_by_email("nobody@secura.com", app=app),
        lambda: auth.update_user("nobody", display_name="x", app=app),
        lambda: auth.delete_user("nobody", app=app),
    ):
        with pytest.raises(auth.UserNotFoundError):
            attempt()


def test_an_update_changes_what_it_names_and_nothing_else(app, rest):
    uid = rest.sign_up()["localId"]
    auth.update_user(uid, display_name="Ann", phone_number="+351911234567", email_verified=True, app=app)
    found = auth.update_user(uid, photo_url="https://example.org/a.png", app=app)
    assert (found.display_name, found.email, found.email_verified) == ("Ann", "ann@secura.com", True)
    found = auth.update_user(uid, display_name=auth.DELETE_ATTRIBUTE, phone_number=auth.DELETE_ATTRIBUTE, app=app)
    assert (found.display_name, found.phone_number) == (None, None)
    assert found.photo_url == "https://example.org/a.png"
    auth.update_user(uid, password="another password", app=app)
    assert rest.refused("signInWithPassword", email="ann@secura.com", password=PASSWORD) == "INVALID_LOGIN_CREDENTIALS"
    rest.sign_in(password="another password")


def test_a_changed_address_is_unverified_and_the_old_one_is_free(app):
    user = auth.create_user(email="old@secura.com", email_verified=True, app=app)
    changed = auth.update_user(user.uid, email="new@secura.com", app=app)
    assert not changed.email_verified
    assert auth.create_user(email="old@secura.com", app=app).uid != user.uid


def test_a_removed_password_no_longer_signs_in(app, rest):
    uid = rest.sign_up()["localId"]
    auth.update_user(uid, providers_to_delete=["password"], app=app)
    assert rest.refused("signInWithPassword", email="ann@secura.com", password=PASSWORD) == "INVALID_LOGIN_CREDENTIALS"


def test_custom_claims_are_at_the_top_of_the_next_token(app, rest):
    uid = rest.sign_up()["localId"]
    auth.set_custom_user_claims(uid, {"role": "admin", "teams": [1, 2]}, app=app)
    assert auth.get_user(uid, app=app).custom_claims == {"role": "admin", "teams": [1, 2]}
    claims = auth.verify_id_token(rest.sign_in()["idToken"], app=app, check_revoked=True)
    assert (claims["role"], claims["teams"]) == ("admin", [1, 2])
    auth.set_custom_user_claims(uid, None, app=app)
    assert "role" not in claims_of(rest.sign_in()["idToken"])


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        ('{"sub": "x"}', "FORBIDDEN_CLAIM : sub"),
        ('{"firebase": 1}', "FORBIDDEN_CLAIM : firebase"),
        ("[]", "INVALID_CLAIMS"),
        ('{"a": 1e999}', "INVALID_CLAIMS"),
        ("{", "INVALID_CLAIMS"),
        ('{"a": "' + "x" * 1000 + '"}', "CLAIMS_TOO_LARGE"),
    ],
)
def test_claims_that_a_token_cannot_carry_are_refused(app, rest, claims, refusal):
    uid = rest.sign_up()["localId"]
    answer = rest.admin("POST", "/accounts:update", localId=uid, customAttributes=claims)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, refusal)
    assert auth.get_user(uid, app=app).custom_claims is None


def test_a_revoked_session_can_neither_be_checked_nor_refreshed(app, rest):
    rest.clock.offset = timedelta(seconds=-10)
    signed = rest.sign_up()
    rest.clock.offset = timedelta()
    auth.verify_id_token(signed["idToken"], app=app, check_revoked=True)
    auth.revoke_refresh_tokens(signed["localId"], app=app)
    with pytest.raises(auth.RevokedIdTokenError):
        auth.verify_id_token(signed["idToken"], app=app, check_revoked=True)
    assert rest.refresh(signed["refreshToken"]).json()["error"]["message"] == "TOKEN_EXPIRED"
    assert rest.refused("lookup", idToken=signed["idToken"]) == "TOKEN_EXPIRED"
    auth.verify_id_token(rest.sign_in()["idToken"], app=app, check_revoked=True)


def test_a_revocation_in_the_second_of_the_sign_in_tells_before_from_after(app, rest):
    before = rest.sign_up()
    auth.revoke_refresh_tokens(before["localId"], app=app)
    after = rest.sign_in()
    assert rest.refresh(before["refreshToken"]).status_code == 400
    assert rest.refresh(after["refreshToken"]).status_code == 200


def test_a_disabled_user_is_kept_out_everywhere(app, rest):
    signed = rest.sign_up()
    auth.update_user(signed["localId"], disabled=True, app=app)
    with pytest.raises(auth.UserDisabledError):
        auth.verify_id_token(signed["idToken"], app=app, check_revoked=True)
    assert rest.refresh(signed["refreshToken"]).json()["error"]["message"] == "USER_DISABLED"
    assert rest.refused("signInWithPassword", email="ann@secura.com", password=PASSWORD) == "USER_DISABLED"
    assert rest.refused("lookup", idToken=signed["idToken"]) == "USER_DISABLED"
    auth.update_user(signed["localId"], disabled=False, app=app)
    assert rest.refresh(signed["refreshToken"]).status_code == 200


def test_a_custom_token_signs_in_with_its_claims(app, rest):
    token = auth.create_custom_token("ann", {"tier": "gold"}, app=app).decode()
    signed = rest.ok("signInWithCustomToken", token=token, returnSecureToken=True)
    assert signed["isNewUser"]
    claims = auth.verify_id_token(signed["idToken"], app=app)
    assert (claims["uid"], claims["tier"], claims["firebase"]["sign_in_provider"]) == ("ann", "gold", "custom")
    assert claims_of(rest.refresh(signed["refreshToken"]).json()["id_token"])["tier"] == "gold"
    assert not rest.ok("signInWithCustomToken", token=token)["isNewUser"]
    auth.update_user("ann", disabled=True, app=app)
    assert rest.refused("signInWithCustomToken", token=token) == "USER_DISABLED"


def test_all_users_are_listed_page_by_page(app):
    uids = {auth.create_user(uid=f"user{number}", app=app).uid for number in range(7)}
    page = auth.list_users(max_results=3, app=app)
    sizes = []
    while page:
        sizes.append(len(page.users))
        page = page.get_next_page()
    assert sizes == [3, 3, 1]
    assert {one.uid for one in auth.list_users(app=app).iterate_all()} == uids


def test_users_are_deleted_one_by_one_and_together(app, rest):
    signed = rest.sign_up()
    auth.delete_user(signed["localId"], app=app)
    assert rest.refresh(signed["refreshToken"]).json()["error"]["message"] == "USER_NOT_FOUND"
    uids = [auth.create_user(app=app).uid for _ in range(3)]
    result = auth.delete_users([*uids, "nobody"], app=app)
    assert (result.success_count, result.failure_count) == (4, 0)
    assert auth.list_users(app=app).users == []


def test_links_for_mails_do_what_they_say(app, rest):
    rest.sign_up()
    verify = auth.generate_email_verification_link("ann@secura.com", app=app)
    reset = auth.generate_password_reset_link("ann@secura.com", app=app)
    assert [one["oobLink"] for one in rest.codes()] == [verify, reset]
    rest.ok("update", oobCode=rest.codes()[0]["oobCode"])
    assert auth.get_user_by_email("ann@secura.com", app=app).email_verified
    rest.ok("resetPassword", oobCode=rest.codes()[0]["oobCode"], newPassword="another password")
    assert rest.codes() == []
    rest.sign_in(password="another password")
    settings = auth.ActionCodeSettings("http://localhost:5000/done", handle_code_in_app=True)
    link = auth.generate_sign_in_with_email_link("new@secura.com", settings, app=app)
    assert "mode=signIn" in link
    signed = rest.ok("signInWithEmailLink", email="new@secura.com", oobCode=rest.codes()[0]["oobCode"])
    assert signed["isNewUser"]


def test_a_link_for_an_unknown_address_is_refused(app):
    with pytest.raises(auth.EmailNotFoundError):
        auth.generate_password_reset_link("nobody@secura.com", app=app)


def test_a_session_cookie_is_made_of_an_id_token(app, rest):
    signed = rest.sign_up()
    cookie = auth.create_session_cookie(signed["idToken"], timedelta(days=5), app=app)
    assert auth.verify_session_cookie(cookie, check_revoked=True, app=app)["uid"] == signed["localId"]


def test_imported_users_keep_their_ids_and_passwords(app, rest):
    key, salt, derived = b"key", b"salt", hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"salt", 1000)
    users = [
        auth.ImportUserRecord(
            uid="ann",
            email="ann@secura.com",
            custom_claims={"role": "admin"},
            password_hash=hmac.digest(key, PASSWORD.encode() + salt, "sha256"),
            password_salt=salt,
            provider_data=[auth.UserProvider("g1", "google.com", email="ann@gmail.com")],
        ),
        auth.ImportUserRecord(uid="bad", email="ann@secura.com"),
    ]
    result = auth.import_users(users, auth.UserImportHash.hmac_sha256(key), app=app)
    assert (result.success_count, [one.index for one in result.errors]) == (1, [1])
    assert rest.sign_in()["localId"] == "ann"
    assert auth.get_users([auth.ProviderIdentifier("google.com", "g1")], app=app).users[0].uid == "ann"
    bob = auth.ImportUserRecord(uid="bob", email="bob@secura.com", password_hash=derived, password_salt=salt)
    auth.import_users([bob], auth.UserImportHash.pbkdf2_sha256(1000), app=app)
    assert rest.sign_in("bob@secura.com")["localId"] == "bob"
    assert rest.refused("signInWithPassword", email="bob@secura.com", password="wrong") == "INVALID_LOGIN_CREDENTIALS"


def test_an_unknown_hash_is_refused(app):
    user = auth.ImportUserRecord(uid="ann", email="ann@secura.com", password_hash=b"x")
    with pytest.raises(exceptions.InvalidArgumentError, match="INVALID_HASH_ALGORITHM"):
        auth.import_users([user], auth.UserImportHash.bcrypt(), app=app)
