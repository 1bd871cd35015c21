"""The identity provider's accounts (Firebase Authentication)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the provider knows of an account.

    `role` is the custom claim, `second_factors` the kinds enrolled; of sessions begun before `sessions_valid_from` the
    provider makes no ID token any more.
    """

    uid: str
    email: str | None
    email_verified: bool
    role: Role | None
    disabled: bool
    second_factors: tuple[str, ...] = ()
    sessions_valid_from: datetime | None = None


class Accounts(Protocol):
    """Creates and changes accounts. Every method but `create` can be repeated; an unknown uid is NotFoundError.

    Raises (each of them):
        UnavailableError: the provider does not answer.
    """

    def create(self, uid: str, email: str, password: str, display_name: str, *, verified: bool = False) -> None:
        """Make the account.

        Raises:
            ConflictError: the address has an account already.
            InvalidInputError: the provider refuses address or password.
        """
        ...

    def state(self, uid: str) -> AccountState | None:
        """The account; None when there is none."""
        ...

    def uid_of(self, email: str) -> str | None:
        """The uid of the account with this address."""
        ...

    def grant(self, uid: str, role: Role) -> None:
        """Put the role into the account's custom claims: it is in every token made from then on."""
        ...

    def set_disabled(self, uid: str, disabled: bool) -> None:  # the value to set
        """Let nobody sign in to it, or again."""
        ...

    def revoke(self, uid: str) -> None:
        """End every session: refresh tokens made so far give no ID token any more."""
        ...

    def remove_second_factors(self, uid: str) -> int:
        """Forget the enrolled second factors; how many there were."""
        ...

    def verification_link(self, email: str) -> str:
        """A link that proves, once and for some time, that who follows it reads mail at the address.

        Raises:
            NotFoundError: no account has the address.
        """
        ...

    def password_link(self, email: str) -> str:
        """A link on which who reads mail at the address chooses a password, which also verifies the address.

        Raises:
            NotFoundError: no account has the address.
        """
        ...

    def delete(self, uid: str) -> None:
        """Remove the account; one that is gone already is no error."""
        ...
