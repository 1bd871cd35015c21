"""A sealed trail of fakes, and its export as parsed lines."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.ed25519 import Ed25519Signer, signature_check
from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange, MalformedDocument
from shared.domain.errors import TamperedError
from shared.domain.paging import Cursor
from shared.domain.sealing import Seal
from shared.ports.audit import AuditFilter, Recorded
from shared.services.audit.exporting import export_lines
from shared.services.audit.sealing import AuditSealing
from tests.fakes import START, FakeClock

LAG = timedelta(minutes=2)
SIGNER = Ed25519Signer(base64.b64encode(b"s" * 32).decode())
CHECK = signature_check(SIGNER.public_key.text)


class FakeAuditLog:
    def __init__(self) -> None:
        self.entries: dict[str, Recorded] = {}
        self.kept: dict[str, Seal] = {}
        self.spoilt: dict[str, MalformedDocument] = {}

    def find(self, where: AuditFilter, limit: int, after: Cursor | None = None) -> list[Recorded]:
        def fits(entry: Recorded) -> bool:
            return (isinstance(entry, MalformedDocument) or _fits(where, entry)) and (
                (where.since is None or _at(entry) >= where.since)
                and (where.until is None or _at(entry) < where.until)
                and (after is None or (_at(entry), entry.id) < (after.created_at, after.id))
            )

        return sorted(filter(fits, self.entries.values()), key=lambda one: (_at(one), one.id), reverse=True)[:limit]

    def recorded(self, since: datetime | None, until: datetime) -> Iterator[Recorded]:
        yield from reversed(self.find(AuditFilter(since=since, until=until), 10**6))

    def last_seals(self, until: datetime | None = None, before: int | None = None) -> Iterator[Seal]:
        for _, seal in sorted(self.kept.items(), reverse=True):
            if before is not None and seal.sequence >= before:
                continue
            if until is not None and seal.until < until:
                return
            if seal.id in self.spoilt:
                raise TamperedError("The seal is not as it was written")
            yield seal

    def seals(self, since: datetime | None = None) -> Iterator[Seal | MalformedDocument]:
        told: set[str] = set()
        while left := sorted(name for name in self.kept if name not in told):  # also those made meanwhile
            told.add(left[0])
            if since is None or self.kept[left[0]].until >= since:
                yield self.spoilt.get(left[0], self.kept[left[0]])

    def add_seal(self, seal: Seal) -> bool:
        return self.kept.setdefault(seal.id, seal) is seal


class Trail:
    def __init__(self) -> None:
        self.log = FakeAuditLog()
        self.clock = FakeClock()
        self.seen: list[Seal] = []
        self.sealing = AuditSealing(self.log, SIGNER, self.clock, LAG, self.seen.append)

    def record(self, entry_id: str, *, late: timedelta = timedelta()) -> None:
        """Keep an entry; a late one carries a time that has passed."""
        self.log.entries[entry_id] = AuditEntry(
            id=entry_id,
            at=self.clock.now(),
            action="user:x",
            actor=Actor(kind="user", id="kim"),
            target=AuditTarget(kind="user", id="kim"),
            changes=[
                FieldChange(field="role", old='"é"', new=None),
                FieldChange(field="phone", new="v1.x", personal=True),
            ],
            recorded_at=self.clock.now() - late,
        )

    def export(self, since: datetime | None = None, until: datetime | None = None) -> list[dict[str, Any]]:
        """The lines of an export between the first and the last, which are not of the chain."""
        lines = export_lines(self.log, since, until, self.clock.now())
        return [json.loads(line) for line in lines][1:-1]


def trail_of(batches: int, size: int, tail: int = 0) -> Trail:
    """A trail of some seals of as many entries each, and some entries that are not sealed yet."""
    trail = Trail()
    number = 0
    for _ in range(batches):
        for _ in range(size):
            trail.record(f"e{number:04d}")
            trail.clock.advance(timedelta(seconds=1))
            number += 1
        trail.clock.advance(timedelta(minutes=30))
        assert trail.sealing.seal() == size
    for _ in range(tail):
        trail.record(f"t{number:04d}")
        number += 1
    return trail


def _fits(where: AuditFilter, entry: AuditEntry) -> bool:
    return (
        where.actor in {None, entry.actor.id}
        and where.action in {None, entry.action}
        and where.target_kind in {None, entry.target.kind}
        and where.target_id in {None, entry.target.id}
        and where.subject in {None, entry.subject}
        and where.request_id in {None, entry.request_id}
    )


def _at(entry: Recorded) -> datetime:
    return entry.recorded_at or START
