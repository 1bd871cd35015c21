"""What each index can do for a conjunction: which conditions it answers, and how far it sorts the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from emulator.firestore.query.bounds import Sorting
from emulator.firestore.query.model import Conjunction, Contains, Order, Query, Range
from emulator.firestore.storage.composite import Kept, single
from emulator.firestore.values.fieldpath import NAME, FieldPath


class Point(NamedTuple):
    """A condition that is one value of an index."""

    path: FieldPath
    value: bytes
    contains: bool = False


class Asked(NamedTuple):
    """A conjunction as indexes see it."""

    points: tuple[Point, ...]
    orders: tuple[Order, ...]  # without the fields that are the same in all results
    constants: dict[FieldPath, bytes]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way through an index. `sorts`: how many of the criteria, of `Asked.orders`, it sorts by."""

    index: Kept
    sorting: Sorting
    answers: frozenset[Point]
    sorts: int


def asked(query: Query, conjunction: Conjunction) -> Asked:
    """What a conjunction asks of indexes."""
    points: dict[Point, None] = {}
    constants: dict[FieldPath, bytes] = {}
    for predicate in conjunction:
        if isinstance(predicate, Contains):
            points[Point(predicate.path, predicate.value, contains=True)] = None
        elif isinstance(predicate, Range) and predicate.is_point and predicate.path != NAME:
            points[Point(predicate.path, predicate.low)] = None
            constants.setdefault(predicate.path, predicate.low)
    orders = tuple(order for order in query.orders if order.path not in constants)
    return Asked(tuple(points), orders, constants)


def candidates(ask: Asked, composites: Sequence[Kept], *, wide: bool) -> Iterator[Candidate]:
    """The indexes that are of use. Those of single fields come first."""
    plain: list[Kept] = []
    if not wide:
        plain = [single(point.path, contains=point.contains) for point in ask.points]
        if ask.orders[0].path != NAME:
            plain.append(single(ask.orders[0].path))
    for index in (*plain, *composites):
        if index.wide == wide:
            found = _candidate(ask, index)
            if found is not None:
                yield found


def _candidate(ask: Asked, index: Kept) -> Candidate | None:
    """The index's first fields have to be among the points, the others the first criteria, in one direction."""
    prefix, answers = b"", set()
    rest = list(index.parts)
    while rest:
        part = rest[0]
        point = next((p for p in ask.points if p.path == part.path and p.contains == part.contains), None)
        if point is None:
            break
        prefix += part.key(point.value)
        answers.add(point)
        del rest[0]
    if len(rest) >= len(ask.orders) or any(part.contains for part in rest):
        return None
    directions = set()
    for part, order in zip(rest, ask.orders, strict=False):
        if part.path != order.path:
            return None
        directions.add(order.descending != part.inverted)
    if len(directions) > 1:
        return None
    following = ask.orders[len(rest)]
    backward = directions.pop() if directions else following.descending and following.path == NAME
    sorts = len(rest)
    if following.path == NAME and following.descending == backward:
        sorts += 1
    sorting = Sorting(prefix, tuple(rest), backward, ask.constants, index.wide)
    return Candidate(index, sorting, frozenset(answers), sorts)


def best_sorted(found: Iterable[Candidate], ask: Asked) -> Candidate | None:
    """The one that sorts the results wholly, or as far as possible, and of such the one that answers most."""
    sorted_ = [candidate for candidate in found if candidate.sorts]
    return max(sorted_, key=lambda candidate: _rank(candidate, ask), default=None)


def _rank(candidate: Candidate, ask: Asked) -> tuple[bool, int, int, int]:
    complete = candidate.sorts == len(ask.orders)
    return complete, len(candidate.answers), candidate.sorts, -len(candidate.index.parts)
