"""The identity provider: accounts and tokens (Firebase Authentication)."""

from __future__ import annotations

from typing import Protocol

from shared.domain.people import VerifiedToken
from shared.domain.permissions import Role


class TokenVerifier(Protocol):
    """Checks ID tokens."""

    def verify(self, token: str) -> VerifiedToken:
        """Who the token speaks for.

        Raises:
            NotAuthenticatedError: when it does not hold; `reason` says why: malformed, expired, revoked, disabled …
            UnavailableError: when the keys to check it with cannot be had.
        """
        ...


class Accounts(Protocol):
    """Creates and changes accounts."""

    def create(self, uid: str, email: str, password: str, display_name: str) -> None:
        """Make the account.

        Raises:
            ConflictError: the address has an account already.
            InvalidInputError: the provider refuses address or password.
            UnavailableError: the provider does not answer.
        """
        ...

    def grant(self, uid: str, role: Role) -> None:
        """Put the role into the account's custom claims: it is in every token made from then on."""
        ...

    def owns(self, uid: str, email: str) -> bool:
        """Whether the account exists under exactly this uid with this address."""
        ...
