"""Which index to walk for a conjunction, and which predicates the walk can check in passing.

The walk's order is used when it is the query's, so that a limit stops it early. Composite indexes will join the
candidates here; nothing else of the query path has to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from emulator.firestore.query.model import Bound, Conjunction, Contains, Nothing, Query, Range, after, name_prefix
from emulator.firestore.storage.index import MAX_VALUE_BYTES, Kind, cut
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import first_id
from emulator.firestore.values.fieldpath import NAME, FieldPath

FEW: Final = 500  # that many matches are cheaper to fetch and sort than any walk in the right order may become


@dataclass(frozen=True, slots=True)
class Seek:
    """An interval of one index: all entries whose value is at or after `low` and before `high` (None: to the end)."""

    kind: Kind
    path: FieldPath
    low: bytes
    high: bytes | None

    @property
    def text(self) -> str:
        """The canonical field path, which names the index."""
        return fieldpath.render(self.path)

    @property
    def is_point(self) -> bool:
        """Whether the interval is of one value."""
        return self.high == self.low + b"\x00"


@dataclass(frozen=True, slots=True)
class Walk:
    """Walk an index, or the documents themselves by name (`index` is None), looking others up in other indexes.

    `low` (included) and `high` (excluded) bound the documents' ids, as `encode_id` writes them.
    """

    index: Seek | None
    also: tuple[Seek, ...]
    low: bytes | None
    high: bytes | None
    descending: bool
    ordered: bool  # it goes in the order of the query's first criterion


class Statistics(Protocol):
    """What the planner asks about the data."""

    def count(self, seek: Seek, most: int) -> int:
        """How many entries the interval has, counted no further than `most`."""
        ...


def plan(query: Query, conjunction: Conjunction, statistics: Statistics, few: int = FEW) -> Walk | None:
    """The walk for one conjunction; None when nothing can match. `few`: see `FEW`."""
    if any(isinstance(predicate, Nothing) for predicate in conjunction):
        return None
    points = [seek for predicate in conjunction if (seek := _point(predicate)) is not None]
    first = query.orders[0]
    single = query.scope.collection is not None
    by_name = first.path == NAME
    low, high = _id_bounds(query, conjunction) if by_name and single else (None, None)
    if not points:
        index = None if by_name else _along(query, conjunction)
        return Walk(index, (), low, high, first.descending, single)
    count, best = min((statistics.count(seek, few), position) for position, seek in enumerate(points))
    if single and not by_name and count >= few:
        return Walk(_along(query, conjunction), tuple(points), None, None, first.descending, ordered=True)
    others = tuple(seek for position, seek in enumerate(points) if position != best)
    return Walk(points[best], others, low, high, first.descending, single and by_name)


def _along(query: Query, conjunction: Conjunction) -> Seek:
    """The index of the query's first criterion, between its cursors and inequalities."""
    lows, highs = _first_bounds(query, conjunction)
    return Seek(Kind.VALUE, query.orders[0].path, cut(max(lows, default=b"")), _cut_high(min(highs, default=None)))


def _id_bounds(query: Query, conjunction: Conjunction) -> tuple[bytes | None, bytes | None]:
    """The same for a query of one collection that is sorted by name, as ids. It may be wider than what is asked."""
    lows, highs = _first_bounds(query, conjunction)
    prefix = name_prefix(query.scope.parent.database, query.scope.collection or "")
    low = max((first_id(key[len(prefix) :]) for key in lows if key.startswith(prefix)), default=None)
    high = min((after(first_id(key[len(prefix) :])) for key in highs if key.startswith(prefix)), default=None)
    return low, high


def _first_bounds(query: Query, conjunction: Conjunction) -> tuple[list[bytes], list[bytes]]:
    first = query.orders[0]
    ranges = [predicate for predicate in conjunction if isinstance(predicate, Range) and predicate.path == first.path]
    start, end = (query.end, query.start) if first.descending else (query.start, query.end)
    lows = [predicate.low for predicate in ranges] + _first_value(start)
    highs = [predicate.high for predicate in ranges] + [after(value) for value in _first_value(end)]
    return lows, highs


def _first_value(bound: Bound | None) -> list[bytes]:
    return [] if bound is None or not bound.values else [bound.values[0]]


def _point(predicate: object) -> Seek | None:
    if isinstance(predicate, Contains):
        return Seek(Kind.ELEMENTS, predicate.path, cut(predicate.value), after(cut(predicate.value)))
    if isinstance(predicate, Range) and predicate.is_point and predicate.path != NAME:
        return Seek(Kind.VALUE, predicate.path, cut(predicate.low), after(cut(predicate.low)))
    return None


def _cut_high(high: bytes | None) -> bytes | None:
    """The end of an interval among cut values: everything that was cut to the same bytes must stay inside."""
    if high is None or len(high) <= MAX_VALUE_BYTES:
        return high
    return after(cut(high))
