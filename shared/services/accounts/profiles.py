"""A person's own profile."""

from __future__ import annotations

from shared.domain.audit import AuditTarget, changes_between
from shared.domain.errors import NotFoundError
from shared.domain.people import Identity, Profile, ProfileChange, User
from shared.ports.clock import Clock
from shared.ports.repositories import Users
from shared.ports.store import AUDIT, New
from shared.services.accounts.plain import PLAIN_FIELDS
from shared.services.audit import AuditTrail


class Profiles:
    """Reads and changes what a person says of themselves; role and address are not among it."""

    def __init__(self, users: Users, trail: AuditTrail, clock: Clock) -> None:
        self._users = users
        self._trail = trail
        self._clock = clock

    def get(self, who: Identity) -> Profile:
        """The caller's profile.

        Raises:
            NotFoundError: the account was never registered with the platform.
        """
        user = self._users.get(who.uid)
        if user is None:
            raise NotFoundError("This account has no profile: register first")
        return Profile.of(user)

    def change(self, who: Identity, change: ProfileChange) -> Profile:
        """The caller's profile with the change made.

        Raises:
            NotFoundError: the account was never registered with the platform.
        """
        now = self._clock.now()

        def entry(before: User, after: User) -> list[New]:
            target = AuditTarget(kind="user", id=who.uid)
            changes = changes_between(before, after, PLAIN_FIELDS)
            return [(AUDIT, self._trail.entry(who, "user:profile_changed", target, changes=changes))]

        return Profile.of(self._users.update(who.uid, lambda user: change.applied_to(user, now), entry))
