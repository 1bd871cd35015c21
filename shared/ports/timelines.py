"""Timelines as lists; entries are written in transactions, as `timeline_of(incident_id)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shared.domain.paging import Cursor
from shared.domain.timeline import TimelineEntry, TimelineKind


@dataclass(frozen=True, slots=True)
class TimelineFilter:
    """Which entries of an incident. `public_only` for whoever does not handle it."""

    incident_id: str
    public_only: bool
    kind: TimelineKind | None = None
    oldest_first: bool = True


class Timelines(Protocol):
    """The collections `incidents/{id}/timeline`."""

    def find(self, where: TimelineFilter, limit: int, after: Cursor | None = None) -> list[TimelineEntry]:
        """At most `limit` entries in the order of when they happened (of one moment by their ids), from behind the
        cursor on.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...
