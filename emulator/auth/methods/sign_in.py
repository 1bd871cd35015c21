"""The ways to sign in: password, custom token and e-mail link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.auth import checks, factors, sessions, tokens
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.methods import codes
from emulator.auth.methods.sign_up import new_account, require_free
from emulator.auth.model import Account


async def with_password(call: Call) -> dict[str, Any]:
    """accounts:signInWithPassword."""
    email, password = call.body.text("email"), call.body.text("password")
    require(email is not None, "MISSING_EMAIL")
    address = checks.email(email or "")
    require(password, "MISSING_PASSWORD")
    require(call.settings.password_allowed, "PASSWORD_LOGIN_DISABLED")
    account = await _verified(call, address, password or "")
    answer = {
        "kind": "identitytoolkit#VerifyPasswordResponse",
        "registered": True,
        "localId": account.local_id,
        "email": address,
        "displayName": account.display_name or "",
    }
    return answer | _signed_in(call, account)


def _signed_in(call: Call, account: Account) -> dict[str, Any]:
    """Tokens or, for an account that has a second factor, what the client needs to go on with it."""
    if account.factors:
        return factors.ask(call, account, "password")
    return sessions.begin(call, account, "password")


async def _verified(call: Call, address: str, password: str) -> Account:
    hides = call.settings.hides_emails
    account = call.store.by_email(call.project, address)
    if account is None:
        raise AuthError("INVALID_LOGIN_CREDENTIALS" if hides else "EMAIL_NOT_FOUND")
    require(not account.disabled, "USER_DISABLED")
    wrong = "INVALID_LOGIN_CREDENTIALS" if hides else "INVALID_PASSWORD"
    kept = account.password
    if kept is None or not await call.passwords.matches(password, kept):
        raise AuthError(wrong)
    account = sessions.usable(call.store.account(call.project, account.local_id))
    require(account.password == kept and account.email == address, wrong)  # changed while the hash was computed
    return account


async def with_custom_token(call: Call) -> dict[str, Any]:
    """accounts:signInWithCustomToken. An unknown user id makes a new account.

    As in production nobody is asked for a second factor: whoever made the token answers for the user.
    """
    token = call.body.text("token")
    require(token, "MISSING_CUSTOM_TOKEN")
    uid, claims = tokens.read_custom_token(token or "", call.now)
    known = call.store.account(call.project, uid)
    account = replace(new_account(call, uid), custom_auth=True) if known is None else sessions.usable(known)
    answer = {"kind": "identitytoolkit#VerifyCustomTokenResponse", "isNewUser": known is None}
    return answer | sessions.begin(call, account, "custom", claims)


async def with_email_link(call: Call) -> dict[str, Any]:
    """accounts:signInWithEmailLink: signs up, signs in, or adds the address to the account of an ID token."""
    email, code = call.body.text("email"), call.body.text("oobCode")
    require(email, "MISSING_EMAIL")
    address = checks.email(email or "")
    require(call.settings.password_allowed, "OPERATION_NOT_ALLOWED")
    sent = codes.current(call, code)
    require(sent.kind == "EMAIL_SIGNIN", "INVALID_OOB_CODE")
    require(sent.email == address, "INVALID_EMAIL : The email provided does not match the sign-in email address.")
    known = call.store.by_email(call.project, address)
    claims: dict[str, Any] | None = None
    if id_token := call.body.text("idToken"):
        account, claims = sessions.bearer(call, id_token)
        require_free(call, account.local_id, email=address)
    else:
        account = new_account(call) if known is None else sessions.usable(known)
    call.store.use_code(call.project, sent.code)
    account = replace(account, email=address, email_verified=True, email_link=True)
    answer: dict[str, Any] = {
        "kind": "identitytoolkit#EmailLinkSigninResponse",
        "email": address,
        "localId": account.local_id,
    }
    if claims is not None:
        proven = sessions.second_factor(claims)
        return answer | {"isNewUser": False} | sessions.begin(call, account, "password", None, proven)
    if not account.factors:
        answer |= {"isNewUser": known is None}
    return answer | _signed_in(call, account)


async def create_auth_uri(call: Call) -> dict[str, Any]:
    """accounts:createAuthUri, for the sign-in methods of an address; federated sign-in is not supported."""
    identifier = call.body.text("identifier")
    require(identifier, "MISSING_IDENTIFIER")
    require(call.body.text("continueUri"), "MISSING_CONTINUE_URI")
    address = checks.email(identifier or "")
    answer: dict[str, Any] = {"kind": "identitytoolkit#CreateAuthUriResponse", "sessionId": codes.random_code()}
    if call.settings.hides_emails:
        return answer
    account = call.store.by_email(call.project, address)
    ways = [] if account is None else [one["providerId"] for one in account.identities]
    if account is not None and account.email_link:
        ways.append("emailLink")
    if account is not None and account.password:
        ways.append("password")
    return answer | {"registered": account is not None, "allProviders": ways, "signinMethods": ways}
