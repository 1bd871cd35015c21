"""From the protocol's `StructuredQuery` to a `Query`, refusing what production refuses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.names import Parent, check_id, parse_document
from emulator.firestore.proto.v1 import Cursor, StructuredQuery, Value
from emulator.firestore.query import nearest
from emulator.firestore.query.filters import disjunctive
from emulator.firestore.query.model import Bound, Conjunction, Excludes, Order, Query, Range, Scope
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode
from emulator.firestore.values.fieldpath import NAME, FieldPath

MAX_COMPONENTS: Final = 100
MAX_RANGE_FIELDS: Final = 10


def parse(parent: Parent, query: StructuredQuery, aggregated: Collection[FieldPath] = ()) -> Query:
    """The query that a client asks; `aggregated` are the fields whose sums or averages are wanted of it.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if query.offset < 0:
        raise invalid("offset is negative")
    if query.HasField("limit") and query.limit.value < 0:
        raise invalid("limit is negative")
    where = disjunctive(query.where) if query.HasField("where") else ((),)
    _check_limits(parent, query, where)
    orders = _orders(query, where, aggregated)
    if not (query.from_ and query.from_[0].collection_id):
        _check_kindless(where, orders)
    return Query(
        scope=_scope(parent, query),
        where=where,
        orders=orders,
        start=_bound(query.start_at, orders) if query.HasField("start_at") else None,
        end=_bound(query.end_at, orders) if query.HasField("end_at") else None,
        offset=query.offset,
        limit=query.limit.value if query.HasField("limit") else None,
        projection=_projection(query),
        nearest=nearest.parse(query.find_nearest) if query.HasField("find_nearest") else None,
    )


def _check_kindless(where: Sequence[Conjunction], orders: Sequence[Order]) -> None:
    """What is asked of collections of any id can be asked by name alone."""
    for predicate in (predicate for conjunction in where for predicate in conjunction):
        if predicate.path != NAME:
            raise invalid(f"kind is required for filter: {fieldpath.render(predicate.path)}")
    if orders[0] != Order(NAME, descending=False):
        raise invalid("kind is required for all orders except __key__ ascending")


def _scope(parent: Parent, query: StructuredQuery) -> Scope:
    selectors = query.from_
    if len(selectors) > 1:
        raise invalid("StructuredQuery.from cannot have more than one collection selector.")
    if not selectors:
        return Scope(parent, None, descendants=True)
    selector = selectors[0]
    if selector.collection_id:
        check_id(selector.collection_id, selector.collection_id)
    return Scope(parent, selector.collection_id or None, selector.all_descendants)


def _orders(
    query: StructuredQuery, where: Sequence[Conjunction], aggregated: Collection[FieldPath]
) -> tuple[Order, ...]:
    """The criteria asked for, then the fields of inequalities and aggregations by name, then the document's name.

    Production aggregates along an index of the fields, so that a limit takes the documents with the least values.
    """
    orders: list[Order] = []
    for item in query.order_by:
        path = fieldpath.parse(item.field.field_path)
        if any(order.path == path for order in orders):
            raise invalid(f"order by clause cannot contain duplicate fields {item.field.field_path}")
        orders.append(Order(path, item.direction == StructuredQuery.DESCENDING))
    descending = orders[-1].descending if orders else False
    sorted_by = {order.path for order in orders}
    ranged = _inequality_fields(where)
    orders += [Order(path, descending) for path in sorted(ranged - sorted_by - {NAME})]
    if any(order.path == NAME for order in orders[:-1]):
        raise invalid("order by clause cannot contain more fields after the key")
    if NAME in sorted_by:
        return tuple(orders)
    orders += [Order(path, descending) for path in sorted(set(aggregated) - sorted_by - ranged)]
    return (*orders, Order(NAME, descending))


def _check_limits(parent: Parent, query: StructuredQuery, where: Sequence[Conjunction]) -> None:
    """The limits of firebase.google.com/docs/firestore/query-data/queries, "Limitations", in production's words."""
    ranged = sorted(_inequality_fields(where))
    if len(ranged) > MAX_RANGE_FIELDS:
        names = ", ".join(map(fieldpath.render, ranged))
        raise invalid(
            f"The query contains {len(ranged)} distinct inequality fields: [{names}]. A query may not have more than "
            f"{MAX_RANGE_FIELDS} distinct inequality fields."
        )
    by_name = [item for conjunction in where for item in conjunction if item.path == NAME]
    if ranged and NAME not in ranged and by_name:
        raise invalid(
            "Equality on key is not allowed if there are other inequality fields and key does not appear in "
            "inequalities."
        )
    filters, orders, ancestors = sum(map(len, where)), len(query.order_by), int(bool(parent.path))
    if filters + orders + ancestors > MAX_COMPONENTS:
        raise invalid(
            f"The query may not have more than {MAX_COMPONENTS} filters + sort orders + ancestor total. Currently "
            f"there are {filters} filters, {orders} sort orders, and {'one' if ancestors else 'no'} ancestor filter."
        )
    if query.HasField("find_nearest") and any(map(query.HasField, ("limit", "start_at", "end_at"))):
        raise invalid("FindNearest cannot be combined with a limit or a cursor of the query.")
    if query.HasField("find_nearest") and query.offset:
        raise invalid("FindNearest cannot be combined with an offset of the query.")


def _inequality_fields(where: Sequence[Conjunction]) -> set[FieldPath]:
    return {
        predicate.path
        for conjunction in where
        for predicate in conjunction
        if isinstance(predicate, Excludes) or (isinstance(predicate, Range) and not predicate.is_point)
    }


def _bound(cursor: Cursor, orders: Sequence[Order]) -> Bound:
    if len(cursor.values) > len(orders):
        raise invalid("Cursor has too many values.")
    values = [_bound_value(value, order) for value, order in zip(cursor.values, orders, strict=False)]
    return Bound(tuple(values), cursor.before)


def _bound_value(value: Value, order: Order) -> bytes:
    if order.path == NAME:
        if value.WhichOneof("value_type") != "reference_value":
            raise invalid("Cursor __key__ value is not a document reference.")
        parse_document(value.reference_value)
    return encode(value)


def _projection(query: StructuredQuery) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    return tuple(fieldpath.parse(field.field_path) for field in query.select.fields)
