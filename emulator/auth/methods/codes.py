"""Action codes: sent by e-mail in production, listed at /emulator/v1/projects/{project}/oobCodes here."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from emulator.auth import checks, sessions
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, UnsupportedError, require
from emulator.auth.methods.sign_up import require_free
from emulator.auth.model import Account, ActionCode

_LIFETIME = {  # seconds
    "PASSWORD_RESET": 3600,
    "VERIFY_EMAIL": 3 * 86400,
    "VERIFY_AND_CHANGE_EMAIL": 3 * 86400,
    "EMAIL_SIGNIN": 6 * 3600,
}
_MODE = {
    "PASSWORD_RESET": "resetPassword",
    "VERIFY_EMAIL": "verifyEmail",
    "VERIFY_AND_CHANGE_EMAIL": "verifyAndChangeEmail",
    "EMAIL_SIGNIN": "signIn",
}


async def send(call: Call) -> dict[str, Any]:
    """accounts:sendOobCode. Administrators may ask for the link instead of a mail."""
    kind = call.body.text("requestType")
    require(kind and kind != "OOB_REQ_TYPE_UNSPECIFIED", "MISSING_REQ_TYPE")
    if kind not in _LIFETIME:
        raise UnsupportedError(f"The request type {kind}")
    wants_link = bool(call.body.flag("returnOobLink"))
    if wants_link and not call.admin:
        raise AuthError("INSUFFICIENT_PERMISSION", 403)
    answer: dict[str, Any] = {"kind": "identitytoolkit#GetOobConfirmationCodeResponse"}
    address, account = _addressee(call, kind)
    if account is None and kind == "PASSWORD_RESET":
        require(call.settings.hides_emails and not wants_link, "EMAIL_NOT_FOUND")
        return answer | {"email": address}  # and no mail: who asks learns nothing
    new_email = _new_email(call, account) if kind == "VERIFY_AND_CHANGE_EMAIL" else None
    code = random_code()
    link = _link(call, kind, code)
    expires_at = call.now + _LIFETIME[kind]
    local_id = None if account is None else account.local_id
    sent = ActionCode(code, kind, address, link, expires_at, local_id, new_email)
    call.store.add_code(call.project, sent, call.now)
    return answer | {"email": new_email or address} | ({"oobCode": code, "oobLink": link} if wants_link else {})


def _addressee(call: Call, kind: str) -> tuple[str, Account | None]:
    email, id_token = call.body.text("email"), call.body.text("idToken")
    if kind in {"VERIFY_EMAIL", "VERIFY_AND_CHANGE_EMAIL"} and not (call.admin and email):
        require(id_token, "MISSING_ID_TOKEN")
        account, claims = sessions.bearer(call, id_token or "")
        if kind == "VERIFY_AND_CHANGE_EMAIL":
            sessions.require_recent(call, claims)
        if account.email is None:
            raise AuthError("MISSING_EMAIL")
        return account.email, account
    require(email, "MISSING_EMAIL")
    address = checks.email(email or "")
    found = call.store.by_email(call.project, address)
    if kind == "EMAIL_SIGNIN":
        require(call.settings.password_allowed, "OPERATION_NOT_ALLOWED")
        require(found is None or not found.disabled, "USER_DISABLED")
    elif kind == "PASSWORD_RESET":
        require(found is None or not found.disabled or call.settings.hides_emails, "USER_DISABLED")
    else:
        require(found, "USER_NOT_FOUND" if kind == "VERIFY_EMAIL" else "EMAIL_NOT_FOUND")
    return address, found


def _new_email(call: Call, account: Account | None) -> str:
    new_email = call.body.text("newEmail")
    require(new_email, "MISSING_NEW_EMAIL")
    address = checks.email(new_email or "")
    require_free(call, account.local_id if account else "", email=address)
    return address


def _link(call: Call, kind: str, code: str) -> str:
    continue_url = call.body.text("continueUrl")
    require(continue_url or kind != "EMAIL_SIGNIN", "MISSING_CONTINUE_URI")
    query = {"mode": _MODE[kind], "lang": "en", "oobCode": code, "apiKey": "fake-api-key"}
    if continue_url:
        require(is_web_address(continue_url), "INVALID_CONTINUE_URI : The provided continue URI is not valid.")
        query["continueUrl"] = continue_url
    return f"{call.origin}/emulator/action?{urlencode(query)}"


def is_web_address(value: str) -> bool:
    """Whether a link may lead there."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def random_code() -> str:
    """A code nobody guesses."""
    return secrets.token_urlsafe(40)


def current(call: Call, code: str | None) -> ActionCode:
    """The code, if it was sent, is not used and not too old.

    Raises:
        AuthError: MISSING_OOB_CODE, INVALID_OOB_CODE or EXPIRED_OOB_CODE.
    """
    require(code, "MISSING_OOB_CODE")
    sent = call.store.code(call.project, code or "")
    if sent is None:
        raise AuthError("INVALID_OOB_CODE")
    require(sent.expires_at > call.now, "EXPIRED_OOB_CODE")
    return sent


async def reset_password(call: Call) -> dict[str, Any]:
    """accounts:resetPassword: tells what a code is for and, with a new password, sets it."""
    sent = current(call, call.body.text("oobCode"))
    answer = {"kind": "identitytoolkit#ResetPasswordResponse", "requestType": sent.kind, "email": sent.email}
    if sent.new_email:
        answer["newEmail"] = sent.new_email
    password = call.body.text("newPassword")
    if password is None:
        return answer
    require(sent.kind == "PASSWORD_RESET", "INVALID_OOB_CODE")
    hashed = await call.passwords.hash(checks.password(password))
    current(call, sent.code)  # it may have been used while the hash was computed
    account = _owner(call, sent)
    account = replace(
        account, email_verified=True, password=hashed, password_updated_at=call.now_ms, valid_since=call.now
    )
    with call.store.transaction():
        call.store.put(call.project, account)
        call.store.revoke_sessions(call.project, account.local_id, call.now)
        call.store.use_code(call.project, sent.code)
    return answer


def apply(call: Call, code: str) -> Account:
    """Do what a VERIFY_EMAIL or VERIFY_AND_CHANGE_EMAIL code stands for; the changed account."""
    sent = current(call, code)
    require(sent.kind in {"VERIFY_EMAIL", "VERIFY_AND_CHANGE_EMAIL"}, "INVALID_OOB_CODE")
    account = replace(_owner(call, sent), email_verified=True)
    with call.store.transaction():
        if sent.new_email:
            require_free(call, account.local_id, email=sent.new_email)
            account = replace(account, email=sent.new_email, valid_since=call.now)
            call.store.revoke_sessions(call.project, account.local_id, call.now)
        call.store.put(call.project, account)
        call.store.use_code(call.project, sent.code)
    return account


def _owner(call: Call, sent: ActionCode) -> Account:
    """The account that the code was sent to; a code for an address that it left is void."""
    account = sessions.usable(call.store.account(call.project, sent.local_id or ""))
    require(account.email == sent.email, "INVALID_OOB_CODE")
    return account
