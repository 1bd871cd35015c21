"""The identity provider's account follows the user document."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from shared.domain.errors import NotFoundError
from shared.domain.people import User
from shared.domain.sessions import Revocation
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import USERS, Store, Work

_PATIENCE = timedelta(seconds=2)


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

    The handler that changed the document settles it at once, the trigger on `users/{uid}` follows: whatever of it
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
        looked_at = self._clock.now()
        if self._brought_along(uid):
            self._end_sessions(uid, looked_at)
        self._make_up_for_revocation(uid)

    def settle(self, uid: str) -> None:
        """As `follow`, for who just changed somebody's rights: returns when sessions of before have ended.

        The trigger may have been faster and be about to end them: a session begun right behind our answer would die.

        Raises:
            As `follow` does.
        """
        looked_at = self._clock.now()
        self._brought_along(uid)
        self._end_sessions(uid, looked_at)

    def _brought_along(self, uid: str) -> bool:
        """Whether the account was not as the document says, and carried other rights before."""
        user = self._store.get(USERS, uid)
        if user is None:
            return False
        account = self._accounts.state(uid)
        if account is None:
            raise NotFoundError("There is no account for this user document")
        if account.role is not user.role:
            self._accounts.grant(user.uid, user.role)
        if account.disabled is not user.disabled:
            self._accounts.set_disabled(user.uid, user.disabled)
        changed = account.role is not None and account.role is not user.role
        return changed or (user.disabled and not account.disabled)

    def _make_up_for_revocation(self, uid: str) -> None:
        """Have the provider end the sessions that the document ended, where whoever did that could not tell it.

        Revocations are kept for as long as an ID token holds; the provider has to make no new ones of old sessions.
        """
        user = self._store.get(USERS, uid)
        if user is None or user.sessions_valid_from is None or not self._is_behind(user):
            return
        self._clock.wait_until(user.sessions_valid_from + _PATIENCE)  # the other one may be about to
        if self._is_behind(user):
            self._accounts.revoke(uid)

    def _is_behind(self, user: User) -> bool:
        account = self._accounts.state(user.uid)
        if account is None or user.sessions_valid_from is None:
            return False
        return account.sessions_valid_from is None or account.sessions_valid_from < user.sessions_valid_from

    def _end_sessions(self, uid: str, looked_at: datetime) -> None:
        valid_from = whole_second(self._clock.now(), up=True)
        ended, mine = self._store.run(lambda work: _ended(work, uid, valid_from, looked_at))
        # Tokens and the provider count in whole seconds: behind the second in which sessions were ended the provider
        # ends those of that second too, and who signs in from now on gets a session that holds.
        self._clock.wait_until(ended)
        if mine:
            self._accounts.revoke(uid)


def _ended(work: Work, uid: str, valid_from: datetime, looked_at: datetime) -> tuple[datetime, bool]:
    """From when on a session has to have begun, and whether it is us who said so.

    Handler and trigger often run at the same time: a session that began behind the one's end must not be ended by the
    other.
    """
    user = work.get(USERS, uid)
    if user is None:
        return looked_at, False
    if user.sessions_valid_from is not None and user.sessions_valid_from > looked_at:
        return user.sessions_valid_from, False
    revoked_in(work, user, valid_from)
    return valid_from, True
