"""The kept audit trail, and the key that signs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from shared.domain.audit import AuditEntry, MalformedDocument
from shared.domain.paging import Cursor
from shared.domain.sealing import PublicKey, Seal

Recorded: TypeAlias = AuditEntry | MalformedDocument


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; every field that is set narrows the list. `since` is inclusive, `until` is not."""

    actor: str | None = None
    action: str | None = None
    target_kind: str | None = None
    target_id: str | None = None
    subject: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog(Protocol):
    """The collections `audit` and `audit_seals`.

    Raises (each of them):
        UnavailableError: the database does not answer.
    """

    def find(self, where: AuditFilter, limit: int, after: Cursor | None = None) -> list[Recorded]:
        """At most `limit` entries, the newest first, from behind the cursor on."""
        ...

    def recorded(self, since: datetime | None, until: datetime) -> Iterator[Recorded]:
        """The entries recorded from `since` (with it) to `until` (without it), oldest first; equal times by id."""
        ...

    def last_seals(self, until: datetime | None = None, before: int | None = None) -> Iterator[Seal]:
        """The seals, the last one first; with `until`, those that looked at entries at or behind that time; with
        `before`, those of lower sequence.

        Raises:
            TamperedError: one of them is not as it was written.
        """
        ...

    def seals(self, since: datetime | None = None) -> Iterator[Seal | MalformedDocument]:
        """The seals in their order, from the first one that looked at entries at or behind `since`."""
        ...

    def add_seal(self, seal: Seal) -> bool:
        """Keep a new seal; False, and nothing changes, when its place is taken."""
        ...


class Signer(Protocol):
    """Signs seals."""

    @property
    def public_key(self) -> PublicKey:
        """The raw public key (32 bytes), named by the first 16 hexadecimal digits of its SHA-256."""
        ...

    def sign(self, payload: bytes) -> str:
        """The Ed25519 signature in base64."""
        ...
