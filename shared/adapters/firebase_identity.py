"""ID tokens of Firebase Authentication, checked as https://firebase.google.com/docs/auth/admin/verify-id-tokens says.

By PyJWT and cryptography and not by firebase-admin: its check takes several times as long (it parses the certificate
anew for each token), it says of most bad tokens only that they are bad, and it gets its certificates from one fixed
address, so that the path of production could not be tested as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.adapters.signed_tokens import KeysById, SignedTokens, parts, time_of
from shared.domain.errors import NotAuthenticatedError
from shared.domain.people import Identity, VerifiedToken
from shared.domain.permissions import Role
from shared.ports.clock import Clock

_ISSUER = "https://securetoken.google.com/"
_SKEW = timedelta(seconds=5)  # by which the clock that made a token may be ahead of ours
_LONGEST_UID = 128


class FirebaseTokenVerifier:
    """Checks ID tokens by signature, issuer, audience and times; no network once the public keys are cached."""

    def __init__(self, project: str, keys: KeysById, clock: Clock) -> None:
        self._project = project
        self._tokens = SignedTokens(keys, clock)
        self._clock = clock

    def verify(self, token: str) -> VerifiedToken:
        """As the port says. A token without a known role speaks for somebody who may do nothing."""
        verified = _read(self._tokens.claims(token), self._project, self._clock.now())
        if max(_times(verified)) > self._clock.now() + _SKEW:
            raise NotAuthenticatedError("not yet valid")
        return verified


class UnsignedTokenVerifier:
    """Takes the word of tokens, as firebase-admin does when FIREBASE_AUTH_EMULATOR_HOST is set: they are unsigned.

    The emulator's clock can be ahead of ours, so a token from the future is no fault here.
    """

    def __init__(self, project: str, clock: Clock) -> None:
        self._project = project
        self._clock = clock

    def verify(self, token: str) -> VerifiedToken:
        return _read(parts(token)[1], self._project, self._clock.now())


def _times(verified: VerifiedToken) -> list[datetime]:
    return [time for time in (verified.issued_at, verified.identity.signed_in_at) if time is not None]


def _read(claims: dict[str, Any], project: str, now: datetime) -> VerifiedToken:
    if claims.get("aud") != project or claims.get("iss") != _ISSUER + project:
        raise NotAuthenticatedError("wrong project")
    uid = claims.get("sub")
    if not isinstance(uid, str) or not 0 < len(uid) <= _LONGEST_UID:
        raise NotAuthenticatedError("malformed")
    expires_at, issued_at, signed_in_at = (time_of(claims.get(name)) for name in ("exp", "iat", "auth_time"))
    if expires_at <= now - _SKEW:
        raise NotAuthenticatedError("expired")
    sign_in = claims.get("firebase")
    sign_in = sign_in if isinstance(sign_in, dict) else {}
    identity = Identity(
        uid=uid,
        email=_text(claims.get("email")),
        role=_role(claims.get("role")),
        email_verified=claims.get("email_verified") is True,
        second_factor=_text(sign_in.get("sign_in_second_factor")),
        signed_in_at=signed_in_at,
    )
    return VerifiedToken(identity, expires_at, issued_at, _text(sign_in.get("sign_in_provider")))


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) and claim else None


def _role(claim: object) -> Role | None:
    return Role(claim) if isinstance(claim, str) and claim in set(Role) else None
