"""Live updates: what changed, where in the stream of changes it stands, and what is sent of it.

A change stands where the database's commit time and the document's path put it. Both are the same for everybody, so a
position says exactly what has been sent and what has not, whichever instance goes on from it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from shared.domain.errors import InvalidInputError
from shared.domain.incident import Incident
from shared.domain.timeline import TimelineEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = "\U0010ffff"  # behind every path


def micros(at: datetime) -> int:
    """Microseconds since 1970: what Firestore's commit times are exact to."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in one stream: behind everything of an earlier commit, and of this one up to the path."""

    at: int
    path: str = _LAST

    @classmethod
    def behind(cls, at: datetime) -> Place:
        """Behind everything that was committed up to this time."""
        return cls(micros(at))


@dataclass(frozen=True, slots=True)
class Position:
    """How far somebody has heard: of the incidents, and of the timelines."""

    incidents: Place
    timelines: Place

    @property
    def earliest(self) -> datetime:
        """The time from which on something may not have been heard."""
        return datetime.fromtimestamp(min(self.incidents.at, self.timelines.at) / 1_000_000, UTC)

    def encode(self) -> str:
        """The position as the opaque text that clients hand back."""
        parts = [part for place in (self.incidents, self.timelines) for part in (place.at, _short(place.path))]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> Position:
        """Read what `encode` wrote.

        Raises:
            InvalidInputError: it is not one of ours.
        """
        try:
            at, path, other_at, other = json.loads(
                base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            )
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise _foreign() from None
        if not (_is_time(at) and _is_time(other_at) and isinstance(path, str) and isinstance(other, str)):
            raise _foreign()
        return cls(Place(at, path or _LAST), Place(other_at, other or _LAST))


def _short(path: str) -> str:
    return "" if path == _LAST else path


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 253_402_300_800_000_000  # year 10000


def _foreign() -> InvalidInputError:
    return InvalidInputError("The position is not one this API gave out", {"resume": "not a position"})


@dataclass(frozen=True)
class Change:
    """An incident as a commit left it, or an entry that a commit added to its timeline.

    `incident` is the incident as it was at that commit or later, so that nobody is shown what they may see no more.
    """

    place: Place
    incident: Incident
    entry: TimelineEntry | None = None
    texts: dict[bool, str] = field(default_factory=dict, compare=False)  # made once, whoever they are for

    @cached_property
    def is_entry(self) -> bool:
        """Whether it is of the stream of timelines."""
        return self.entry is not None

    def new_to(self, position: Position) -> bool:
        """Whether whoever is there has not heard of it."""
        return self.place > (position.timelines if self.is_entry else position.incidents)

    def passed(self, position: Position) -> Position:
        """The position behind it."""
        return replace(position, **{"timelines" if self.is_entry else "incidents": self.place})
