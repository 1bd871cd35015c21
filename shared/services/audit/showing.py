"""What a reader sees of kept entries: personal values decrypted, or withheld, or gone with their person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog
from pydantic import Field

from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange, MalformedDocument
from shared.domain.errors import TamperedError
from shared.domain.sealing import Seal
from shared.ports.audit import Recorded
from shared.ports.subject_keys import SubjectCipher

_UNKNOWN = "?"
_NEVER = datetime.max.replace(tzinfo=UTC)


class ShownEntry(AuditEntry):
    """An entry as administrators read it: personal values decrypted, or gone with their person."""

    erased: bool = Field(default=False, description="Personal values cannot be read: the person was erased")
    tampered: bool = Field(
        default=False, description="It, or a value of it, is not as it was written; scripts/verify_audit tells more"
    )
    sealed: bool = Field(description="Whether a seal holds it; it can be verified then")


class Sealed:
    """Tells which entries a seal holds, from the last seals."""

    def __init__(self, recent: Sequence[Seal]) -> None:
        self._closed = recent[0].closed_until if recent else None
        self._ids = {entry.id for seal in recent for entry in seal.entries}

    def holds(self, entry: Recorded) -> bool:
        """Whether one does. Of what turned up late an older seal says nothing."""
        closed = self._closed is not None and entry.recorded_at is not None and entry.recorded_at <= self._closed
        return closed or entry.id in self._ids


def shown(
    cipher: SubjectCipher, entries: Sequence[Recorded], sealed: Sealed, only: str | None = None
) -> list[ShownEntry]:
    """The entries, readable; with `only`, no personal values but those of that person.

    Raises:
        UnavailableError: the keys cannot be had.
    """
    whole = [entry for entry in entries if isinstance(entry, AuditEntry)]
    cipher.prepare([only] if only else _people(whole))
    return [
        _placeholder(entry, sealed) if isinstance(entry, MalformedDocument) else _readable(cipher, entry, sealed, only)
        for entry in entries
    ]


def _people(entries: Iterable[AuditEntry]) -> set[str]:
    return {person for entry in entries for person in (entry.subject, entry.actor.id) if person}


def _placeholder(entry: MalformedDocument, sealed: Sealed) -> ShownEntry:
    structlog.get_logger().error("an audit entry is not as it was written", entry=entry.id)
    at = entry.recorded_at or _NEVER
    actor, target = Actor(kind="system", id=_UNKNOWN), AuditTarget(kind="audit", id=entry.id)
    return ShownEntry(
        id=entry.id,
        at=at,
        recorded_at=at,
        action=_UNKNOWN,
        actor=actor,
        target=target,
        tampered=True,
        sealed=sealed.holds(entry),
    )


def _readable(cipher: SubjectCipher, entry: AuditEntry, sealed: Sealed, only: str | None) -> ShownEntry:
    values = _Values(cipher, entry, only)
    read = {
        "address": values.text(entry.actor.id, entry.address, "address"),
        "user_agent": values.text(entry.actor.id, entry.user_agent, "user_agent"),
        "reason": values.text(entry.subject, entry.reason, "reason"),
        "changes": [values.change(change) for change in entry.changes],
    }
    if values.tampered:
        structlog.get_logger().error("values of an audit entry are not as they were written", entry=entry.id)
    fields = dict(entry.model_copy(update=read))
    return ShownEntry(**fields, erased=values.erased, tampered=values.tampered, sealed=sealed.holds(entry))


class _Values:
    """Decrypts the values of one entry, and notes which of them cannot be read."""

    def __init__(self, cipher: SubjectCipher, entry: AuditEntry, only: str | None) -> None:
        self._cipher = cipher
        self._entry = entry
        self._only = only
        self.erased = False
        self.tampered = False

    def text(self, person: str | None, kept: str | None, place: str) -> str | None:
        if kept is None or person is None or self._only not in {None, person}:
            return None
        try:
            found = self._cipher.decrypt(person, kept, f"audit/{self._entry.id}/{place}")
        except TamperedError:
            self.tampered = True
            return None
        self.erased = self.erased or found is None
        return found

    def change(self, change: FieldChange) -> FieldChange:
        if not change.personal:
            return change
        sides = {
            side: self.text(self._entry.subject, getattr(change, side), f"changes.{change.field}.{side}")
            for side in ("old", "new")
        }
        return change.model_copy(update=sides)
