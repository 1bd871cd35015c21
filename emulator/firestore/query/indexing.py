"""A query before the catalog of indexes: may it run, and what would it read?"""

from __future__ import annotations

from emulator.firestore.errors import invalid
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.indexes.definitions import Index, VectorField
from emulator.firestore.indexes.needs import Shape
from emulator.firestore.query.model import Conjunction, Contains, Query, Range
from emulator.firestore.values.fieldpath import NAME, FieldPath


def check(catalog: IndexCatalog, query: Query) -> None:
    """Refuse a query that production would refuse for want of an index.

    Raises:
        FirestoreError: FAILED_PRECONDITION, with the entries that firestore.indexes.json lacks.
    """
    if catalog.checks:
        catalog.check(shape_of(query))


def check_followed(catalog: IndexCatalog, query: Query) -> None:
    """The same for a query that a listener wants to follow.

    Raises:
        FirestoreError: INVALID_ARGUMENT or FAILED_PRECONDITION.
    """
    if query.nearest is not None:
        raise invalid("A query with find_nearest cannot be listened to.")
    check(catalog, query)


def indexes_of(catalog: IndexCatalog, query: Query) -> list[Index]:
    """The indexes that production would read for a query."""
    return catalog.plan(shape_of(query))


def shape_of(query: Query) -> Shape:
    """The shape of a query."""
    nearest = query.nearest
    return Shape(
        query.scope.collection_id,
        query.scope.descendants,
        frozenset(map(_looked_up, query.where)),
        query.orders,
        None if nearest is None else VectorField(nearest.path, len(nearest.vector)),
    )


def _looked_up(conjunction: Conjunction) -> tuple[frozenset[FieldPath], frozenset[FieldPath]]:
    """The fields with equality, but for the name, and those with an array's element."""
    equal, contains = set(), set()
    for predicate in conjunction:
        if isinstance(predicate, Contains):
            contains.add(predicate.path)
        elif isinstance(predicate, Range) and predicate.is_point and predicate.path != NAME:
            equal.add(predicate.path)
    return frozenset(equal), frozenset(contains)
