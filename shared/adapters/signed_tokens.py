"""JSON Web Tokens signed by Google: their form and their signature. What the claims mean is for others to say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.utils import base64url_decode, base64url_encode

from shared.domain.errors import NotAuthenticatedError
from shared.ports.clock import Clock

_LONGEST = 10_000  # characters
_LATEST = 253_402_300_799  # the last second of the year 9999
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


class KeysById(Protocol):
    """Where public keys come from: see SigningKeys."""

    def key(self, key_id: str) -> RSAPublicKey | None:
        """The key of this id, or None."""
        ...


class SignedTokens:
    """Reads tokens signed with RS256 by one of the keys."""

    def __init__(self, keys: KeysById, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._signatures = jwt.PyJWS(algorithms=["RS256"])

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature holds.

        Raises:
            NotAuthenticatedError: malformed, wrong algorithm, unknown key, bad signature.
            UnavailableError: the keys cannot be had.
        """
        header, claims = parts(token)
        if header.get("alg") != "RS256":
            raise NotAuthenticatedError("wrong algorithm")
        key_id = header.get("kid")
        key = self._keys.key(key_id) if isinstance(key_id, str) else None
        if key is None:
            # Google forgets the keys of tokens that are long dead: here the claims only word the refusal.
            raise NotAuthenticatedError("expired" if self._expired(claims) else "unknown key")
        self._check(token, key)
        return claims

    def _check(self, token: str, key: RSAPublicKey) -> None:
        signature = token.rsplit(".", 1)[1]
        try:
            # Of one signature there is one spelling: the unused bits of its last character are zero.
            if base64url_encode(base64url_decode(signature)).decode() != signature:
                raise NotAuthenticatedError("malformed")
            self._signatures.decode_complete(token, key, algorithms=["RS256"])
        except jwt.InvalidSignatureError as error:
            raise NotAuthenticatedError("bad signature") from error
        except (jwt.InvalidTokenError, ValueError) as error:
            raise NotAuthenticatedError("malformed") from error

    def _expired(self, claims: dict[str, Any]) -> bool:
        seconds = claims.get("exp")
        return isinstance(seconds, int) and seconds < self._clock.now().timestamp()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, whose signature nobody has looked at yet.

    Raises:
        NotAuthenticatedError: malformed.
    """
    if not isinstance(token, str) or len(token) > _LONGEST or not _COMPACT.fullmatch(token):
        raise NotAuthenticatedError("malformed")
    header, payload, _ = token.split(".")
    return _object(header), _object(payload)


def time_of(seconds: object) -> datetime:
    """A claim that is a time, in whole seconds since 1970.

    Raises:
        NotAuthenticatedError: malformed.
    """
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds <= _LATEST:
        raise NotAuthenticatedError("malformed")
    return datetime.fromtimestamp(seconds, UTC)


def _object(segment: str) -> dict[str, Any]:
    try:
        value = json.loads(base64url_decode(segment))
    except (ValueError, RecursionError) as error:
        raise NotAuthenticatedError("malformed") from error
    if not isinstance(value, dict):
        raise NotAuthenticatedError("malformed")
    return value
