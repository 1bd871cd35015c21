"""Which indexes serve one conjunction of a query, and which index it lacks.

The rules are those of firebase.google.com/docs/firestore/query-data/index-overview and …/multiple-range-fields: one
index whose first fields are those of equalities and whose other fields are the sort order, in its very directions; or
several such indexes with the same sort order, merged, that have all fields of equalities between them. An index is not
read backwards: what sorts the other way needs an index of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from emulator.firestore.indexes.definitions import Index, IndexField, Mode, VectorField
from emulator.firestore.values.fieldpath import FieldPath

Order: TypeAlias = tuple[FieldPath, bool]
Modes: TypeAlias = Callable[[FieldPath], frozenset[Mode]]


class Need(NamedTuple):
    """What a conjunction asks of an index. `orders`: path and whether descending, without the name."""

    equal: frozenset[FieldPath]
    contains: frozenset[FieldPath]
    orders: tuple[Order, ...]
    name_descending: bool
    vector: VectorField | None = None

    @property
    def sort(self) -> tuple[IndexField, ...]:
        """The fields that an index has to end with."""
        return tuple(IndexField(path, Mode.of_order(descending=descending)) for path, descending in self.orders)

    @property
    def looked_up(self) -> frozenset[IndexField]:
        """The fields that indexes have to begin with, in any order; equality needs no direction."""
        equal = {IndexField(path, Mode.ASCENDING) for path in self.equal}
        return frozenset(equal | {IndexField(path, Mode.CONTAINS) for path in self.contains})


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: Index
    covers: frozenset[IndexField]


def serving(need: Need, group: str, *, wide: bool, indexes: Iterable[Index], modes: Modes) -> list[Index] | None:
    """The indexes to read for a conjunction, as few as possible; None when there are not enough of them.

    `indexes` are the composite ones of the collection id and the scope, `modes` tells the single-field ones.
    """
    wanted = need.looked_up
    found = [candidate for index in indexes if (candidate := _composite(need, index)) is not None]
    found += _single(need, group, wide=wide, modes=modes)
    whole = [candidate for candidate in found if candidate.covers == wanted]
    if whole:
        return [min(whole, key=lambda candidate: len(candidate.index.fields)).index]
    if not wanted and not need.orders and not need.name_descending and need.vector is None:
        return [Index(group, wide, ())]  # the documents by name; a descending name needs an index
    return _merged(wanted, found)


def _merged(wanted: frozenset[IndexField], found: list[_Candidate]) -> list[Index] | None:
    chosen: list[Index] = []
    left = wanted
    while left:
        best = max(found, key=lambda candidate: len(candidate.covers & left), default=None)
        if best is None or not best.covers & left:
            return None
        chosen.append(best.index)
        left -= best.covers
    return chosen or None


def _composite(need: Need, index: Index) -> _Candidate | None:
    if index.vector != need.vector or (need.vector is None and index.name_descending != need.name_descending):
        return None
    split = len(index.fields) - len(need.orders)
    if split < 0 or index.fields[split:] != need.sort:
        return None
    covers = frozenset(
        part if part.mode is Mode.CONTAINS else IndexField(part.path, Mode.ASCENDING) for part in index.fields[:split]
    )
    return _Candidate(index, covers) if covers <= need.looked_up else None


def _single(need: Need, group: str, *, wide: bool, modes: Modes) -> Iterator[_Candidate]:
    """What the single-field indexes can do. Those of elements have the name in both directions, others in their own."""
    if need.vector is not None:
        return
    if not need.orders:
        direction = Mode.of_order(descending=need.name_descending)
        for part in need.looked_up:
            mode = Mode.CONTAINS if part.mode is Mode.CONTAINS else direction
            if mode in modes(part.path):
                index = Index(group, wide, (IndexField(part.path, mode),), need.name_descending)
                yield _Candidate(index, frozenset([part]))
        return
    (first, *more) = need.sort
    matches_name = (first.mode is Mode.DESCENDING) == need.name_descending
    if not more and not need.looked_up and matches_name and first.mode in modes(first.path):
        yield _Candidate(Index(group, wide, (first,), need.name_descending), frozenset())


def lacking(need: Need, group: str, *, wide: bool) -> Index:
    """The index that would serve a conjunction by itself."""
    first = sorted(need.looked_up, key=lambda part: (part.mode is Mode.CONTAINS, part.path))
    descending = need.name_descending and need.vector is None
    return Index(group, wide, (*first, *need.sort), descending, need.vector)


def is_single(index: Index) -> bool:
    """Whether an index is one that a field has by itself, unless an override takes it away."""
    if len(index.fields) != 1 or index.vector is not None:
        return False
    mode = index.fields[0].mode
    return mode is Mode.CONTAINS or (mode is Mode.DESCENDING) == index.name_descending
