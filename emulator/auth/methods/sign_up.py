"""accounts:signUp, by users and by administrators."""

from __future__ import annotations

import secrets
import string
from dataclasses import replace
from typing import Any

from emulator.auth import checks, sessions
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, UnsupportedError, require
from emulator.auth.model import Account

_KIND = "identitytoolkit#SignupNewUserResponse"
_ALPHABET = string.ascii_letters + string.digits


async def sign_up(call: Call) -> dict[str, Any]:
    """Create an account; give an anonymous one a password when an ID token comes along."""
    if call.admin and not call.body.has("idToken"):
        return await _create(call)
    require(not call.body.has("localId"), "UNEXPECTED_PARAMETER : User ID")
    require(call.settings.sign_up_allowed, "ADMIN_ONLY_OPERATION")
    if any(call.body.has(name) for name in ("email", "password", "idToken")):
        return await _register(call)
    require(call.settings.anonymous_allowed, "ADMIN_ONLY_OPERATION")
    account = new_account(call)
    return _answer(account) | sessions.begin(call, account, "anonymous")


async def _register(call: Call) -> dict[str, Any]:
    """By a user, with a password: the one place where such accounts come to be."""
    email, password = call.body.text("email"), call.body.text("password")
    require(email, "MISSING_EMAIL")
    require(password, "MISSING_PASSWORD")
    require(call.settings.password_allowed, "OPERATION_NOT_ALLOWED")
    address = checks.email(email or "")
    hashed = await call.passwords.hash(checks.password(password or ""))
    # No await from here on: of many who sign up with one address, one gets it.
    account, claims = new_account(call), dict[str, Any]()
    if id_token := call.body.text("idToken"):
        account, claims = sessions.bearer(call, id_token)
    require_free(call, account.local_id, email=address)
    account = replace(
        account,
        email=address,
        email_verified=account.email_verified and account.email == address,
        password=hashed,
        password_updated_at=call.now_ms,
        display_name=call.body.text("displayName") or account.display_name,
    )
    proven = sessions.second_factor(claims) if claims else None
    return _answer(account) | sessions.begin(
        call, account, "password", sessions.developer_claims(claims, account), proven
    )


async def _create(call: Call) -> dict[str, Any]:
    """By an administrator: any fields, no sign-in."""
    body = call.body
    if body.objects("mfaInfo"):
        raise UnsupportedError("An account made with second factors")
    local_id, email, password, phone = (body.text(name) for name in ("localId", "email", "password", "phoneNumber"))
    account = new_account(call, None if local_id is None else checks.local_id(local_id))
    account = replace(
        account,
        email=None if email is None else checks.email(email),
        email_verified=bool(body.flag("emailVerified")),
        phone_number=None if phone is None else checks.phone(phone),
        display_name=body.text("displayName") or None,
        photo_url=body.text("photoUrl") or None,
        disabled=bool(body.flag("disabled")),
    )
    if password is not None:
        hashed = await call.passwords.hash(checks.password(password))
        account = replace(account, password=hashed, password_updated_at=call.now_ms)
    require(call.store.account(call.project, account.local_id) is None, "DUPLICATE_LOCAL_ID")
    require_free(call, account.local_id, email=account.email, phone=account.phone_number)
    with call.store.transaction():
        call.store.put(call.project, account)
    return _answer(account)


def new_account(call: Call, local_id: str | None = None) -> Account:
    """An account that is not kept yet, its id made up as production's are: 28 letters and digits."""
    chosen = local_id or "".join(secrets.choice(_ALPHABET) for _ in range(28))
    return Account(local_id=chosen, created_at=call.now_ms, valid_since=call.now)


def require_free(call: Call, local_id: str, email: str | None = None, phone: str | None = None) -> None:
    """Refuse an address or number that belongs to another account.

    Raises:
        AuthError: EMAIL_EXISTS or PHONE_NUMBER_EXISTS.
    """
    holder = call.store.by_email(call.project, email) if email else None
    if holder is not None and holder.local_id != local_id:
        raise AuthError("EMAIL_EXISTS")
    holder = call.store.by_phone(call.project, phone) if phone else None
    if holder is not None and holder.local_id != local_id:
        raise AuthError("PHONE_NUMBER_EXISTS")


def _answer(account: Account) -> dict[str, Any]:
    fields = {"localId": account.local_id, "email": account.email, "displayName": account.display_name}
    return {"kind": _KIND} | {name: value for name, value in fields.items() if value is not None}
