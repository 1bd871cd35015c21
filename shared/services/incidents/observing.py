"""Observables of a text are kept with the incident, by whatever service takes the text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from shared.ai.observables import Found, extract, file_name
from shared.domain.incident import Incident
from shared.domain.known_good import KnownGood
from shared.domain.observables import MAX_OBSERVABLES, Observable, ObservableSource

Observe: TypeAlias = Callable[[Incident, str, ObservableSource, datetime], Incident]
"""The incident with the observables of the text added; the same object when there is nothing new."""


class Observing:
    """Adds what a text holds to an incident. `known_good` gives the lists as they are now."""

    def __init__(self, known_good: Callable[[], KnownGood]) -> None:
        self._known_good = known_good

    def __call__(self, incident: Incident, text: str, source: ObservableSource, at: datetime) -> Incident:
        """The incident with what is new in the text, up to MAX_OBSERVABLES; the same object when nothing is.

        Neither version nor updated_at change: nobody's edit is refused for what was found by itself. Of evidence the
        text is the file's name, which is an observable as it stands, with spaces and all.
        """
        room = MAX_OBSERVABLES - len(incident.observables)
        if room <= 0:
            return incident
        there = {one.key for one in incident.observables}
        found = dict.fromkeys(one for one in _found(text, source) if one.key not in there)
        if not found:
            return incident
        known_good = self._known_good()
        new = [
            Observable(
                type=one.type,
                value=one.value,
                tlp=incident.tlp,
                source=source,
                known_good=known_good.covers(one.type, one.value),
                first_seen_at=at,
            )
            for one in found
        ]
        # What is known good fills no room that something else needs.
        new.sort(key=lambda one: one.known_good)
        return incident.model_copy(update={"observables": [*incident.observables, *new[:room]]})


def _found(text: str, source: ObservableSource) -> list[Found]:
    name = file_name(text) if source is ObservableSource.EVIDENCE else None
    return [name] if name is not None else extract(text)
