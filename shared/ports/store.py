"""Changing several documents together: a transaction over typed collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from shared.domain.audit import AuditEntry
from shared.domain.base import Model
from shared.domain.incident import Incident
from shared.domain.mail import OutboxMail
from shared.domain.messages import Message
from shared.domain.people import User
from shared.domain.search import DERIVED, derived_fields
from shared.domain.timeline import TimelineEntry

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """A collection and the model of its documents. `id_field` of the model is the document's id, and is not in it.

    The field `server_time` gets the database's own time when the document is created, `touched` (which is no field of
    the model) at every write. `derive` makes the fields that documents are found by; the model is read without them.
    `collection` is a path: that of a collection below a document goes through the document.
    """

    collection: str
    model: type[M]
    id_field: str = "id"
    server_time: str | None = None
    touched: str | None = None
    derive: Callable[[M], Mapping[str, Any]] | None = None
    derived: frozenset[str] = frozenset()


USERS = Kind("users", User, "uid")
INCIDENTS = Kind("incidents", Incident, touched="committed_at", derive=derived_fields, derived=DERIVED)
OUTBOX = Kind("outbox", OutboxMail)
AUDIT = Kind("audit", AuditEntry, server_time="recorded_at")


def timeline_of(incident_id: str) -> Kind[TimelineEntry]:
    """The timeline of one incident."""
    return Kind(f"incidents/{incident_id}/timeline", TimelineEntry, server_time="recorded_at")


def messages_of(incident_id: str) -> Kind[Message]:
    """The messages of one incident."""
    return Kind(f"incidents/{incident_id}/messages", Message)


New: TypeAlias = tuple[Kind[Any], Model]
"""A document to create beside a change, in the same commit."""


class Work(Protocol):
    """One transaction. Reads see the state before it; writes happen together when it ends, or not at all."""

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        """The document, or None."""
        ...

    def find(self, kind: Kind[M], limit: int, **equal: object) -> list[M]:
        """At most `limit` documents whose fields equal the given values (None too), in the order of their ids."""
        ...

    def create(self, kind: Kind[M], value: M) -> None:
        """Keep a new document; the transaction fails with ConflictError when its id is taken."""
        ...

    def put(self, kind: Kind[M], value: M) -> None:
        """Keep the document in place of what is there."""
        ...

    def delete(self, kind: Kind[M], document_id: str) -> None:
        """Remove the document, if it is there."""
        ...


class Store(Protocol):
    """Runs transactions: serialisable, as Firestore's are. One document alone is got or created without one."""

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        """The document, or None.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...

    def create(self, kind: Kind[M], value: M) -> None:
        """Keep a new document.

        Raises:
            ConflictError: its id is taken.
            UnavailableError: the database does not answer.
        """
        ...

    def run(self, body: Callable[[Work], T]) -> T:
        """What `body` returns, once all it wrote is kept.

        `body` may run several times: it must have no effects but through its `Work`.

        Raises:
            ConflictError: a document to create is there already.
            TooManyConflictsError: others kept changing what it read.
            UnavailableError: the database does not answer.
            Whatever `body` raises; nothing is written then.
        """
        ...
