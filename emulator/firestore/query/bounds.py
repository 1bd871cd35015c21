"""Where in an index a conjunction's documents lie: between two places, each a value and perhaps a document's key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from emulator.firestore.query.model import Bound, Conjunction, Query, Range, name_prefix
from emulator.firestore.storage.composite import Part
from emulator.firestore.storage.index import MAX_VALUE_BYTES
from emulator.firestore.values.encoding import REFERENCE, encode_path, first_id
from emulator.firestore.values.fieldpath import NAME, FieldPath


class Low(NamedTuple):
    """At or after this value; of entries with the very value, at or after the key."""

    value: bytes
    key: bytes = b""


class High(NamedTuple):
    """Before this value; with a key: or of this very value, and at or before the key."""

    value: bytes
    key: bytes = b""


class Interval(NamedTuple):
    """Part of an index. It may hold more than was asked for, but no less."""

    low: Low
    high: High | None


class Sorting(NamedTuple):
    """How an index sorts a query's results.

    `prefix` is what all its entries begin with, `parts` the fields after it, which are `paths[0]`, … of the criteria;
    the walk goes `backward` through it. `constants` are the fields that have one value in all results.
    """

    prefix: bytes
    parts: Sequence[Part]
    backward: bool
    constants: dict[FieldPath, bytes]
    wide: bool


def successor(prefix: bytes) -> bytes | None:
    """The least bytes above everything that begins with `prefix`; None when nothing is."""
    stripped = prefix.rstrip(b"\xff")
    return None if not stripped else stripped[:-1] + bytes([stripped[-1] + 1])


def interval(query: Query, conjunction: Conjunction, sorting: Sorting) -> Interval:
    """The part of an index that can hold results."""
    lows = [Low(sorting.prefix)]
    end = successor(sorting.prefix)
    highs = [] if end is None else [High(end)]
    if sorting.parts:
        first = sorting.parts[0]
        for predicate in conjunction:
            if isinstance(predicate, Range) and predicate.path == first.path:
                low, high = _range(predicate, first, sorting.prefix)
                lows.append(low)
                highs += high
    start, stop = (query.end, query.start) if sorting.backward else (query.start, query.end)
    if start is not None:
        lows.append(_cursor_low(query, start, sorting, exclusive=start.before == sorting.backward))
    if stop is not None:
        highs += _cursor_high(query, stop, sorting, exclusive=stop.before != sorting.backward)
    return Interval(max(lows), min(highs, default=None))


def _range(predicate: Range, part: Part, prefix: bytes) -> tuple[Low, list[High]]:
    low = predicate.low[:-1] if predicate.low_after else predicate.low
    high = predicate.high[:-1] if predicate.high_after else predicate.high
    if part.inverted:
        return _low(part, prefix, high, exclusive=not predicate.high_after), _high(
            part, prefix, low, exclusive=predicate.low_after
        )
    return _low(part, prefix, low, exclusive=predicate.low_after), _high(
        part, prefix, high, exclusive=not predicate.high_after
    )


def _low(part: Part, prefix: bytes, value: bytes, *, exclusive: bool) -> Low:
    key = prefix + part.key(value)
    # What was cut cannot be told from what it was cut to be equal to: it is taken in, and checked when it is found.
    if exclusive and len(value) <= MAX_VALUE_BYTES:
        return Low(successor(key) or key)
    return Low(key)


def _high(part: Part, prefix: bytes, value: bytes, *, exclusive: bool) -> list[High]:
    key = prefix + part.key(value)
    end = key if exclusive and len(value) <= MAX_VALUE_BYTES else successor(key)
    return [] if end is None else [High(end)]


class _Place(NamedTuple):
    """How far into the index a cursor leads: `whole` unless it says more than that."""

    value: bytes
    key: bytes | None
    whole: bool


def _place(query: Query, bound: Bound, sorting: Sorting) -> _Place:
    value, parts = sorting.prefix, iter(sorting.parts)
    for order, given in zip(query.orders, bound.values, strict=False):
        if order.path == NAME:
            if next(parts, None) is not None:
                return _Place(value, None, whole=False)
            return _Place(value, _name_key(query, given, wide=sorting.wide), whole=False)
        if order.path in sorting.constants:
            if sorting.constants[order.path] != given:
                return _Place(value, None, whole=False)
            continue
        part = next(parts, None)
        if part is None or part.path != order.path:
            return _Place(value, None, whole=False)
        value += part.key(given)
        if len(given) > MAX_VALUE_BYTES:
            return _Place(value, None, whole=False)
    return _Place(value, None, whole=True)


def _cursor_low(query: Query, bound: Bound, sorting: Sorting, *, exclusive: bool) -> Low:
    place = _place(query, bound, sorting)
    if place.key is not None:
        return Low(place.value, place.key)
    return Low((exclusive and place.whole and successor(place.value)) or place.value)


def _cursor_high(query: Query, bound: Bound, sorting: Sorting, *, exclusive: bool) -> list[High]:
    place = _place(query, bound, sorting)
    if place.key is not None:
        return [High(place.value, place.key)]
    end = place.value if exclusive and place.whole else successor(place.value)
    return [] if end is None else [High(end)]


def _name_key(query: Query, name: bytes, *, wide: bool) -> bytes | None:
    """The key in an index of the document that an encoded name is of; None when it is not in the collection."""
    if wide:
        prefix = REFERENCE + encode_path(f"{query.scope.parent.database}/documents")[:-1]
        return name[len(prefix) :] if name.startswith(prefix) else None
    prefix = name_prefix(query.scope.parent.database, query.scope.collection or "")
    return first_id(name[len(prefix) :]) if name.startswith(prefix) and len(name) > len(prefix) + 1 else None


def id_interval(query: Query, conjunction: Conjunction) -> tuple[bytes | None, bytes | None]:
    """For documents of one collection by name: ids at or after the one and at or before the other."""
    lows = [predicate.low for predicate in _of_name(conjunction)]
    highs = [predicate.high for predicate in _of_name(conjunction)]
    first = query.orders[0]
    if first.path == NAME:
        start, stop = (query.end, query.start) if first.descending else (query.start, query.end)
        lows += [] if start is None else list(start.values[:1])
        highs += [] if stop is None else list(stop.values[:1])
    low_keys = [key for low in lows if (key := _name_key(query, low, wide=False)) is not None]
    high_keys = [key for high in highs if (key := _name_key(query, high, wide=False)) is not None]
    return max(low_keys, default=None), min(high_keys, default=None)


def _of_name(conjunction: Conjunction) -> Iterator[Range]:
    return (predicate for predicate in conjunction if isinstance(predicate, Range) and predicate.path == NAME)
