"""The identity provider's account follows the user document."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from shared.domain.errors import NotFoundError
from shared.domain.people import User
from shared.domain.sessions import Revocation
from shared.ports.accounts import Accounts, AccountState
from shared.ports.clock import Clock
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import USERS, Store, Work


def revoked_in(work: Work, user: User, valid_from: datetime) -> User:
    """The user whose sessions begun before the time are dead, written in this transaction with the revocation."""
    after = user.model_copy(update={"sessions_valid_from": valid_from})
    work.put(USERS, after)
    work.put(REVOCATIONS, Revocation.of(user.uid, valid_from))
    return after


def whole_second(moment: datetime, *, up: bool = False) -> datetime:
    """The second the moment lies in, or with `up` the next one that begins: tokens count in whole seconds."""
    seconds = moment.timestamp()
    return datetime.fromtimestamp(math.floor(seconds) + 1 if up else math.floor(seconds), UTC)


class AccountSync:
    """Brings role claim and state of the account to what the user document says.

    The handler that changed the document calls it at once, the trigger on `users/{uid}` calls it again: whatever of it
    failed is made up for, and an account that is as it should be is left alone.
    """

    def __init__(self, accounts: Accounts, store: Store, clock: Clock) -> None:
        self._accounts = accounts
        self._store = store
        self._clock = clock

    def follow(self, uid: str) -> None:
        """Bring the account along; a document that is gone leaves it alone (erasure takes care of it).

        Sessions end once more when the claims are set: one begun between the change of the document and that of the
        claims would carry the old role for an hour.

        Raises:
            NotFoundError: the document is there, but no account.
            UnavailableError: a service does not answer; call again.
        """
        user = self._store.run(lambda work: work.get(USERS, uid))
        if user is None:
            return
        looked_at = self._clock.now()
        account = self._accounts.state(uid)
        if account is None:
            raise NotFoundError("There is no account for this user document")
        if not self._brought_along(user, account):
            return
        valid_from = whole_second(self._clock.now(), up=True)
        ended = self._store.run(lambda work: _end_sessions(work, uid, valid_from, looked_at))
        # Tokens and the provider count in whole seconds: behind the second in which sessions were ended the provider
        # ends those of that second too, and who signs in from now on gets a session that holds.
        self._clock.wait_until(ended)
        if ended == valid_from:
            self._accounts.revoke(uid)

    def _brought_along(self, user: User, account: AccountState) -> bool:
        """Whether sessions of before have to end."""
        if account.role is not user.role:
            self._accounts.grant(user.uid, user.role)
        if account.disabled is not user.disabled:
            self._accounts.set_disabled(user.uid, user.disabled)
        demoted = account.role is not None and account.role is not user.role
        return demoted or (user.disabled and not account.disabled)


def _end_sessions(work: Work, uid: str, valid_from: datetime, looked_at: datetime) -> datetime:
    """From when on a session has to have begun.

    The handler and the trigger often run at the same time: a session that began behind the one's end must not be ended
    by the other.
    """
    user = work.get(USERS, uid)
    if user is None:
        return looked_at
    if user.sessions_valid_from is not None and user.sessions_valid_from > looked_at:
        return user.sessions_valid_from
    revoked_in(work, user, valid_from)
    return valid_from
