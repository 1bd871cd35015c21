"""accounts:update: by the user, by an administrator, or by a code that was sent to the user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.auth import checks, factors, sessions
from emulator.auth.body import Body
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, UnsupportedError, require
from emulator.auth.methods import codes
from emulator.auth.methods.sign_up import require_free
from emulator.auth.model import Account, Factor

_REMOVED: dict[str, dict[str, Any]] = {
    "DISPLAY_NAME": {"display_name": None},
    "PHOTO_URL": {"photo_url": None},
    "EMAIL": {"email": None, "email_verified": False},
    "PASSWORD": {"password": None},
}


async def update(call: Call) -> dict[str, Any]:
    """Change an account and answer what it became."""
    if call.body.has("linkProviderUserInfo"):
        raise UnsupportedError("The field linkProviderUserInfo")
    if call.body.has("mfa") and (not call.admin or call.body.text("idToken")):
        # Users add and remove theirs by mfaEnrollment, which asks for more than an ID token.
        raise AuthError("INSUFFICIENT_PERMISSION", 403)
    if code := call.body.text("oobCode"):
        return _answer(codes.apply(call, code))
    hashed = await _hashed(call)
    before, claims = _target(call)
    account = _with_profile(call, _with_credentials(call, before, claims, hashed))
    if claims is None:
        account = _with_admin_fields(call, account)
    renewed = hashed is not None or account.email not in {None, before.email}
    with call.store.transaction():
        call.store.put(call.project, account)
        if renewed or (claims is None and call.body.has("validSince")):
            call.store.revoke_sessions(call.project, account.local_id, account.valid_since)
    answer = _answer(account)
    if claims is not None and renewed:
        # The change ended every session; the one that made it goes on with new tokens.
        kept = sessions.developer_claims(claims, account)
        proven = sessions.second_factor(claims)
        answer |= sessions.begin(call, account, claims["firebase"]["sign_in_provider"], kept, proven)
    return answer


async def _hashed(call: Call) -> str | None:
    password = call.body.text("password")
    return None if password is None else await call.passwords.hash(checks.password(password))


def _target(call: Call) -> tuple[Account, dict[str, Any] | None]:
    """The account to change and, when its user changes it, the claims of the ID token."""
    id_token = call.body.text("idToken")
    if call.admin and not id_token:
        local_id = call.body.text("localId")
        require(local_id, "INVALID_IDENTIFIER : Missing localId.")
        account = call.store.account(call.project, local_id or "")
        if account is None:
            raise AuthError("USER_NOT_FOUND")
        return account, None
    require(id_token, "MISSING_ID_TOKEN")
    return sessions.bearer(call, id_token or "")


def _with_credentials(call: Call, account: Account, claims: dict[str, Any] | None, hashed: str | None) -> Account:
    """With another e-mail address or password, which ends the sessions there are."""
    email = call.body.text("email")
    address = account.email if email is None else checks.email(email)
    if claims is not None and (hashed or address != account.email):
        sessions.require_recent(call, claims)
    if address != account.email:
        if claims is not None and account.email and call.settings.hides_emails:
            raise AuthError("OPERATION_NOT_ALLOWED : Please verify the new email before changing email.")
        require_free(call, account.local_id, email=address)
        account = replace(account, email=address, email_verified=False, valid_since=call.now)
    if hashed is not None:
        require(call.settings.password_allowed or claims is None, "OPERATION_NOT_ALLOWED")
        account = replace(account, password=hashed, password_updated_at=call.now_ms, valid_since=call.now)
    return account


def _with_profile(call: Call, account: Account) -> Account:
    body = call.body
    name, photo = body.text("displayName"), body.text("photoUrl")
    account = replace(
        account,
        display_name=account.display_name if name is None else name or None,
        photo_url=account.photo_url if photo is None else photo or None,
    )
    for attribute in body.texts("deleteAttribute"):
        if attribute not in _REMOVED:
            raise UnsupportedError(f"Deleting the attribute {attribute}")
        account = replace(account, **_REMOVED[attribute])
    return _without_providers(account, set(body.texts("deleteProvider")))


def _without_providers(account: Account, removed: set[str]) -> Account:
    return replace(
        account,
        password=None if "password" in removed else account.password,
        email_link=account.email_link and "password" not in removed,
        phone_number=None if "phone" in removed else account.phone_number,
        identities=[one for one in account.identities if one["providerId"] not in removed],
    )


def _with_admin_fields(call: Call, account: Account) -> Account:
    body = call.body
    phone, claims, valid_since = body.text("phoneNumber"), body.text("customAttributes"), body.whole("validSince")
    verified, disabled = body.flag("emailVerified"), body.flag("disableUser")
    if phone is not None:
        phone = checks.phone(phone)
        require_free(call, account.local_id, phone=phone)
        account = replace(account, phone_number=phone)
    if (mfa := body.object("mfa")) is not None:
        account = replace(account, factors=_factors(account, mfa))
    return replace(
        account,
        claims=account.claims if claims is None else checks.claims(claims or "{}"),
        valid_since=account.valid_since if valid_since is None else valid_since,
        email_verified=account.email_verified if verified is None else verified,
        disabled=account.disabled if disabled is None else disabled,
    )


def _factors(account: Account, mfa: Body) -> list[Factor]:
    """The factors that an administrator leaves to the account. There is no way to add one: its secret is the user's."""
    kept: dict[str, Factor] = {}
    for one in mfa.objects("enrollments"):
        if one.has("phoneInfo"):
            raise UnsupportedError("A telephone as second factor")
        factor = factors.find(account, one.text("mfaEnrollmentId"))
        if factor is None:
            raise AuthError("UNSUPPORTED_SECOND_FACTOR : attempting to add a new TOTP enrollment")
        name = one.text("displayName")
        kept[factor.enrollment_id] = factor if name is None else replace(factor, display_name=name or None)
    return list(kept.values())


def _answer(account: Account) -> dict[str, Any]:
    shown = account.shown()
    names = ("localId", "email", "emailVerified", "displayName", "photoUrl", "passwordHash", "providerUserInfo")
    return {"kind": "identitytoolkit#SetAccountInfoResponse"} | {name: shown[name] for name in names if name in shown}
