"""A query as the planner and the executor see it: everything about values is order-preserving bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from emulator.firestore.names import DocumentKey, Parent
from emulator.firestore.values.encoding import NULL_KEY, REFERENCE, encode_path
from emulator.firestore.values.fieldpath import FieldPath

_INVERT: Final = bytes(255 - byte for byte in range(256))


class Range(NamedTuple):
    """The field's value is at or after `low` and before `high`; equality is the shortest such interval.

    The flags tell an end that is `after` a value from one that is a value itself, or the bound of a type.
    """

    path: FieldPath
    low: bytes
    high: bytes
    low_after: bool = False
    high_after: bool = False

    @property
    def is_point(self) -> bool:
        """Whether one value only is accepted."""
        return self.high == self.low + b"\x00"


class Contains(NamedTuple):
    """The field is an array with this element."""

    path: FieldPath
    value: bytes


class Excludes(NamedTuple):
    """The field exists, is not null, and has none of these values."""

    path: FieldPath
    values: frozenset[bytes]


class Nothing(NamedTuple):
    """No document can match."""

    path: FieldPath


Predicate: TypeAlias = Range | Contains | Excludes | Nothing
Conjunction: TypeAlias = tuple[Predicate, ...]


def equals(path: FieldPath, value: bytes) -> Range:
    """The predicate of equality."""
    return Range(path, value, after(value), high_after=True)


def after(value: bytes) -> bytes:
    """The least key above `value`; encodings are never prefixes of each other."""
    return value + b"\x00"


def accepts(predicate: Predicate, value: bytes | None, elements: frozenset[bytes]) -> bool:
    """Whether a predicate holds for a field's encoded value and, if it is an array, its encoded elements."""
    if isinstance(predicate, Range):
        return value is not None and predicate.low <= value < predicate.high
    if isinstance(predicate, Contains):
        return predicate.value in elements
    if isinstance(predicate, Excludes):
        return value is not None and value != NULL_KEY and value not in predicate.values
    return False


class Order(NamedTuple):
    """One sort criterion."""

    path: FieldPath
    descending: bool

    def key(self, value: bytes) -> bytes:
        """The bytes that sort as this criterion wants the value sorted."""
        return value.translate(_INVERT) if self.descending else value


SortKey: TypeAlias = tuple[bytes, ...]


class Bound(NamedTuple):
    """A cursor: the values of the first criteria, and whether it lies before or after what equals them."""

    values: tuple[bytes, ...]
    before: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are asked: a collection under a parent, or all collections (of an id, or any) below it."""

    parent: Parent
    collection_id: str | None
    descendants: bool

    @property
    def collection(self) -> str | None:
        """The path of the one collection that is asked; None when there may be several."""
        if self.descendants or self.collection_id is None:
            return None
        return self.parent.collection(self.collection_id)

    def includes(self, key: DocumentKey) -> bool:
        """Whether a document is asked."""
        if key.database != self.parent.database:
            return False
        parent, _, name = key.collection.rpartition("/")
        if self.collection_id is not None and name != self.collection_id:
            return False
        below = self.parent.path
        if self.descendants:
            return not below or parent == below or parent.startswith(f"{below}/")
        return parent == below


class Measure(IntEnum):
    """How far two vectors are from each other; the numbers are those of the protocol."""

    EUCLIDEAN = 1
    COSINE = 2
    DOT_PRODUCT = 3


@dataclass(frozen=True, slots=True)
class Nearest:
    """Of the documents of a query, those with the nearest vectors (StructuredQuery.FindNearest)."""

    path: FieldPath
    vector: tuple[float, ...]
    measure: Measure
    limit: int
    threshold: float | None = None  # no farther than this; for DOT_PRODUCT no less
    result: str | None = None  # the field that a document is to have its distance in


@dataclass(frozen=True, slots=True)
class Query:
    """A checked query. `orders` is complete: it ends with the document's name, so no two documents sort alike."""

    scope: Scope
    where: tuple[Conjunction, ...]
    orders: tuple[Order, ...]
    start: Bound | None = None
    end: Bound | None = None
    offset: int = 0
    limit: int | None = None
    projection: tuple[FieldPath, ...] | None = None
    nearest: Nearest | None = None

    def in_bounds(self, key: SortKey) -> bool:
        """Whether a sort key lies between the cursors."""
        return not self.is_early(key) and not self.is_late(key)

    def is_early(self, key: SortKey) -> bool:
        """Whether a sort key lies before the start cursor."""
        if self.start is None:
            return False
        start = self._bound_key(self.start)
        prefix = key[: len(start)]
        return prefix < start or (prefix == start and not self.start.before)

    def is_late(self, key: SortKey) -> bool:
        """Whether a sort key lies behind the end cursor, as does everything after it."""
        if self.end is None:
            return False
        end = self._bound_key(self.end)
        prefix = key[: len(end)]
        return prefix > end or (prefix == end and self.end.before)

    def _bound_key(self, bound: Bound) -> SortKey:
        return tuple(order.key(value) for order, value in zip(self.orders, bound.values, strict=False))


def name_prefix(database: str, collection: str) -> bytes:
    """What the encoded names of all documents of a collection begin with."""
    return REFERENCE + encode_path(f"{database}/documents/{collection}")[:-1]
