"""Firestore's documented ordering and query semantics, written plainly over Python values.

firebase.google.com/docs/firestore/manage-data/data-types gives the order; the query pages give the filters. Nothing is
shared with the server's own code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cmp_to_key, partial
from typing import Any

from google.cloud.firestore import DocumentReference, GeoPoint
from google.cloud.firestore_v1.vector import Vector

_MISSING: Any = object()


def rank(value: Any) -> int:
    """The place of a value's type; NaN counts as the lowest number."""
    types: list[type | tuple[type, ...]] = [
        type(None), bool, (int, float), datetime, str, bytes, DocumentReference, GeoPoint, list, Vector, dict,
    ]  # fmt: skip
    if isinstance(value, Vector):
        return types.index(Vector)
    return next(place for place, kind in enumerate(types) if isinstance(value, kind))


def compare(one: Any, other: Any) -> int:
    """Negative, zero or positive: the order of two values."""
    if rank(one) != rank(other):
        return rank(one) - rank(other)
    if isinstance(one, Vector):
        return _plain(len(one), len(other)) or _elements(list(one), list(other))
    if isinstance(one, list):
        return _elements(one, other)
    if isinstance(one, dict):
        return _elements(_flat(one), _flat(other))
    if isinstance(one, float | int):
        return _numbers(one, other)
    return _plain(_comparable(one), _comparable(other))


def _numbers(one: float, other: float) -> int:
    if math.isnan(one) or math.isnan(other):
        return int(math.isnan(other)) - int(math.isnan(one))
    return _plain(one, other)  # Python compares an int with a float exactly


def _comparable(value: Any) -> Any:
    if isinstance(value, GeoPoint):
        return (value.latitude, value.longitude)
    if isinstance(value, DocumentReference):
        return tuple(segment.encode() for segment in value._path)
    if isinstance(value, str):
        return value.encode()
    return 0 if value is None else value


def _plain(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


def _flat(value: Mapping[str, Any]) -> list[Any]:
    return [part for name in sorted(value, key=str.encode) for part in (name, value[name])]


def _elements(one: Sequence[Any], other: Sequence[Any]) -> int:
    for left, right in zip(one, other, strict=False):
        if result := compare(left, right):
            return result
    return len(one) - len(other)


@dataclass(frozen=True)
class Condition:
    """A filter on one field, with the operator as the Python client spells it."""

    path: str
    operator: str
    value: Any

    def holds(self, document: Mapping[str, Any]) -> bool:
        found = look_up(document, self.path)
        return found is not _MISSING and _OPERATORS[self.operator](found, self.value)


@dataclass(frozen=True)
class Both:
    """AND or OR."""

    operator: str
    parts: tuple[Any, ...]

    def holds(self, document: Mapping[str, Any]) -> bool:
        return (all if self.operator == "AND" else any)(part.holds(document) for part in self.parts)


def look_up(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return _MISSING
        value = value[name]
    return value


def _equal(found: Any, value: Any) -> bool:
    return compare(found, value) == 0


def _same_type(found: Any, value: Any) -> bool:
    return rank(found) == rank(value)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda found, value: found is not None and not _equal(found, value),
    "<": lambda found, value: _same_type(found, value) and compare(found, value) < 0,
    "<=": lambda found, value: _same_type(found, value) and compare(found, value) <= 0,
    ">": lambda found, value: _same_type(found, value) and compare(found, value) > 0,
    ">=": lambda found, value: _same_type(found, value) and compare(found, value) >= 0,
    "in": lambda found, values: any(_equal(found, value) for value in values),
    "not-in": lambda found, values: (
        found is not None and None not in values and not any(_equal(found, value) for value in values)
    ),
    "array_contains": lambda found, value: isinstance(found, list) and any(_equal(item, value) for item in found),
    "array_contains_any": lambda found, values: (
        isinstance(found, list) and any(_equal(item, value) for item in found for value in values)
    ),
}
INEQUALITIES = frozenset({"<", "<=", ">", ">=", "!=", "not-in"})


@dataclass(frozen=True)
class ModelQuery:
    """A query; cursors are lists of values for the first criteria."""

    where: Any = None
    orders: tuple[tuple[str, bool], ...] = ()
    start: tuple[list[Any], bool] | None = None
    end: tuple[list[Any], bool] | None = None
    offset: int = 0
    limit: int | None = None

    def run(self, documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The names of the documents that the query gives, in order: ids, or paths of several collections."""
        orders = self._complete_orders()
        found: list[tuple[list[Any], str]] = [
            ([look_up(document, path) if path else _name(name) for path, _ in orders], name)
            for name, document in documents.items()
            if self.where is None or self.where.holds(document)
        ]
        found = [row for row in found if _MISSING not in row[0]]
        found.sort(key=lambda row: cmp_to_key(partial(_place, orders=orders))(row[0]))
        names = [name for values, name in found if self._inside(values, orders)]
        return names[self.offset :][: self.limit]

    def _complete_orders(self) -> list[tuple[str, bool]]:
        orders = list(self.orders)
        descending = orders[-1][1] if orders else False
        sorted_by = {path for path, _ in orders}
        orders += [(path, descending) for path in sorted(inequalities(self.where)) if path not in sorted_by]
        return [*orders, ("", descending)]

    def _inside(self, values: list[Any], orders: Sequence[tuple[str, bool]]) -> bool:
        if self.start is not None:
            place = _place(values[: len(self.start[0])], self.start[0], orders)
            if place < 0 or (place == 0 and not self.start[1]):
                return False
        if self.end is not None:
            place = _place(values[: len(self.end[0])], self.end[0], orders)
            return place < 0 or (place == 0 and not self.end[1])
        return True


def _name(name: str) -> bytes:
    """A document's name so that it sorts segment by segment."""
    return name.replace("/", "\0").encode()


def inequalities(where: Any) -> set[str]:
    """The fields that a filter compares other than by equality."""
    if isinstance(where, Both):
        return set().union(*(inequalities(part) for part in where.parts))
    return {where.path} if where is not None and where.operator in INEQUALITIES else set()


def _place(one: Sequence[Any], other: Sequence[Any], orders: Sequence[tuple[str, bool]]) -> int:
    for left, right, (_, descending) in zip(one, other, orders, strict=False):
        if result := compare(left, right):
            return -result if descending else result
    return 0
