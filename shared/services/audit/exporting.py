"""The export that `scripts/verify_audit` takes: entries as they are kept, each seal behind its entries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.domain.audit import MalformedDocument
from shared.domain.sealing import Seal
from shared.ports.audit import AuditLog, Recorded

EXPORT_FORMAT = "secura-audit-export"
_AHEAD = timedelta(minutes=1)  # of our clock may the database's be


def export_lines(log: AuditLog, since: datetime | None, until: datetime | None, now: datetime) -> Iterator[str]:
    """JSON lines: a header, entries and seals in the order of the chain, what is not sealed, and a line that counts.

    It is read while it is written: memory holds one seal and what turned up late. With `since` it begins with the first
    seal that reaches behind that time, with `until` it ends with the first one that does: seals are never split. A
    document that is not as it was written is put out as it is; verifying names it.
    """
    asked = {"since": _text(since), "until": _text(until), "generated_at": _text(now)}
    yield _line({"format": EXPORT_FORMAT, "version": 1, **asked})
    count = 0
    for line in _chain(log, since, until, now):
        yield _line(line)
        count += 1
    yield _line({"end": {"lines": count}})


def _chain(log: AuditLog, since: datetime | None, until: datetime | None, now: datetime) -> Iterator[Mapping[str, Any]]:
    begins, earlier = _before(log, since)
    entries = _Entries(log.recorded(begins, now + _AHEAD), earlier)
    for seal in log.seals(since):
        if isinstance(seal, MalformedDocument):
            yield {"seal": {**seal.fields, "id": seal.id}}
            return  # nothing behind it can be proven
        if seal.sealed_at > now:
            break  # made meanwhile: entries of it may have been passed already
        yield from entries.of(seal)
        yield {"seal": seal.model_dump(mode="json")}
        if until is not None and seal.until >= until:
            break
    yield from entries.rest(until)


def _before(log: AuditLog, since: datetime | None) -> tuple[datetime | None, set[str]]:
    """From when on entries belong to the export, and the ids of those since then that seals before it hold."""
    first = next(log.seals(since), None) if since is not None else None
    if first is None or isinstance(first, MalformedDocument):
        return since, set()
    previous = next(log.last_seals(before=first.sequence), None)
    if previous is None:
        return None, set()
    begins = previous.closed_until
    earlier = log.last_seals(begins, before=first.sequence)
    return begins, {entry.id for seal in earlier for entry in seal.entries}


class _Entries:
    """Entries in the order of their times, given out in the order of the chain."""

    def __init__(self, recorded: Iterator[Recorded], earlier: set[str]) -> None:
        self._recorded = (entry for entry in recorded if entry.id not in earlier)
        self._ahead = next(self._recorded, None)
        self._waiting: dict[str, Recorded] = {}

    def of(self, seal: Seal) -> Iterator[Mapping[str, Any]]:
        """Those that the seal lists, as far as they are there."""
        while self._ahead is not None and _time(self._ahead) <= seal.until:
            self._waiting[self._ahead.id] = self._ahead
            self._ahead = next(self._recorded, None)
        for listed in seal.entries:
            if listed.id in self._waiting:
                yield _entry(self._waiting.pop(listed.id))

    def rest(self, until: datetime | None) -> Iterator[Mapping[str, Any]]:
        """Those that no seal listed."""
        for entry in self._waiting.values():
            yield _entry(entry)
        while self._ahead is not None and (until is None or _time(self._ahead) < until):
            yield _entry(self._ahead)
            self._ahead = next(self._recorded, None)


def _entry(entry: Recorded) -> Mapping[str, Any]:
    if isinstance(entry, MalformedDocument):
        return {"entry": {**entry.fields, "id": entry.id}}
    return {"entry": entry.model_dump(mode="json")}


def _time(entry: Recorded) -> datetime:
    if entry.recorded_at is None:
        raise ValueError(f"Entry {entry.id} was found by a time that it does not have")
    return entry.recorded_at


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
