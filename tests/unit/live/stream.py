"""A stream of changes in memory, whose commits are told late, twice, or to a listener that has died."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.audit import Actor
from shared.domain.incident import Incident
from shared.domain.live import Change, Place, micros
from shared.domain.search import ANY, GONE, audience_of, term
from shared.domain.timeline import TimelineEntry, TimelineKind
from tests.fakes import START

Told = Callable[[Sequence[Change]], None]


@dataclass(eq=False)
class FakeWatching:
    """A listener: how much of the log it has told."""

    told: Told
    since: datetime
    upto: int = 0
    is_alive: bool = True

    def stop(self) -> None:
        self.is_alive = False


@dataclass
class FakeChanges:
    """Commits in order. Nothing is told before `deliver`."""

    log: list[tuple[datetime, Incident, TimelineEntry | None]] = field(default_factory=list)
    watchings: list[FakeWatching] = field(default_factory=list)
    at: datetime = START

    def commit(self, incident: Incident, *, internal: bool = False) -> Incident:
        """One commit: the incident and an entry of its timeline."""
        self.at += timedelta(milliseconds=1)
        number = len(self.log)
        entry = TimelineEntry(
            id=f"e{number}",
            incident_id=incident.id,
            at=self.at,
            kind=TimelineKind.CHANGED,
            actor=Actor(kind="user", id="ana"),
            internal=internal,
            recorded_at=self.at,
        )
        self.log.append((self.at, incident, entry))
        return incident

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def latest(self) -> dict[str, Incident]:
        """The incidents as they are."""
        return {incident.id: incident for _, incident, _ in self.log}

    def follow(self, since: datetime, told: Told) -> FakeWatching:
        watching = FakeWatching(told, since)
        self.watchings.append(watching)
        return watching

    def deliver(self, *, twice: bool = False) -> None:
        """Tell the listeners that live what they have not told."""
        for watching in [one for one in self.watchings if one.is_alive]:
            for _ in range(1 + twice):
                changes = self._changes(watching.upto, watching.since)
                watching.told([change for change in changes if not change.is_entry])
                watching.told([change for change in changes if change.is_entry])
            watching.upto = len(self.log)

    def _changes(self, first: int, since: datetime) -> list[Change]:
        """As a listener's snapshot: of an incident only the last state, of entries all."""
        now = self.latest()
        last: dict[str, Change] = {}
        entries = []
        for at, incident, entry in self.log[first:]:
            if at > since:
                last[incident.id] = Change(Place(micros(at), f"incidents/{incident.id}"), incident)
                if entry is not None:
                    path = f"incidents/{incident.id}/timeline/{entry.id}"
                    entries.append(Change(Place(micros(at), path), now[incident.id], entry))
        return sorted([*last.values(), *entries], key=lambda change: change.place)

    def between(self, scopes: Sequence[str], since: datetime, most: int) -> list[Change] | None:
        wanted = {term(scope, text) for scope in scopes for text in (ANY, GONE)}
        changes = [
            one for one in self._changes(0, since) if one.is_entry or not wanted.isdisjoint(audience_of(one.incident))
        ]
        entries = sum(one.is_entry for one in changes)
        return changes if max(entries, len(changes) - entries) <= most else None
