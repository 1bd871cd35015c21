"""The ID tokens that users bring: who they are, for the security rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import jwt

_ISSUER: Final = "https://securetoken.google.com/"


class TokenError(Exception):
    """The token is not to be believed; the text says why, and never holds the token."""


def verify(token: str, now: datetime, project: str | None = None) -> Mapping[str, Any]:
    """The claims of an ID token, as https://firebase.google.com/docs/auth/admin/verify-id-tokens has them checked.

    Locally tokens are unsigned, so what is checked is their form, their project and their time. A token whose `iat` is
    0 is a mock of Firebase's test library (`createMockUserToken`) and has no time.

    Raises:
        TokenError: it is none, is of another project, or has expired.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenError("The token is no JSON Web Token.") from None
    audience, subject = claims.get("aud"), claims.get("sub")
    if not isinstance(audience, str) or claims.get("iss") != f"{_ISSUER}{audience}":
        raise TokenError("The token's issuer and audience are not those of an ID token.")
    if project is not None and audience != project:
        raise TokenError(f'The token is for the project "{audience}", not for "{project}".')
    if not isinstance(subject, str) or not 0 < len(subject) <= 128:
        raise TokenError("The token has no subject.")
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int:
        raise TokenError("The token has no times.")
    if issued and expires <= now.timestamp():
        raise TokenError("The token has expired.")
    return dict(claims)
