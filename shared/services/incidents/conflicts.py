"""What to tell somebody whose change came after somebody else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shared.domain.errors import VersionConflictError
from shared.domain.incident import Incident
from shared.domain.people import Identity
from shared.domain.timeline import TimelineEntry
from shared.domain.visibility import may_work_on
from shared.ports.store import Store, Work, timeline_of
from shared.services.incidents.linking import shown

MOST_VERSIONS = 20
"""Versions back that the timeline is looked through; of older ones only the present state is told."""


def explained(store: Store, who: Identity, incident: Incident, expected: int) -> VersionConflictError:
    """The refusal, with the incident as it is now and what others changed since, as far as the caller may see it."""
    current = shown(who, incident).model_dump(mode="json")
    if not 0 < incident.version - expected <= MOST_VERSIONS:
        return VersionConflictError(expected, incident.version, current=current)

    def since(work: Work) -> list[TimelineEntry]:
        versions = range(expected + 1, incident.version + 1)
        return [entry for one in versions for entry in work.find(timeline_of(incident.id), 5, version=one)]

    entries = [one for one in store.run(since) if not one.internal or may_work_on(who, incident)]
    return VersionConflictError(expected, incident.version, _told(entries), current, _changes(entries))


def _told(entries: Iterable[TimelineEntry]) -> str:
    """Who changed what and when; people by their uids."""
    return "; ".join(
        f"{entry.actor_id} changed {', '.join(one.field for one in entry.changes)} at {entry.at:%Y-%m-%d %H:%M:%S} UTC"
        for entry in entries
        if entry.changes
    )


def _changes(entries: Iterable[TimelineEntry]) -> list[dict[str, Any]]:
    """Each field once, from its value before the first change to that after the last."""
    fields: dict[str, dict[str, Any]] = {}
    for entry in entries:
        for change in entry.changes:
            first = fields.setdefault(change.field, {"field": change.field, "old": change.old})
            first["new"] = change.new
    return [one for one in fields.values() if one["old"] != one["new"]]
