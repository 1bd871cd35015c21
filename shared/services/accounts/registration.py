"""A new person joins."""

from __future__ import annotations

import hashlib

from shared.domain.errors import ConflictError
from shared.domain.people import Registered, Registration, User
from shared.domain.permissions import Role
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock, Ids
from shared.ports.repositories import Users


def keyed_uid(email: str, idempotency_key: str) -> str:
    """The uid of a keyed registration: a retry meets its own account instead of somebody's."""
    return hashlib.sha256(f"register\0{email}\0{idempotency_key}".encode()).hexdigest()[:28]


class AccountRegistration:
    """Makes an account and its user document. Every step can be repeated, so a retry completes what a crash left."""

    def __init__(self, accounts: Accounts, users: Users, clock: Clock, ids: Ids) -> None:
        self._accounts = accounts
        self._users = users
        self._clock = clock
        self._ids = ids

    def register(
        self, registration: Registration, idempotency_key: str | None = None, role: Role = Role.EMPLOYEE
    ) -> Registered:
        """Make the person known.

        `role` is the caller's word, never the registering person's: the HTTP endpoint leaves it at employee.

        Raises:
            ConflictError: the address has an account already.
            InvalidInputError: the identity provider refuses the address or the password.
        """
        email = registration.email.lower()
        uid = self._ids.new() if idempotency_key is None else keyed_uid(email, idempotency_key)
        try:
            self._accounts.create(uid, email, registration.password.get_secret_value(), registration.display_name)
        except ConflictError:
            if idempotency_key is None or not self._accounts.uid_of(email) == uid:
                raise
        self._accounts.grant(uid, role)
        now = self._clock.now()
        user = User(
            uid=uid,
            email=email,
            role=role,
            display_name=registration.display_name,
            department=registration.department,
            created_at=now,
            updated_at=now,
        )
        self._users.add(user)
        return Registered(uid=uid, email=email, role=role)
