"""A new person joins."""

from __future__ import annotations

import hashlib

from shared.domain.audit import AuditTarget, changes_between
from shared.domain.errors import ConflictError, InvalidInputError
from shared.domain.people import Identity, Origin, Registered, Registration, User
from shared.domain.permissions import Role
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock, Ids
from shared.ports.passwords import PasswordJudge
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.accounts.plain import PLAIN_FIELDS
from shared.services.audit import AuditTrail
from shared.services.notifications.notices import Notice, notice_mail

_PLATFORM = "secura"


def keyed_uid(email: str, idempotency_key: str) -> str:
    """The uid of a keyed registration: a retry meets its own account instead of somebody's."""
    return hashlib.sha256(f"register\0{email}\0{idempotency_key}".encode()).hexdigest()[:28]


class AccountRegistration:
    """Makes an account and its user document. Every step can be repeated, so a retry completes what a crash left.

    The answer never tells whether the address had an account: the mail to the address does.
    """

    def __init__(  # what joining touches
        self, accounts: Accounts, store: Store, passwords: PasswordJudge, trail: AuditTrail, clock: Clock, ids: Ids
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._passwords = passwords
        self._trail = trail
        self._clock = clock
        self._ids = ids

    def register(
        self, registration: Registration, idempotency_key: str | None = None, origin: Origin | None = None
    ) -> Registered:
        """Make the person known as an employee, or tell the owner of the address that somebody tried to.

        Raises:
            InvalidInputError: the password is one that attackers try, or the identity provider refuses something.
            UnavailableError: a service does not answer; a retry with the same key completes what was begun.
        """
        self._check_password(registration)
        uid = self._ids.new() if idempotency_key is None else keyed_uid(registration.email, idempotency_key)
        password = registration.password.get_secret_value()
        try:
            self._accounts.create(uid, registration.email, password, registration.display_name)
        except ConflictError:
            owner = self._accounts.uid_of(registration.email)
        else:
            owner = uid
        if owner is not None and not self._joined(owner):
            self._join(owner, registration, origin or Origin())
        elif owner != uid:
            self._tell_owner(registration.email)
        return Registered(uid=uid, email=registration.email, role=Role.EMPLOYEE)

    def _check_password(self, registration: Registration) -> None:
        known = [_PLATFORM, registration.display_name, registration.department, *registration.email.split("@")]
        objection = self._passwords.objection(registration.password.get_secret_value(), known)
        if objection is not None:
            raise InvalidInputError("Some fields are not usable", {"password": objection})

    def _joined(self, uid: str) -> bool:
        return self._store.get(USERS, uid) is not None

    def _join(self, uid: str, registration: Registration, origin: Origin) -> None:
        self._accounts.grant(uid, Role.EMPLOYEE)
        now = self._clock.now()
        user = User(
            uid=uid,
            email=registration.email,
            role=Role.EMPLOYEE,
            display_name=registration.display_name,
            department=registration.department,
            created_at=now,
            updated_at=now,
        )
        entry = self._trail.entry(
            Identity(uid, registration.email, Role.EMPLOYEE, origin=origin),
            "user:registered",
            AuditTarget(kind="user", id=uid),
            changes=changes_between(None, user, PLAIN_FIELDS),
        )

        def body(work: Work) -> None:
            if work.get(USERS, uid) is None:
                work.create(USERS, user)
                work.create(AUDIT, entry)

        self._store.run(body)

    def _tell_owner(self, email: str) -> None:
        """One mail a day at most, whoever tries and however often."""
        now = self._clock.now()
        address = hashlib.sha256(email.encode()).hexdigest()[:20]
        mail = notice_mail(f"registered-again-{address}-{now:%Y%m%d}", email, _ALREADY, now)

        def body(work: Work) -> None:
            if work.get(OUTBOX, mail.id) is None:
                work.create(OUTBOX, mail)

        self._store.run(body)


_ALREADY = Notice(
    kind="registered_again",
    subject="You have an account with Secura already",
    paragraphs=[
        "Somebody, perhaps you, tried to register with this address. It has an account: sign in to it.",
        "If it was not you, there is nothing to do: nobody got in, and nobody was told that the account exists.",
    ],
)
