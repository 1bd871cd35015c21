"""Which index to walk for a conjunction, and which conditions the walk can look up in passing.

An index that has all equalities first and then the query's order gives the results as they come, however many documents
there are. Without one the planner either fetches the matches of the rarest condition and sorts them, or goes along the
query's order and looks the conditions up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from emulator.firestore.query.bounds import High, Low, Sorting, id_interval, interval
from emulator.firestore.query.candidates import Candidate, Point, asked, best_sorted, candidates
from emulator.firestore.query.model import Conjunction, Contains, Excludes, Nothing, Order, Predicate, Query, Range
from emulator.firestore.storage.composite import Kept, single
from emulator.firestore.storage.index import MAX_VALUE_BYTES
from emulator.firestore.values.encoding import NULL_KEY
from emulator.firestore.values.fieldpath import NAME, FieldPath

FEW: Final = 500  # that many matches are cheaper to fetch and sort than any walk in the right order may become
_FURTHER: Final = 20


@dataclass(frozen=True, slots=True)
class Seek:
    """A part of one index: of one value (`point`), or what lies between two places."""

    index: Kept
    low: Low
    high: High | None
    is_point: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """Walk an index, or the documents themselves by name (`seek` is None), looking others up in other indexes.

    `low` and `high`, both included, bound the documents' ids, as `encode_id` writes them. `sorts` counts the query's
    criteria that the walk sorts by; criteria with one value in all results count.
    """

    seek: Seek | None
    also: tuple[Seek, ...]
    low: bytes | None
    high: bytes | None
    backward: bool
    sorts: int
    exact: bool  # every document that it finds is a result
    excluded: tuple[bytes, ...] = ()  # values that the walk passes over


class Statistics(Protocol):
    """What the planner asks about the data."""

    def count(self, seek: Seek, most: int) -> int:
        """How many entries the interval has, counted no further than `most`."""
        ...


def plan(
    query: Query, conjunction: Conjunction, statistics: Statistics, composites: Sequence[Kept] = (), few: int = FEW
) -> Walk | None:
    """The walk for one conjunction; None when nothing can match. `few`: see `FEW`."""
    if any(isinstance(predicate, Nothing) for predicate in conjunction):
        return None
    return _Planner(query, conjunction, statistics, few).choose(composites)


class _Planner:
    def __init__(self, query: Query, conjunction: Conjunction, statistics: Statistics, few: int) -> None:
        self._query = query
        self._conjunction = conjunction
        self._statistics = statistics
        self._few = few
        self._ask = asked(query, conjunction)
        self._one = query.scope.collection is not None

    def choose(self, composites: Sequence[Kept]) -> Walk:
        """The walk."""
        ask = self._ask
        found = list(candidates(ask, composites, wide=not self._one))
        best = best_sorted(found, ask)
        if best is not None and self._whole(best):
            return self._along(best)
        if not ask.points:
            return self._by_name() if best is None else self._along(best)
        seeks = [self._seek(point) for point in ask.points]
        # Which of several is the rarest may matter much: that is worth counting further.
        most = self._few if len(seeks) == 1 else self._few * _FURTHER
        count, rarest = min((self._statistics.count(seek, most), place) for place, seek in enumerate(seeks))
        sorts = best is not None and best.sorts == len(ask.orders) and ask.orders[0].path != NAME
        if best is not None and sorts and self._one and count >= self._few:
            return self._along(best)
        return self._gather(seeks, rarest)

    def _whole(self, candidate: Candidate) -> bool:
        """Whether an index leaves nothing to look up or to sort."""
        return candidate.sorts == len(self._ask.orders) and len(candidate.answers) == len(self._ask.points)

    def _along(self, candidate: Candidate) -> Walk:
        """Go along an index, and look up what it does not answer."""
        sorting = candidate.sorting
        left = [point for point in self._ask.points if point not in candidate.answers]
        also = tuple(self._seek(point) for point in left)
        low, high = self._ids() if not sorting.parts else (None, None)
        if sorting.parts:
            seek = Seek(candidate.index, *interval(self._query, self._conjunction, sorting))
        else:
            seek = Seek(candidate.index, Low(sorting.prefix), None, is_point=True)
        exact = self._is_exact(candidate)
        values = (value for one in self._excludes(candidate) for value in (NULL_KEY, *one.values))
        excluded = tuple(map(candidate.index.parts[0].key, values))
        return Walk(seek, also, low, high, sorting.backward, self._sorted(candidate.sorts), exact, excluded)

    def _by_name(self) -> Walk:
        """Go through the documents; those of several collections in no order."""
        low, high = self._ids()
        first = self._query.orders[0]
        sorts = 1 if self._one and first.path == NAME else 0
        exact = first.path == NAME and self._is_exact(None)
        if not self._one and first.path != NAME and len(self._query.orders) > 1:
            # The index of the first criterion leaves out the documents without it.
            seek = self._whole_field(first)
            return Walk(seek, (), None, None, first.descending, 0, exact=False)
        return Walk(None, (), low, high, first.descending, sorts, exact)

    def _gather(self, seeks: Sequence[Seek], rarest: int) -> Walk:
        """Fetch the matches of one condition. By name they come sorted."""
        others = tuple(seek for place, seek in enumerate(seeks) if place != rarest)
        order = self._ask.orders[0]
        sorts = self._sorted(1) if self._one and order.path == NAME else 0
        low, high = self._ids()
        exact = order.path == NAME and self._is_exact(None)
        return Walk(seeks[rarest], others, low, high, order.descending and bool(sorts), sorts, exact)

    def _ids(self) -> tuple[bytes | None, bytes | None]:
        return id_interval(self._query, self._conjunction) if self._one else (None, None)

    def _seek(self, point: Point) -> Seek:
        index = single(point.path, contains=point.contains)
        return Seek(index, Low(index.parts[0].key(point.value)), None, is_point=True)

    def _whole_field(self, order: Order) -> Seek:
        index = single(order.path)
        sorting = Sorting(b"", index.parts, backward=order.descending, constants={}, wide=False)
        return Seek(index, *interval(self._query, self._conjunction, sorting))

    def _sorted(self, sorts: int) -> int:
        """How many of the query's own criteria that is: those that are constant sort anything."""
        kept = 0
        for number, order in enumerate(self._query.orders):
            if order.path not in self._ask.constants:
                if kept == sorts:
                    return number
                kept += 1
        return len(self._query.orders)

    def _excludes(self, candidate: Candidate | None) -> list[Excludes]:
        """The exclusions that a walk can see to: those of its one field, if nothing of them was cut."""
        if candidate is None or len(candidate.index.parts) > 1 or not candidate.sorting.parts:
            return []
        (part,) = candidate.sorting.parts
        return [
            predicate
            for predicate in self._conjunction
            if isinstance(predicate, Excludes)
            and predicate.path == part.path
            and all(len(value) <= MAX_VALUE_BYTES for value in predicate.values)
        ]

    def _is_exact(self, candidate: Candidate | None) -> bool:
        """Whether points, and what the walk does about the field that it sorts by first, are all there is."""
        if candidate is not None and candidate.sorts != len(self._ask.orders):
            return False
        if not self._one and self._query.scope.parent.path:
            return False
        parts = () if candidate is None else candidate.sorting.parts[:1]
        seen_to = self._excludes(candidate)
        return all(
            predicate in seen_to or _is_answered(predicate, {part.path for part in parts})
            for predicate in self._conjunction
        )


def _is_answered(predicate: Predicate, walked: set[FieldPath]) -> bool:
    """Whether indexes alone decide about a condition; `walked` are the fields whose interval is walked."""
    if isinstance(predicate, Contains):
        return len(predicate.value) <= MAX_VALUE_BYTES
    if not isinstance(predicate, Range) or predicate.path == NAME:
        return False
    whole = len(predicate.low) <= MAX_VALUE_BYTES and len(predicate.high) <= MAX_VALUE_BYTES
    return whole and (predicate.is_point or predicate.path in walked)
