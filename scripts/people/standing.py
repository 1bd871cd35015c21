"""How somebody stands with the platform before a script changes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared.domain.people import User
from shared.ports.accounts import Accounts, AccountState
from shared.ports.store import USERS, Store


@dataclass(frozen=True, slots=True)
class Standing:
    """The account and the user document of an address, as far as they are there."""

    email: str
    account: AccountState | None = None
    user: User | None = None

    @property
    def proven(self) -> bool:
        """Whether an account that is there can be given rights.

        Anybody can register an address that is not theirs: until it is verified, the password may be a stranger's. An
        account that a script of ours made has the chosen password, or a random one that nobody knows.
        """
        account = self.account
        return account is None or account.email_verified or account.uid == provisioned_uid(self.email)


def provisioned_uid(email: str) -> str:
    """The uid of accounts that the scripts make: a second try finds the account that an interrupted one made.

    No caller of the API can choose this uid: registrations hash another prefix.
    """
    return hashlib.sha256(f"script\0{email}".encode()).hexdigest()[:28]


def standing(accounts: Accounts, store: Store, email: str) -> Standing:
    """How the address stands now.

    Raises:
        UnavailableError: a service does not answer.
    """
    uid = accounts.uid_of(email)
    if uid is None:
        return Standing(email)
    return Standing(email, accounts.state(uid), store.get(USERS, uid))
