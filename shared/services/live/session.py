"""What one person is sent of the changes: theirs to see, each once, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from shared.domain.incident import Incident
from shared.domain.live import Change, Place, Position
from shared.domain.people import Identity
from shared.domain.timeline import TimelineEntry
from shared.domain.timeline_views import TimelineItem
from shared.domain.visibility import may_see, may_work_on, scopes_for
from shared.ports.live import Changes
from shared.services.incidents.linking import shown
from shared.services.live.hub import OVERLAP

MAX_CAUGHT_UP = 500
"""Incidents and entries, each, that are sent after a cut; beyond that the client loads anew."""
OLDEST = timedelta(hours=24)
"""Of a position: who was away for longer loads anew."""


class LiveSession:
    """Turns changes into frames for one person. `position` is how far they have heard."""

    def __init__(self, who: Identity, position: Position) -> None:
        self.who = who
        self.position = position
        self._since = position.earliest
        self._gone: set[str] = set()

    def frames(self, changes: Iterable[Change]) -> Iterator[str]:
        """A frame for each change that is new to the person and theirs to see."""
        for change in changes:
            if not change.new_to(self.position):
                continue
            self.position = change.passed(self.position)
            body = self._body(change)
            if body is not None:
                yield f'{{{body},"resume":"{self.position.encode()}"}}'

    def caught_up(self, changes: list[Change], now: datetime) -> Iterator[str]:
        """The frames of what was missed; then the person has heard of everything up to `now`."""
        yield from self.frames(changes)
        behind = Place.behind(now)
        self.position = Position(max(self.position.incidents, behind), max(self.position.timelines, behind))

    def _body(self, change: Change) -> str | None:
        incident, entry = change.incident, change.entry
        if not may_see(self.who, incident):
            return self._farewell(incident) if entry is None else None
        works = may_work_on(self.who, incident)
        if entry is not None and entry.internal and not works:
            return None
        self._gone.discard(incident.id)
        if works not in change.texts:
            change.texts[works] = _entry(entry) if entry else _incident(shown(self.who, incident))
        return change.texts[works]

    def _farewell(self, incident: Incident) -> str | None:
        """That the incident is to be forgotten, for who saw it until it became confidential; nothing for others."""
        withdrawal = incident.withdrawal
        if withdrawal is None or set(scopes_for(self.who)).isdisjoint(withdrawal.scopes):
            return None
        if withdrawal.at < self._since - OVERLAP or incident.id in self._gone:
            return None
        self._gone.add(incident.id)
        return f'"type":"gone","incident_id":{json.dumps(incident.id)}'


def missed(changes: Changes, who: Identity, position: Position, now: datetime) -> list[Change] | None:
    """What the person has not heard of; None where it is too much or too long ago.

    Raises:
        UnavailableError: the database does not answer.
    """
    since = position.earliest
    if now - since > OLDEST:
        return None
    return changes.between(scopes_for(who), since - OVERLAP, MAX_CAUGHT_UP)


def _incident(incident: Incident) -> str:
    return f'"type":"incident","incident_id":{json.dumps(incident.id)},"incident":{incident.model_dump_json()}'


def _entry(entry: TimelineEntry) -> str:
    item = TimelineItem.of(entry).model_dump_json()
    return f'"type":"timeline","incident_id":{json.dumps(entry.incident_id)},"entry":{item}'
