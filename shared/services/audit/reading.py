"""Reading the trail: pages for administrators, what it says of one person, an export that can be verified."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from shared.domain.audit import AuditEntry, AuditTarget, FieldChange, as_json
from shared.domain.base import Model, UtcDatetime
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.domain.sealing import OVERLAP, Seal
from shared.ports.audit import AuditFilter, AuditLog
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, Store
from shared.ports.subject_keys import SubjectCipher
from shared.services.audit.recording import AuditTrail

EXPORT_FORMAT = "secura-audit-export"
_ALL = AuditTarget(kind="audit", id="*")
_ABOUT_PAGE = 200


class ShownEntry(AuditEntry):
    """An entry as administrators read it: personal values decrypted, or gone with their person."""

    erased: bool = Field(default=False, description="Personal values cannot be read: the person was erased")
    sealed: bool = Field(description="Whether a seal holds it; it can be verified then")


class AuditPage(Model):
    """One page of entries, newest first, and the cursor of the next; null at the end."""

    items: list[ShownEntry]
    next_cursor: str | None = None


class AuditHead(Model):
    """The end of the chain, to note and to compare later, and the key that signed it."""

    sequence: int
    head: str | None
    until: UtcDatetime | None
    sealed_at: UtcDatetime | None
    signature: str | None
    key_id: str | None
    public_key: str | None


class AuditReading:
    """Reads the trail; that it was read is an entry of it."""

    def __init__(  # what reading takes
        self, log: AuditLog, cipher: SubjectCipher, store: Store, trail: AuditTrail, clock: Clock
    ) -> None:
        self._log = log
        self._cipher = cipher
        self._store = store
        self._trail = trail
        self._clock = clock

    def page(self, who: Identity, where: AuditFilter, limit: int, cursor: str | None) -> AuditPage:
        """One page.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        self._record(who, "audit:read", where)
        found = self._log.find(where, limit + 1, after)
        page = found[:limit]
        more = len(found) > limit
        return AuditPage(items=self._shown(page), next_cursor=_cursor(page[-1]) if more else None)

    def about(self, uid: str) -> Sequence[Mapping[str, Any]]:
        """The entries about the person and those of what they did, oldest first, readable."""
        found: dict[str, AuditEntry] = {}
        for where in (AuditFilter(subject=uid), AuditFilter(actor=uid)):
            after: Cursor | None = None
            while page := self._log.find(where, _ABOUT_PAGE, after):
                found |= {entry.id: entry for entry in page}
                after = _place(page[-1])
        ordered = sorted(found.values(), key=lambda entry: (entry.at, entry.id))
        return [entry.model_dump(mode="json") for entry in self._shown(ordered)]

    def head(self) -> AuditHead:
        """The last seal's head."""
        last = next(self._log.last_seals(), None)
        return AuditHead(
            sequence=last.sequence if last else 0,
            head=last.head if last else None,
            until=last.until if last else None,
            sealed_at=last.sealed_at if last else None,
            signature=last.signature if last else None,
            key_id=last.key_id if last else None,
            public_key=last.public_key if last else None,
        )

    def export(self, who: Identity, since: datetime | None, until: datetime | None) -> Iterator[str]:
        """JSON lines that `scripts/verify_audit` takes: entries as they are kept, each seal behind its entries.

        With `since` it begins with the first seal that reaches behind that time.
        """
        self._record(who, "audit:exported", AuditFilter(since=since, until=until))
        return export_lines(self._log, since, until or self._clock.now() + timedelta(minutes=1))

    def _record(self, who: Identity, action: str, where: AuditFilter) -> None:
        asked = {name: _text(getattr(where, name)) for name in where.__slots__ if getattr(where, name) is not None}
        changes = [FieldChange(field="filter", new=as_json(asked), personal=True)] if asked else []
        entry = self._trail.entry(who, action, _ALL, changes=changes)
        self._store.run(lambda work: work.create(AUDIT, entry))

    def _shown(self, entries: Sequence[AuditEntry]) -> list[ShownEntry]:
        self._cipher.prepare({person for entry in entries for person in (entry.subject, entry.actor.id) if person})
        last = next(self._log.last_seals(), None)
        return [self._readable(entry, last) for entry in entries]

    def _readable(self, entry: AuditEntry, last: Seal | None) -> ShownEntry:
        reader = _Reader(self._cipher, entry)
        changes = [reader.change(change) for change in entry.changes]
        values = {
            "address": reader.text(entry.actor.id, entry.address, "address"),
            "user_agent": reader.text(entry.actor.id, entry.user_agent, "user_agent"),
            "reason": reader.text(entry.subject, entry.reason, "reason"),
        }
        # What turned up late may wait for the next seal although an older entry is sealed.
        sealed = last is not None and entry.recorded_at is not None and entry.recorded_at <= last.closed_until
        sealed = sealed or (last is not None and any(one.id == entry.id for one in last.entries))
        shown = entry.model_copy(update={**values, "changes": changes})
        return ShownEntry(**dict(shown), erased=reader.erased, sealed=sealed)


class _Reader:
    def __init__(self, cipher: SubjectCipher, entry: AuditEntry) -> None:
        self._cipher = cipher
        self._entry = entry
        self.erased = False

    def text(self, person: str | None, kept: str | None, place: str) -> str | None:
        if kept is None or person is None:
            return None
        found = self._cipher.decrypt(person, kept, f"audit/{self._entry.id}/{place}")
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


def export_lines(log: AuditLog, since: datetime | None, until: datetime) -> Iterator[str]:
    """The export, read while it is written: memory holds one seal and what turned up late."""
    seals = log.seals(since)
    first = next(seals, None)
    yield _line({"format": EXPORT_FORMAT, "version": 1})
    # Entries of the first seal are in it from the overlap before what it looked at.
    entries = log.recorded(None if since is None else since - OVERLAP, until)
    waiting: dict[str, AuditEntry] = {}
    ahead: AuditEntry | None = next(entries, None)
    earlier = _sealed_before(log, first, since)
    while first is not None:
        while ahead is not None and ahead.recorded_at is not None and ahead.recorded_at <= first.until:
            if ahead.id not in earlier:
                waiting[ahead.id] = ahead
            ahead = next(entries, None)
        for listed in first.entries:
            if listed.id in waiting:
                yield _line({"entry": waiting.pop(listed.id).model_dump(mode="json")})
        yield _line({"seal": first.model_dump(mode="json")})
        first = next(seals, None)
    for entry in waiting.values():
        yield _line({"entry": entry.model_dump(mode="json")})
    while ahead is not None:
        yield _line({"entry": ahead.model_dump(mode="json")})
        ahead = next(entries, None)


def _sealed_before(log: AuditLog, first: Seal | None, since: datetime | None) -> set[str]:
    """The ids in the seals just before the first of the export: they are not part of it."""
    if first is None or since is None:
        return set()
    before = (seal for seal in log.last_seals(since - OVERLAP) if seal.sequence < first.sequence)
    return {entry.id for seal in before for entry in seal.entries}


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _place(entry: AuditEntry) -> Cursor:
    return Cursor(entry.recorded_at or entry.at, entry.id)


def _cursor(entry: AuditEntry) -> str:
    return _place(entry).encode()
