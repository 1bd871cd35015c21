"""There is always somebody who can administer."""

from __future__ import annotations

from shared.domain.errors import ConflictError
from shared.domain.people import User
from shared.domain.permissions import Role
from shared.domain.team import is_active_admin
from shared.ports.store import USERS, Work


def keep_an_admin(work: Work, before: User, after: User) -> None:
    """Refuse to let go of the last one. The query is part of the transaction: of two at once, one is run again.

    Raises:
        ConflictError: nobody else could administer.
    """
    if not is_active_admin(before) or is_active_admin(after):
        return
    admins = work.find(USERS, 2, role=Role.ADMIN, disabled=False)
    if all(admin.uid == before.uid for admin in admins):
        raise ConflictError("This is the last administrator: make another one first")
