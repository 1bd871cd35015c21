"""Filters as a disjunction of conjunctions, as production evaluates them: one index scan for each conjunction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from emulator.firestore.errors import FirestoreError, invalid
from emulator.firestore.names import parse_document
from emulator.firestore.proto.v1 import StructuredQuery, Value
from emulator.firestore.query.model import (
    Conjunction,
    Contains,
    Excludes,
    Nothing,
    Predicate,
    Range,
    after,
    equals,
)
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import NAN_KEY, NULL_KEY, encode, type_bounds
from emulator.firestore.values.fieldpath import NAME, FieldPath

MAX_DISJUNCTIONS: Final = 30
MAX_NOT_IN: Final = 10
_Field = StructuredQuery.FieldFilter
_Unary = StructuredQuery.UnaryFilter
_Composite = StructuredQuery.CompositeFilter
_NEGATIONS: Final = {_Field.NOT_EQUAL, _Field.NOT_IN}
_UNARY_NEGATIONS: Final = {_Unary.IS_NOT_NAN, _Unary.IS_NOT_NULL}
_NOT_WITH_NOT_IN: Final = {_Field.IN, _Field.ARRAY_CONTAINS_ANY}


def disjunctive(where: StructuredQuery.Filter) -> tuple[Conjunction, ...]:
    """The filter in disjunctive normal form.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    _check_operators(list(_leaves(where)))
    conjunctions = _filter(where)
    if len(conjunctions) > MAX_DISJUNCTIONS:
        raise _too_many(len(conjunctions))
    for conjunction in conjunctions:
        if sum(isinstance(predicate, Contains) for predicate in conjunction) > 1:
            raise invalid("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")
    return tuple(dict.fromkeys(conjunctions))


def _too_many(disjunctions: int) -> FirestoreError:
    return invalid(
        f"Too many disjunctions after normalization. Result had {disjunctions} disjunctions which is more than the "
        f"maximum of {MAX_DISJUNCTIONS}"
    )


def _leaves(where: StructuredQuery.Filter) -> Iterator[StructuredQuery.Filter]:
    """The filters that are no composites, and the disjunctions."""
    if where.WhichOneof("filter_type") != "composite_filter":
        yield where
        return
    if where.composite_filter.op == _Composite.OR and len(where.composite_filter.filters) > 1:
        yield where
    for part in where.composite_filter.filters:
        yield from _leaves(part)


def _check_operators(leaves: Sequence[StructuredQuery.Filter]) -> None:
    """The combinations that production refuses (firebase.google.com/docs/firestore/query-data/queries, "Limitations").

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    operators = [leaf.field_filter.op for leaf in leaves if leaf.WhichOneof("filter_type") == "field_filter"]
    unary = [leaf.unary_filter.op for leaf in leaves if leaf.WhichOneof("filter_type") == "unary_filter"]
    disjunctions = sum(leaf.WhichOneof("filter_type") == "composite_filter" for leaf in leaves)
    negations = sum(op in _NEGATIONS for op in operators) + sum(op in _UNARY_NEGATIONS for op in unary)
    if negations > 1:
        raise invalid("Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter allowed per query.")
    if _Field.NOT_IN in operators and (disjunctions or not _NOT_WITH_NOT_IN.isdisjoint(operators)):
        raise invalid("'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'.")


def _filter(where: StructuredQuery.Filter) -> list[Conjunction]:
    match where.WhichOneof("filter_type"):
        case "composite_filter":
            return _composite(where.composite_filter)
        case "field_filter":
            return _field(where.field_filter)
        case "unary_filter":
            return [(_unary(where.unary_filter),)]
        case _:
            raise invalid("A filter must have a type.")


def _composite(where: StructuredQuery.CompositeFilter) -> list[Conjunction]:
    if not where.filters:
        raise invalid("Composite filter must have at least one sub-filter.")
    parts = [_filter(part) for part in where.filters]
    if where.op == _Composite.OR:
        return [conjunction for part in parts for conjunction in part]
    if where.op != _Composite.AND:
        raise invalid("A composite filter must have an operator.")
    total = 1
    for part in parts:
        total *= len(part)
    if total > 10 * MAX_DISJUNCTIONS:  # refused before it is built: it grows exponentially
        raise _too_many(total)
    return [sum(chosen, ()) for chosen in product(*parts)]


def _field(where: StructuredQuery.FieldFilter) -> list[Conjunction]:
    path = fieldpath.parse(where.field.field_path)
    if where.op in {_Field.IN, _Field.ARRAY_CONTAINS_ANY, _Field.NOT_IN}:
        return _listed(path, where)
    _check_name(path, [where.value])
    if where.op == _Field.ARRAY_CONTAINS:
        return [(Contains(path, encode(where.value)),)]
    build = _COMPARISONS.get(where.op)
    if build is None:
        raise invalid("A field filter must have an operator.")
    return [(build(path, encode(where.value)),)]


def _listed(path: FieldPath, where: StructuredQuery.FieldFilter) -> list[Conjunction]:
    name = {_Field.IN: "IN", _Field.NOT_IN: "NOT_IN"}.get(where.op, "ARRAY_CONTAINS_ANY")
    if where.value.WhichOneof("value_type") != "array_value":
        raise invalid(f"'{name}' requires an ArrayValue.")
    values = where.value.array_value.values
    if not values:
        raise invalid(f"'{name}' requires an non-empty ArrayValue.")
    limit = MAX_NOT_IN if where.op == _Field.NOT_IN else MAX_DISJUNCTIONS
    if len(values) > limit:
        raise invalid(f"'{name}' supports up to {limit} comparison values.")
    _check_name(path, values)
    keys = dict.fromkeys(map(encode, values))
    if where.op == _Field.IN:
        return [(equals(path, key),) for key in keys]
    if where.op == _Field.ARRAY_CONTAINS_ANY:
        return [(Contains(path, key),) for key in keys]
    # Nothing is "not equal" to null, so a list with null in it excludes every document.
    return [(Nothing(path),)] if NULL_KEY in keys else [(Excludes(path, frozenset(keys)),)]


def _check_name(path: FieldPath, values: Iterable[Value]) -> None:
    if path != NAME:
        return
    for value in values:
        if value.WhichOneof("value_type") != "reference_value":
            raise invalid("__key__ filter value must be a Key")
        parse_document(value.reference_value)


def _unary(where: StructuredQuery.UnaryFilter) -> Predicate:
    path = fieldpath.parse(where.field.field_path)
    build = _UNARY.get(where.op)
    if build is None:
        raise invalid("A unary filter must have an operator.")
    return build(path)


def _not_equal(path: FieldPath, key: bytes) -> Predicate:
    return Excludes(path, frozenset([key]))


# Comparisons accept only values of the operand's type. NaN is the lowest number, as in Google's SDKs.
_COMPARISONS: Final[dict[int, Callable[[FieldPath, bytes], Predicate]]] = {
    _Field.EQUAL: equals,
    _Field.NOT_EQUAL: _not_equal,
    _Field.LESS_THAN: lambda path, key: Range(path, type_bounds(key)[0], key),
    _Field.LESS_THAN_OR_EQUAL: lambda path, key: Range(path, type_bounds(key)[0], after(key), high_after=True),
    _Field.GREATER_THAN: lambda path, key: Range(path, after(key), type_bounds(key)[1], low_after=True),
    _Field.GREATER_THAN_OR_EQUAL: lambda path, key: Range(path, key, type_bounds(key)[1]),
}

_UNARY: Final[dict[int, Callable[[FieldPath], Predicate]]] = {
    _Unary.IS_NULL: lambda path: equals(path, NULL_KEY),
    _Unary.IS_NAN: lambda path: equals(path, NAN_KEY),
    _Unary.IS_NOT_NULL: lambda path: Excludes(path, frozenset([NULL_KEY])),
    _Unary.IS_NOT_NAN: lambda path: Excludes(path, frozenset([NAN_KEY])),
}
