"""Taking away the second factor of somebody who lost it."""

from __future__ import annotations

from shared.domain.audit import Actor, AuditTarget, FieldChange, as_json
from shared.domain.errors import NotFoundError
from shared.domain.people import Identity, User
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.accounts.synchronizing import revoked_in, whole_second
from shared.services.audit import AuditTrail
from shared.services.notifications.notices import Notice, notice_mail


class SecondFactorReset:
    """Removes a person's second factors, so that they can enrol new ones, and ends their sessions.

    Whoever found the lost device may be signed in on it, and the request itself may be a trick: so every session ends,
    the person is mailed, and it is in the audit trail before anything else happens.
    """

    def __init__(self, store: Store, accounts: Accounts, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._accounts = accounts
        self._trail = trail
        self._clock = clock

    def reset(self, who: Identity | Actor, uid: str, reason: str) -> int:
        """How many second factors were removed; with none enrolled nothing happens.

        Can be repeated: the factors go last, so that as long as one is there, a step may be missing. Sessions end once
        more behind that, as one begun a moment before, with the factor that is gone, is of no other worth.

        Raises:
            NotFoundError: there is no such person, or no account.
            UnavailableError: a service does not answer; repeating it completes what was begun.
        """
        account = self._accounts.state(uid)
        if account is None:
            raise NotFoundError("There is no such account")
        if not account.second_factors:
            return 0
        self._store.run(lambda work: self._begin(work, who, uid, account.second_factors, reason))
        self._accounts.revoke(uid)
        removed = self._accounts.remove_second_factors(uid)
        over = whole_second(self._clock.now(), up=True)
        self._store.run(lambda work: revoked_in(work, _person(work, uid), over))
        # Who signs in from now on gets a session that holds: the second in which sessions were ended is over.
        self._clock.wait_until(over)
        return removed

    def _begin(self, work: Work, who: Identity | Actor, uid: str, factors: tuple[str, ...], reason: str) -> None:
        user = _person(work, uid)
        now = self._clock.now()
        change = FieldChange(field="second_factors", old=as_json(factors), new=as_json([]))
        target = AuditTarget(kind="user", id=uid)
        entry = self._trail.entry(who, "user:second_factor_reset", target, subject=uid, changes=[change], reason=reason)
        revoked_in(work, user, whole_second(now))
        work.create(AUDIT, entry)
        work.create(OUTBOX, notice_mail(f"second-factor-reset-{entry.id}", user.email, _NOTICE, now))


def _person(work: Work, uid: str) -> User:
    user = work.get(USERS, uid)
    if user is None:
        raise NotFoundError("There is no such user")
    return user


_NOTICE = Notice(
    kind="second_factor_reset",
    subject="Your second factor on Secura was removed",
    paragraphs=[
        "An administrator removed the second factor (authenticator app) of your account and ended all your sessions.",
        "Sign in with your password and set up a new one.",
        "If you did not ask for this, tell your security team at once: somebody may have asked in your name.",
    ],
)
