"""A small platform of fakes: people, their accounts, the audit trail and the outbox."""

from __future__ import annotations

from shared.domain.audit import AuditEntry
from shared.domain.mail import OutboxMail
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.ports.store import AUDIT, OUTBOX, USERS
from shared.services.accounts.synchronizing import AccountSync
from shared.services.accounts.team import TeamManagement
from shared.services.audit import AuditTrail
from tests.builders import user
from tests.fakes import CountingIds, FakeAccounts, FakeCipher, FakeClock, FakeStore


class World:
    """What the accounts' use cases need, and what became of it."""

    def __init__(self, accounts: FakeAccounts | None = None) -> None:
        self.store = FakeStore()
        self.clock = FakeClock()
        self.accounts = accounts or FakeAccounts()
        self.accounts.clock = self.clock
        self.ids = CountingIds()
        self.cipher = FakeCipher()
        self.trail = AuditTrail(self.cipher, self.clock, self.ids)
        self.sync = AccountSync(self.accounts, self.store, self.clock)

    def team(self, *second_factor_roles: Role) -> TeamManagement:
        return TeamManagement(self.store, self.sync, self.trail, self.clock, second_factor_roles)

    def join(self, uid: str, role: Role = Role.EMPLOYEE, **changes: object) -> User:
        """A person with an account whose claims are as they should be."""
        person = user(uid, role, **changes)
        self.store.add(USERS, person)
        self.accounts.create(uid, person.email, "a long password", person.display_name, verified=True)
        self.accounts.grant(uid, role)
        self.accounts.change(uid, disabled=person.disabled)
        return person

    def user(self, uid: str) -> User:
        found = self.store.get(USERS, uid)
        assert found is not None
        return found

    def identity(self, uid: str) -> Identity:
        person = self.user(uid)
        return Identity(uid, person.email, person.role, email_verified=True)

    def entries(self, action: str | None = None) -> list[AuditEntry]:
        return [entry for entry in self.store.all(AUDIT) if action in {None, entry.action}]

    def mails(self, kind: str | None = None) -> list[OutboxMail]:
        return [mail for mail in self.store.all(OUTBOX) if kind in {None, mail.kind}]
