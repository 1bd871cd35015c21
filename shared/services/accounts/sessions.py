"""People's sessions: listing them, and ending all of one person's."""

from __future__ import annotations

from datetime import datetime

from shared.domain.audit import Actor, AuditTarget
from shared.domain.errors import NotFoundError
from shared.domain.people import Identity
from shared.domain.sessions import SessionList, SessionView, session_id
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock
from shared.ports.sessions import Sessions
from shared.ports.store import AUDIT, USERS, Store, Work
from shared.services.accounts.synchronizing import revoked_in, whole_second
from shared.services.audit.recording import AuditTrail


class SessionListing:
    """Shows people their own sessions."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def own(self, who: Identity) -> SessionList:
        """The sessions of who is asking, the last one seen first."""
        current = session_id(who.signed_in_at) if who.signed_in_at is not None else None
        views = [
            SessionView(
                id=session.id,
                signed_in_at=session.signed_in_at,
                last_seen_at=session.last_seen_at,
                address=session.address,
                user_agent=session.user_agent,
                second_factor=session.second_factor,
                current=session.id == current,
            )
            for session in self._sessions.list(who.uid)
        ]
        return SessionList(items=views)


class SessionEnding:
    """Ends every session of a person: their tokens die within seconds, and no new ones are made of old sign-ins."""

    def __init__(self, store: Store, accounts: Accounts, sessions: Sessions, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._accounts = accounts
        self._sessions = sessions
        self._trail = trail
        self._clock = clock

    def end_all(self, who: Identity | Actor, uid: str, reason: str | None = None) -> datetime:
        """End them; the time before which a session must have begun to be over. Can be repeated.

        The document and the revocation come first, in one transaction with the audit entry: from then on no token of
        before is taken. Then the provider is told, so that nobody can make new ID tokens of an old refresh token.

        Raises:
            NotFoundError: there is no such person.
            UnavailableError: the provider could not be told; repeating it makes up for that.
        """
        # Tokens tell their times in whole seconds: sessions begun in this one end with it.
        valid_from = whole_second(self._clock.now(), up=True)
        entry = self._trail.entry(
            who, "user:sessions_revoked", AuditTarget(kind="user", id=uid), subject=uid, reason=reason
        )

        def end(work: Work) -> None:
            user = work.get(USERS, uid)
            if user is None:
                raise NotFoundError("There is no such user")
            revoked_in(work, user, valid_from)
            work.create(AUDIT, entry)

        self._store.run(end)
        # The provider revokes what began in an earlier second than the one in which it is told. So it is told when that
        # second is over; and who signs in again behind the answer gets a session that holds.
        self._clock.wait_until(valid_from)
        self._accounts.revoke(uid)
        self._sessions.forget_all(uid)
        return valid_from
