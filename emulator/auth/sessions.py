"""Sign-ins: beginning one, refreshing its token, and telling who an ID token belongs to."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any

from emulator.auth import tokens
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.model import Account, Session

_RECENT = 300  # seconds that a sign-in counts as recent for changes of credentials


def begin(
    call: Call,
    account: Account,
    provider: str,
    claims: dict[str, Any] | None = None,
    second_factor: str | None = None,
) -> dict[str, Any]:
    """Sign the account in and keep it with the time of that; the tokens as the sign-in methods answer them."""
    signed_in = replace(account, last_login_at=call.now_ms, last_refresh_at=call.now_ms)
    return keep(call, signed_in, Session(account.local_id, provider, call.now, claims or {}, second_factor))


def keep(call: Call, account: Account, session: Session) -> dict[str, Any]:
    """Keep an account together with a new session of it; the tokens of the session."""
    refresh_token = secrets.token_urlsafe(32)
    with call.store.transaction():
        call.store.put(call.project, account)
        call.store.add_session(call.project, refresh_token, session)
    return {
        "idToken": tokens.id_token(call.project, account, session, call.now),
        "refreshToken": refresh_token,
        "expiresIn": str(tokens.LIFETIME),
    }


async def refresh(call: Call) -> dict[str, Any]:
    """A new ID token for a refresh token: https://firebase.google.com/docs/reference/rest/auth#section-refresh-token."""
    grant = call.body.text("grant_type") or call.body.text("grantType")
    require(grant, "MISSING_GRANT_TYPE")
    require(grant == "refresh_token", "INVALID_GRANT_TYPE")
    refresh_token = call.body.text("refresh_token") or call.body.text("refreshToken")
    require(refresh_token, "MISSING_REFRESH_TOKEN")
    found = call.store.session(refresh_token or "")
    if found is None or found[0] != call.project:
        raise AuthError("INVALID_REFRESH_TOKEN")
    session = found[1]
    account = usable(call.store.account(call.project, session.local_id))
    require(not session.revoked and session.auth_time >= account.valid_since, "TOKEN_EXPIRED")
    account = replace(account, last_refresh_at=call.now_ms)
    with call.store.transaction():
        call.store.put(call.project, account)
    token = tokens.id_token(call.project, account, session, call.now)
    return {
        "access_token": token,
        "expires_in": str(tokens.LIFETIME),
        "token_type": "Bearer",
        "refresh_token": refresh_token,
        "id_token": token,
        "user_id": account.local_id,
        "project_id": call.project,
    }


def usable(account: Account | None) -> Account:
    """The account, if it is there and not disabled.

    Raises:
        AuthError: USER_NOT_FOUND or USER_DISABLED.
    """
    if account is None:
        raise AuthError("USER_NOT_FOUND")
    require(not account.disabled, "USER_DISABLED")
    return account


def bearer(call: Call, id_token: str) -> tuple[Account, dict[str, Any]]:
    """The account and the claims of an ID token that is still good.

    Raises:
        AuthError: INVALID_ID_TOKEN, USER_NOT_FOUND, USER_DISABLED or TOKEN_EXPIRED.
    """
    claims = tokens.read_id_token(id_token, call.project)
    account = usable(call.store.account(call.project, claims["sub"]))
    require(claims["exp"] > call.now and claims["iat"] >= account.valid_since, "TOKEN_EXPIRED")
    return account, claims


def require_recent(call: Call, claims: dict[str, Any]) -> None:
    """Refuse a change of credentials by a session that began long ago.

    Raises:
        AuthError: CREDENTIAL_TOO_OLD_LOGIN_AGAIN.
    """
    require(call.now - claims["auth_time"] <= _RECENT, "CREDENTIAL_TOO_OLD_LOGIN_AGAIN")


async def create_cookie(call: Call) -> dict[str, Any]:
    """A session cookie for an ID token, for 5 minutes to 14 days."""
    id_token = call.body.text("idToken")
    require(id_token, "MISSING_ID_TOKEN")
    lifetime = call.body.whole("validDuration") or 14 * 86400
    require(300 <= lifetime <= 14 * 86400, "INVALID_DURATION")
    _, claims = bearer(call, id_token or "")
    return {"sessionCookie": tokens.session_cookie(call.project, claims, call.now, lifetime)}


def second_factor(claims: dict[str, Any]) -> str | None:
    """The id of the second factor that the sign-in of an ID token had, which a new session of it keeps."""
    found = claims["firebase"].get("second_factor_identifier")
    return found if isinstance(found, str) else None


def developer_claims(claims: dict[str, Any], account: Account) -> dict[str, Any]:
    """Of an ID token's claims those that came with a custom token, which a new session of the same user keeps."""
    own = set(json.loads(account.claims)) if account.claims else set()
    standard = {"name", "picture", "provider_id", "user_id", "email", "email_verified", "phone_number"}
    return {key: value for key, value in claims.items() if key not in own | standard | tokens.RESERVED_CLAIMS}
