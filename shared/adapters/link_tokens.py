"""Link tokens as JSON Web Tokens (RFC 7519), signed with HMAC-SHA-256 under one key of the platform."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta

import jwt

from shared.domain.errors import NotFoundError
from shared.ports.clock import Clock

_KEY_BYTES = 32
_ALGORITHM = "HS256"
_LONGEST = 4_000  # characters
_DEAD = "This link does not hold any more"


class SignedLinkTokens:
    """Signs claims together with the purpose (`aud`) and the end of the token's life (`exp`)."""

    def __init__(self, key: str, clock: Clock) -> None:
        """`key` is 32 random bytes in base64.

        Raises:
            ValueError: it is not.
        """
        try:
            self._key = base64.b64decode(key, validate=True)
        except binascii.Error:
            raise ValueError("the key of links is not base64") from None
        if len(self._key) != _KEY_BYTES:
            raise ValueError(f"the key of links is not {_KEY_BYTES} bytes")
        self._clock = clock

    def make(self, purpose: str, claims: Mapping[str, str], lifetime: timedelta) -> str:
        ends = int((self._clock.now() + lifetime).timestamp())
        return jwt.encode({"aud": purpose, "exp": ends, "for": dict(claims)}, self._key, algorithm=_ALGORITHM)

    def read(self, purpose: str, token: str) -> Mapping[str, str]:
        if len(token) > _LONGEST:
            raise NotFoundError(_DEAD)
        # The time is looked at here, by our clock, which tests move.
        options: jwt.types.Options = {"verify_exp": False, "require": ["aud", "exp", "for"]}
        try:
            said = jwt.decode(token, self._key, algorithms=[_ALGORITHM], audience=purpose, options=options)
        except jwt.PyJWTError:
            raise NotFoundError(_DEAD) from None
        if said["exp"] <= self._clock.now().timestamp():
            raise NotFoundError(_DEAD)
        claims: dict[str, str] = said["for"]
        return claims
