"""Reading the trail: pages for administrators, what it says of one person, an export that can be verified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.domain.audit import AuditTarget
from shared.domain.base import Model, UtcDatetime
from shared.domain.errors import TamperedError
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.ports.audit import AuditFilter, AuditLog, Recorded
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, Store
from shared.ports.subject_keys import SubjectCipher
from shared.services.audit.exporting import export_lines
from shared.services.audit.recording import AuditTrail
from shared.services.audit.showing import Sealed, ShownEntry, shown

_ALL = AuditTarget(kind="audit", id="*")
_ABOUT_PAGE = 200


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
        items = shown(self._cipher, page, self._sealed())
        return AuditPage(items=items, next_cursor=_place(page[-1]).encode() if more else None)

    def about(self, uid: str) -> Sequence[Mapping[str, Any]]:
        """The entries about the person and those of what they did, oldest first.

        Other people's values in them are theirs (GDPR, article 15 (4)): the address of an administrator who changed the
        person's role, what the person wrote about somebody else.
        """
        found: dict[str, Recorded] = {}
        for where in (AuditFilter(subject=uid), AuditFilter(actor=uid)):
            after: Cursor | None = None
            while page := self._log.find(where, _ABOUT_PAGE, after):
                found |= {entry.id: entry for entry in page}
                after = _place(page[-1])
        readable = shown(self._cipher, list(found.values()), self._sealed(), only=uid)
        return [entry.model_dump(mode="json") for entry in sorted(readable, key=lambda entry: (entry.at, entry.id))]

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

        Seals are whole: it begins with the first one that reaches behind `since`, ends with the first behind `until`.
        """
        self._record(who, "audit:exported", AuditFilter(since=since, until=until))
        return export_lines(self._log, since, until, self._clock.now())

    def _record(self, who: Identity, action: str, where: AuditFilter) -> None:
        asked = {name: _text(getattr(where, name)) for name in where.__slots__ if getattr(where, name) is not None}
        self._store.create(AUDIT, self._trail.looked(who, action, _ALL, asked))

    def _sealed(self) -> Sealed:
        try:
            last = next(self._log.last_seals(), None)
            return Sealed(list(self._log.last_seals(last.closed_until)) if last else [])
        except TamperedError:
            return Sealed([])  # nothing can be verified while the end of the chain is not as it was written


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _place(entry: Recorded) -> Cursor:
    return Cursor(entry.recorded_at or datetime.max.replace(tzinfo=UTC), entry.id)
