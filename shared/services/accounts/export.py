"""A copy of everything the platform keeps about a person (GDPR, article 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import Field

from shared.domain.audit import AuditTarget
from shared.domain.base import Model, UtcDatetime
from shared.domain.errors import NotFoundError
from shared.domain.people import Identity, User
from shared.ports.accounts import Accounts
from shared.ports.clock import Clock
from shared.ports.personal_data import PersonalData
from shared.ports.store import AUDIT, USERS, Store
from shared.services.audit import AuditTrail


class AuditAbout(Protocol):
    """Finds what the audit trail says of a person."""

    def about(self, uid: str) -> Sequence[Mapping[str, Any]]:
        """The entries about the person and those of what they did, oldest first, with their values readable."""
        ...


class AccountCopy(Model):
    """Everything kept about a person, by the name of the collection it is in."""

    generated_at: UtcDatetime
    user: dict[str, Any] = Field(description="The user document")
    account: dict[str, Any] | None = Field(description="What the identity provider knows; never the password")
    documents: dict[str, list[dict[str, Any]]] = Field(description="By collection")
    audit: list[dict[str, Any]] = Field(description="Entries of the audit trail about the person or of their doing")


@dataclass(frozen=True, slots=True)
class AccountExport:
    """Collects the copy. That it was made is an entry of the audit trail."""

    store: Store
    accounts: Accounts
    data: PersonalData
    audit: AuditAbout
    trail: AuditTrail
    clock: Clock

    def export(self, who: Identity) -> AccountCopy:
        """The caller's copy.

        Raises:
            NotFoundError: the account was never registered with the platform.
            UnavailableError: a service does not answer.
        """
        user = self.store.get(USERS, who.uid)
        if user is None:
            raise NotFoundError("This account has no profile: register first")
        entry = self.trail.entry(who, "user:data_exported", AuditTarget(kind="user", id=who.uid))
        self.store.create(AUDIT, entry)
        return self._copy(user)

    def _copy(self, user: User) -> AccountCopy:
        account = self.accounts.state(user.uid)
        documents = self.data.collect(user.uid, user.email)
        return AccountCopy(
            generated_at=self.clock.now(),
            user=user.model_dump(mode="json"),
            account=None
            if account is None
            else {
                "email": account.email,
                "email_verified": account.email_verified,
                "role": account.role,
                "disabled": account.disabled,
                "second_factors": list(account.second_factors),
            },
            documents={name: [dict(one) for one in found] for name, found in documents.items()},
            audit=[dict(one) for one in self.audit.about(user.uid)],
        )
