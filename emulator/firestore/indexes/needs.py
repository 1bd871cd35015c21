"""What the conjunctions of a query ask of indexes. Values do not matter, so queries of one shape share the answer."""

from __future__ import annotations

from typing import NamedTuple

from emulator.firestore.indexes.definitions import VectorField
from emulator.firestore.indexes.selection import Need, Order
from emulator.firestore.values.fieldpath import FieldPath


class Shape(NamedTuple):
    """All of a query that decides about its indexes."""

    group: str | None
    wide: bool
    conjunctions: frozenset[tuple[frozenset[FieldPath], frozenset[FieldPath]]]  # equalities, arrays' elements
    orders: tuple[Order, ...]  # ends with the name
    vector: VectorField | None

    def needs(self) -> list[Need]:
        """One for each conjunction that differs from the others."""
        return list(dict.fromkeys(self._need(equal, contains) for equal, contains in self.conjunctions))

    def _need(self, equal: frozenset[FieldPath], contains: frozenset[FieldPath]) -> Need:
        # A sort by what is the same in all results sorts nothing.
        orders = tuple((path, descending) for path, descending in self.orders[:-1] if path not in equal)
        return Need(equal, contains, orders, self.orders[-1][1], self.vector)
