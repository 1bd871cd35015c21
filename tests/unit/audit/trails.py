"""A sealed trail of fakes, and its export as parsed lines."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from shared.adapters.ed25519 import Ed25519Signer, signature_check
from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange
from shared.domain.paging import Cursor
from shared.domain.sealing import Seal
from shared.ports.audit import AuditFilter
from shared.services.audit.reading import export_lines
from shared.services.audit.sealing import AuditSealing
from tests.fakes import START, FakeClock

LAG = timedelta(minutes=2)
SIGNER = Ed25519Signer(base64.b64encode(b"s" * 32).decode())
CHECK = signature_check(SIGNER.public_key.text)


class FakeAuditLog:
    def __init__(self) -> None:
        self.entries: dict[str, AuditEntry] = {}
        self.kept: dict[str, Seal] = {}

    def find(self, where: AuditFilter, limit: int, after: Cursor | None = None) -> list[AuditEntry]:
        def fits(entry: AuditEntry) -> bool:
            return (
                where.actor in {None, entry.actor.id}
                and where.action in {None, entry.action}
                and where.target_kind in {None, entry.target.kind}
                and where.target_id in {None, entry.target.id}
                and where.subject in {None, entry.subject}
                and where.request_id in {None, entry.request_id}
                and (where.since is None or _at(entry) >= where.since)
                and (where.until is None or _at(entry) < where.until)
                and (after is None or (_at(entry), entry.id) < (after.created_at, after.id))
            )

        return sorted(filter(fits, self.entries.values()), key=lambda one: (_at(one), one.id), reverse=True)[:limit]

    def recorded(self, since: datetime | None, until: datetime) -> Iterator[AuditEntry]:
        yield from reversed(self.find(AuditFilter(since=since, until=until), 10**6))

    def last_seals(self, until: datetime | None = None) -> Iterator[Seal]:
        for _, seal in sorted(self.kept.items(), reverse=True):
            if until is not None and seal.until < until:
                return
            yield seal

    def seals(self, since: datetime | None = None) -> Iterator[Seal]:
        yield from (seal for _, seal in sorted(self.kept.items()) if since is None or seal.until >= since)

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

    def export(self, since: datetime | None = None) -> list[dict[str, Any]]:
        lines = export_lines(self.log, since, self.clock.now() + timedelta(minutes=1))
        return [json.loads(line) for line in lines][1:]


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


def _at(entry: AuditEntry) -> datetime:
    return entry.recorded_at or START
