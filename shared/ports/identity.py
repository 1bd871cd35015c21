"""The identity provider's tokens (Firebase Authentication) and the tokens of its App Check."""

from __future__ import annotations

from typing import Protocol

from shared.domain.people import VerifiedToken


class TokenVerifier(Protocol):
    """Checks ID tokens."""

    def verify(self, token: str) -> VerifiedToken:
        """Who the token speaks for.

        Raises:
            NotAuthenticatedError: when it does not hold; `reason` says why: malformed, wrong algorithm, unknown key,
                bad signature, wrong project, expired, not yet valid; where the provider is asked too: revoked,
                disabled, unknown user.
            UnavailableError: when the keys to check it with cannot be had.
        """
        ...


class AppVerifier(Protocol):
    """Checks App Check tokens: whether a request comes from an app of ours."""

    def verify(self, token: str) -> str:
        """The id of the app.

        Raises:
            NotAuthenticatedError: the token does not hold.
            UnavailableError: the keys to check it with cannot be had.
        """
        ...
