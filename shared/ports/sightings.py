"""Who else has seen it: the incidents that hold an observable, for whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.domain.base import Model, UtcDatetime
from shared.domain.observables import ObservableType


class Sighting(Model):
    """An incident that holds the observable."""

    incident_id: str
    reference: str
    created_at: UtcDatetime


@dataclass(frozen=True, slots=True)
class Seen:
    """How many incidents hold it, and the newest of them first."""

    count: int
    latest: tuple[Sighting, ...]


class Sightings(Protocol):
    """Looks observables up within scopes: nothing outside of them is found or counted."""

    def of(self, scopes: Sequence[str], observables: Sequence[tuple[ObservableType, str]], limit: int) -> list[Seen]:
        """For each observable, in the same order, the incidents within the scopes that hold it and the `limit` newest.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...
