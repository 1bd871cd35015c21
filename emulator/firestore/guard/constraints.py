"""What a query demands of the documents it finds, as the rules want it stated."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from math import nan
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.guard.values import to_rules
from emulator.firestore.proto.v1 import StructuredQuery
from emulator.firestore.values import fieldpath
from emulator.rules.requests import Constraint, Operator
from emulator.rules.requests import Query as RulesQuery

_FIELD = StructuredQuery.FieldFilter
_UNARY = StructuredQuery.UnaryFilter
_OPERATORS: Final[dict[int, Operator]] = {
    _FIELD.LESS_THAN: "<",
    _FIELD.LESS_THAN_OR_EQUAL: "<=",
    _FIELD.GREATER_THAN: ">",
    _FIELD.GREATER_THAN_OR_EQUAL: ">=",
    _FIELD.EQUAL: "==",
    _FIELD.NOT_EQUAL: "!=",
    _FIELD.ARRAY_CONTAINS: "array-contains",
    _FIELD.ARRAY_CONTAINS_ANY: "array-contains-any",
    _FIELD.IN: "in",
    _FIELD.NOT_IN: "not-in",
}
_UNARY_MEANING: Final[dict[int, tuple[Operator, float | None]]] = {
    _UNARY.IS_NULL: ("==", None),
    _UNARY.IS_NOT_NULL: ("!=", None),
    _UNARY.IS_NAN: ("==", nan),
    _UNARY.IS_NOT_NAN: ("!=", nan),
}


def rules_query(query: StructuredQuery) -> RulesQuery:
    """The query that `request.query` shows, with the constraints that decide about `resource`.

    It has been parsed before, so that the number of its disjunctions is known to be small.
    """
    return RulesQuery(
        limit=query.limit.value if query.HasField("limit") else None,
        offset=query.offset or None,
        order_by={
            order.field.field_path: "DESC" if order.direction == StructuredQuery.DESCENDING else "ASC"
            for order in query.order_by
        },
        constraints=_disjunction(query.where) if query.HasField("where") else ((),),
    )


def _disjunction(where: StructuredQuery.Filter) -> tuple[tuple[Constraint, ...], ...]:
    """The filter in disjunctive normal form; `in` stays one constraint."""
    match where.WhichOneof("filter_type"):
        case "field_filter":
            return ((_field_constraint(where.field_filter),),)
        case "unary_filter":
            unary = where.unary_filter
            return ((Constraint(fieldpath.parse(unary.field.field_path), *_UNARY_MEANING[unary.op]),),)
        case "composite_filter":
            parts = [_disjunction(part) for part in where.composite_filter.filters]
            if where.composite_filter.op == StructuredQuery.CompositeFilter.OR:
                return tuple(chain.from_iterable(parts))
            return tuple(_joined(parts))
        case _:
            raise invalid("A filter must have a type.")


def _joined(parts: list[tuple[tuple[Constraint, ...], ...]]) -> Iterator[tuple[Constraint, ...]]:
    for combination in product(*parts):
        yield tuple(chain.from_iterable(combination))


def _field_constraint(filter_: StructuredQuery.FieldFilter) -> Constraint:
    return Constraint(fieldpath.parse(filter_.field.field_path), _OPERATORS[filter_.op], to_rules(filter_.value))
