"""Whether who is asking may: e-mail address, second factor, permission, and how long ago they signed in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from shared.domain.errors import ForbiddenError
from shared.domain.people import Identity
from shared.domain.permissions import Permission, Role
from shared.entry.operations import Operation

RECENT = timedelta(minutes=5)


class StandingGate:
    """Checks, in this order: verified address, second factor, permission, recent sign-in."""

    def __init__(self, now: Callable[[], datetime], second_factor_roles: Collection[Role] = ()) -> None:
        self._now = now
        self._second_factor_roles = frozenset(second_factor_roles)

    def check(self, identity: Identity, operation: Operation, *, second_factor_required: bool = False) -> None:
        """Let them pass. `second_factor_required`: beyond their role, this person needs one.

        Raises:
            ForbiddenError: they may not; `code` says why.
        """
        if operation.verified and not identity.email_verified:
            raise ForbiddenError("Verify your e-mail address first", "email_unverified")
        needed = second_factor_required or identity.role in self._second_factor_roles
        if operation.second_factor and needed and identity.second_factor is None:
            raise ForbiddenError("Sign in with your second factor", "second_factor_required")
        if operation.permission is not None:
            _permit(identity, operation.permission)
        if operation.recent and not self._recent(identity):
            raise ForbiddenError("Sign in again: this needs a sign-in of the last minutes", "recent_sign_in_required")

    def _recent(self, identity: Identity) -> bool:
        return identity.signed_in_at is not None and self._now() < identity.signed_in_at + RECENT


def _permit(identity: Identity, permission: Permission) -> None:
    if not identity.can(permission):
        raise ForbiddenError(f"This needs the permission {permission}", "permission_missing")
