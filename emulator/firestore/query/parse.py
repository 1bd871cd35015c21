"""From the protocol's `StructuredQuery` to a `Query`, refusing what production refuses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from emulator.firestore.errors import Code, FirestoreError, invalid
from emulator.firestore.names import Parent, check_id, parse_document
from emulator.firestore.proto.v1 import Cursor, StructuredQuery, Value
from emulator.firestore.query.filters import disjunctive
from emulator.firestore.query.model import Bound, Conjunction, Excludes, Order, Query, Range, Scope
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode
from emulator.firestore.values.fieldpath import NAME, FieldPath

MAX_ORDERS: Final = 100


def parse(parent: Parent, query: StructuredQuery, aggregated: Collection[FieldPath] = ()) -> Query:
    """The query that a client asks; `aggregated` are the fields whose sums or averages are wanted of it.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if query.HasField("find_nearest"):
        raise FirestoreError(Code.UNIMPLEMENTED, "find_nearest is not implemented by this server.")
    if query.offset < 0:
        raise invalid("Query offset is negative.")
    if query.HasField("limit") and query.limit.value < 0:
        raise invalid("Query limit is negative.")
    where = disjunctive(query.where) if query.HasField("where") else ((),)
    orders = _orders(query, where, aggregated)
    return Query(
        scope=_scope(parent, query),
        where=where,
        orders=orders,
        start=_bound(query.start_at, orders) if query.HasField("start_at") else None,
        end=_bound(query.end_at, orders) if query.HasField("end_at") else None,
        offset=query.offset,
        limit=query.limit.value if query.HasField("limit") else None,
        projection=_projection(query),
    )


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
            raise invalid(f'order by clause cannot contain duplicate fields "{item.field.field_path}"')
        orders.append(Order(path, item.direction == StructuredQuery.DESCENDING))
    if len(orders) > MAX_ORDERS:
        raise invalid(f"A query may sort by {MAX_ORDERS} fields at most.")
    descending = orders[-1].descending if orders else False
    sorted_by = {order.path for order in orders}
    orders += [
        Order(path, descending) for path in sorted(_inequality_fields(where).union(aggregated) - sorted_by - {NAME})
    ]
    if NAME not in sorted_by:
        orders.append(Order(NAME, descending))
    return tuple(orders[: next(i for i, order in enumerate(orders) if order.path == NAME) + 1])


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
            raise invalid("The cursor's value for __name__ must be a document reference.")
        parse_document(value.reference_value)
    return encode(value)


def _projection(query: StructuredQuery) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    return tuple(fieldpath.parse(field.field_path) for field in query.select.fields)
