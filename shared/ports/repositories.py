"""What is kept: incidents, users, mails in the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.incident import Incident
from shared.domain.listing import IncidentFilter
from shared.domain.mail import OutboxMail
from shared.domain.paging import Cursor
from shared.domain.people import User
from shared.domain.permissions import Role
from shared.domain.team import PersonFilter
from shared.ports.store import New


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a keyed request was carried out: `id` names the request, `request_hash` its content."""

    id: str
    request_hash: str
    result_id: str
    expires_at: datetime


class Incidents(Protocol):
    """The collection `incidents`."""

    def add(self, incident: Incident, receipt: Receipt | None = None, beside: Iterable[New] = ()) -> Receipt | None:
        """Keep a new incident and, in the same commit, the receipt of the request that made it and what is `beside`.

        Returns the earlier receipt, and keeps nothing, when that request was carried out before.

        Raises:
            ConflictError: another incident has the id.
        """
        ...

    def get(self, incident_id: str) -> Incident | None:
        """The incident, or None."""
        ...

    def update(
        self,
        incident_id: str,
        change: Callable[[Incident], Incident],
        beside: Callable[[Incident, Incident], Iterable[New]] | None = None,
    ) -> Incident:
        """Change it in a transaction: `change` may run several times, and returning its argument writes nothing.

        `beside` makes, of the incident before and after, the documents that are created in the same commit.

        Raises:
            NotFoundError: there is none.
            TooManyConflictsError: others kept changing it.
            Whatever `change` raises; nothing is written then.
        """
        ...

    def find(self, where: IncidentFilter, limit: int, after: Cursor | None = None) -> list[Incident]:
        """At most `limit` incidents in the order of their creation, from behind the cursor on.

        Their analyses come without alternatives and factors: those are most of a document.
        """
        ...


class Users(Protocol):
    """The collection `users`."""

    def add(self, user: User) -> bool:
        """Keep a new user; False, and nothing changes, when the uid is there already."""
        ...

    def get(self, uid: str) -> User | None:
        """The user, or None."""
        ...

    def update(
        self, uid: str, change: Callable[[User], User], beside: Callable[[User, User], Iterable[New]] | None = None
    ) -> User:
        """Change it in a transaction, as `Incidents.update` does.

        Raises:
            NotFoundError: there is none.
            TooManyConflictsError: others kept changing it.
        """
        ...

    def find(self, where: PersonFilter, limit: int, after: str | None = None) -> list[User]:
        """At most `limit` people in the order of their addresses, from behind the address `after` on."""
        ...

    def with_role(self, role: Role) -> list[User]:
        """Everybody with the role who is not disabled."""
        ...


class Outbox(Protocol):
    """The collection `outbox`: mails to send, and what became of them."""

    def add(self, mail: OutboxMail) -> bool:
        """Keep a new mail; False, and nothing changes, when the id is there already."""
        ...

    def get(self, mail_id: str) -> OutboxMail | None:
        """The mail, or None."""
        ...

    def update(self, mail_id: str, change: Callable[[OutboxMail], OutboxMail]) -> OutboxMail:
        """Change it in a transaction, as `Incidents.update` does.

        Raises:
            NotFoundError: there is none.
            TooManyConflictsError: others kept changing it.
        """
        ...
