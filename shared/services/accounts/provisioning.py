"""Administrators' scripts make people known: administrators, whole teams, the demo users."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from shared.domain.audit import Actor, AuditTarget, changes_between
from shared.domain.base import Model
from shared.domain.errors import ConflictError
from shared.domain.people import Department, Name, PlainEmail, User
from shared.domain.permissions import Role
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock, Ids
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.accounts.plain import PLAIN_FIELDS
from shared.services.accounts.team import TeamManagement
from shared.services.audit import AuditTrail
from shared.services.notifications.notices import Notice, notice_mail


class NewPerson(Model):
    """Somebody to make known."""

    email: PlainEmail
    display_name: Name
    department: Department = ""
    role: Role


@dataclass(frozen=True, slots=True)
class Provisioned:
    """Who it is, and whether the account, and the person, were made now."""

    uid: str
    created: bool


class AccountProvisioning:
    """Makes accounts with a role. Each step can be repeated: who is there already gets the role and keeps the rest."""

    def __init__(  # what a person consists of
        self, accounts: Accounts, store: Store, team: TeamManagement, trail: AuditTrail, clock: Clock, ids: Ids
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._team = team
        self._trail = trail
        self._clock = clock
        self._ids = ids

    def provision(
        self, by: Actor, person: NewPerson, password: str | None, reason: str, uid: str | None = None
    ) -> Provisioned:
        """Make the person known in the role.

        With a password the address counts as verified: whoever gives both vouches for it. Without one the person gets
        a mail with a link to choose one, which verifies the address too.

        Raises:
            InvalidInputError: the identity provider refuses address or password.
            ConflictError: the account is there and disabled, or it is the last administrator's.
            UnavailableError: a service does not answer; call again.
        """
        owner = self._accounts.uid_of(person.email)
        if owner is None:
            owner = self._create(person, password, uid)
        made = self._make_known(by, owner, person, reason, invited=password is None)
        if not made:
            self._team.assign(by, owner, person.role, reason)
        return Provisioned(owner, created=made)

    def _create(self, person: NewPerson, password: str | None, uid: str | None) -> str:
        uid = uid or self._ids.new()
        chosen = password or secrets.token_urlsafe(32)
        try:
            self._accounts.create(uid, person.email, chosen, person.display_name, verified=password is not None)
        except ConflictError:
            owner = self._accounts.uid_of(person.email)  # somebody else made it between our question and our try
            if owner is None:
                raise
            return owner
        return uid

    def _make_known(self, by: Actor, uid: str, person: NewPerson, reason: str, *, invited: bool) -> bool:
        if self._store.get(USERS, uid) is not None:
            return False
        now = self._clock.now()
        values = person.model_dump(exclude={"role"})
        user = self._team.with_policy(
            User(uid=uid, role=person.role, invited=invited, created_at=now, updated_at=now, **values)
        )
        self._accounts.grant(uid, person.role)
        target = AuditTarget(kind="user", id=uid)
        changes = changes_between(None, user, PLAIN_FIELDS)
        entry = self._trail.entry(by, "user:provisioned", target, subject=uid, changes=changes, reason=reason)
        link = self._accounts.password_link(person.email) if invited else None

        def body(work: Work) -> bool:
            if work.get(USERS, uid) is not None:
                return False
            work.create(USERS, user)
            work.create(AUDIT, entry)
            if link is not None:
                work.create(OUTBOX, notice_mail(f"invited-{entry.id}", person.email, _invitation(link), now))
            return True

        return self._store.run(body)


def _invitation(link: str) -> Notice:
    return Notice(
        kind="invitation",
        subject="You are invited to Secura",
        paragraphs=[
            "An administrator made an account for you on Secura, where security incidents are reported and worked on.",
            "Follow the link to choose your password; then sign in with this address.",
        ],
        link=link,
        link_label="Choose my password",
        why="You get this mail because an administrator entered your address. If you do not expect it, ignore it.",
    )
