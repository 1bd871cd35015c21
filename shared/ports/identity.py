"""The identity provider's tokens (Firebase Authentication)."""

from __future__ import annotations

from typing import Protocol

from shared.domain.people import VerifiedToken


class TokenVerifier(Protocol):
    """Checks ID tokens."""

    def verify(self, token: str) -> VerifiedToken:
        """Who the token speaks for.

        Raises:
            NotAuthenticatedError: when it does not hold; `reason` says why: malformed, expired, revoked, disabled …
            UnavailableError: when the keys to check it with cannot be had.
        """
        ...
