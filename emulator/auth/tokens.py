"""ID tokens, session cookies and custom tokens. All are unsigned, as the official emulator's: the SDKs expect that."""

from __future__ import annotations

import json
import secrets
from typing import Any

import jwt

from emulator.auth.errors import AuthError
from emulator.auth.model import Account, Session

LIFETIME = 3600  # seconds
CUSTOM_TOKEN_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"  # noqa: S105  # an address
RESERVED_CLAIMS = frozenset(
    {"acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "cnf", "exp"}
    | {"firebase", "iat", "iss", "jti", "nbf", "nonce", "sub"}
)


def id_token(project: str, account: Account, session: Session, now: int) -> str:
    """An ID token with the claims of production; `now` is in seconds since the epoch.

    https://firebase.google.com/docs/auth/admin/verify-id-tokens lists the claims, and
    https://firebase.google.com/docs/rules/rules-and-auth those under `firebase`.
    """
    identities: dict[str, list[str]] = {}
    if account.email:
        identities["email"] = [account.email]
    if account.phone_number:
        identities["phone"] = [account.phone_number]
    for one in account.identities:
        identities.setdefault(one["providerId"], []).append(one["rawId"])
    firebase: dict[str, Any] = {"identities": identities, "sign_in_provider": session.provider}
    if session.second_factor is not None:
        firebase |= {"sign_in_second_factor": "totp", "second_factor_identifier": session.second_factor}
    claims: dict[str, Any] = {
        **(json.loads(account.claims) if account.claims else {}),
        **session.claims,
        "name": account.display_name,
        "picture": account.photo_url,
        "provider_id": "anonymous" if session.provider == "anonymous" else None,
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "auth_time": session.auth_time,
        "user_id": account.local_id,
        "sub": account.local_id,
        "iat": now,
        "exp": now + LIFETIME,
        "email": account.email,
        "email_verified": account.email_verified if account.email else None,
        "phone_number": account.phone_number,
        "firebase": firebase,
    }
    return _encode({name: value for name, value in claims.items() if value is not None})


def session_cookie(project: str, claims: dict[str, Any], now: int, lifetime: int) -> str:
    """A session cookie for the bearer of the ID token with these claims; `lifetime` in seconds."""
    issuer = f"https://session.firebase.google.com/{project}"
    return _encode(claims | {"iss": issuer, "iat": now, "exp": now + lifetime})


def read_id_token(token: str, project: str) -> dict[str, Any]:
    """The claims of an ID token of the project. Its times are left to the caller, who knows the account.

    Raises:
        AuthError: INVALID_ID_TOKEN.
    """
    claims = _decode(token)
    if (
        claims is None
        or claims.get("aud") != project
        or claims.get("iss") != f"https://securetoken.google.com/{project}"
        or not isinstance(claims.get("sub"), str)
        or not all(type(claims.get(name)) is int for name in ("iat", "exp", "auth_time"))
        or not isinstance(claims.get("firebase"), dict)
        or not isinstance(claims["firebase"].get("sign_in_provider"), str)
    ):
        raise AuthError("INVALID_ID_TOKEN")
    return claims


def read_custom_token(token: str, now: int) -> tuple[str, dict[str, Any]]:
    """The user id and the developer's claims of a custom token, signed or not.

    Raises:
        AuthError: INVALID_CUSTOM_TOKEN, TOKEN_EXPIRED, MISSING_IDENTIFIER, INVALID_IDENTIFIER or FORBIDDEN_CLAIM.
    """
    claims = _decode(token)
    if claims is None:
        raise AuthError("INVALID_CUSTOM_TOKEN : Invalid assertion format. 3 dot separated segments required.")
    if claims.get("aud") != CUSTOM_TOKEN_AUDIENCE:
        raise AuthError("INVALID_CUSTOM_TOKEN : Invalid value for the audience claim.")
    if type(claims.get("exp")) is int and claims["exp"] < now:
        raise AuthError("TOKEN_EXPIRED")
    uid = claims.get("uid", claims.get("user_id"))
    if uid is None:
        raise AuthError("MISSING_IDENTIFIER")
    if not isinstance(uid, str) or not 0 < len(uid) <= 128:
        raise AuthError("INVALID_IDENTIFIER")
    extra = claims.get("claims") or {}
    if not isinstance(extra, dict):
        raise AuthError("INVALID_CUSTOM_TOKEN : The claims must be an object.")
    if forbidden := sorted(RESERVED_CLAIMS & extra.keys()):
        raise AuthError(f"FORBIDDEN_CLAIM : {forbidden[0]}")
    return uid, extra


def _encode(claims: dict[str, Any]) -> str:
    # A key id as production's tokens have; random, because the web SDK ignores the new refresh token beside an equal
    # ID token, and two made in one second would be equal.
    return jwt.encode(claims, "", algorithm="none", headers={"kid": secrets.token_hex(8)})


def _decode(token: str) -> dict[str, Any] | None:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        # An escaped lone surrogate fits no database, and what Python reads as infinite no JSON.
        json.dumps(claims, ensure_ascii=False, allow_nan=False).encode()
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return dict(claims)
