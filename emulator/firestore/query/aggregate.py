"""Aggregations: count, sum and average over a query's documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.proto.v1 import AggregationResult, StructuredAggregationQuery, Value
from emulator.firestore.storage.records import Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import FieldPath

MAX_AGGREGATIONS: Final = 5
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One asked number: `operator` is count, sum or avg; `path` is of what (count: nothing)."""

    alias: str
    operator: str
    path: FieldPath | None
    up_to: int | None


def parse(query: StructuredAggregationQuery) -> list[Aggregation]:
    """The aggregations that a client asks.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if not query.aggregations:
        raise invalid("Aggregations can not be empty.")
    if len(query.aggregations) > MAX_AGGREGATIONS:
        raise invalid(f"The maximum number of aggregations allowed in an aggregation query is {MAX_AGGREGATIONS}.")
    parsed: list[Aggregation] = []
    names = (f"field_{number}" for number in count(1))  # for those without a name of their own
    for asked in query.aggregations:
        alias = asked.alias or next(names)
        if any(other.alias == alias for other in parsed):
            raise invalid(f"Aggregation aliases contain duplicate alias: '{alias}'")
        parsed.append(_parse_one(alias, asked))
    return parsed


def _parse_one(alias: str, asked: StructuredAggregationQuery.Aggregation) -> Aggregation:
    match asked.WhichOneof("operator"):
        case "count":
            up_to = asked.count.up_to.value if asked.count.HasField("up_to") else None
            if up_to is not None and up_to <= 0:
                raise invalid("Count up_to must be positive.")
            return Aggregation(alias, "count", None, up_to)
        case "sum":
            return Aggregation(alias, "sum", fieldpath.parse(asked.sum.field.field_path), None)
        case "avg":
            return Aggregation(alias, "avg", fieldpath.parse(asked.avg.field.field_path), None)
        case _:
            raise invalid("An aggregation must have an operator.")


def aggregate(asked: Sequence[Aggregation], records: Iterable[Record]) -> AggregationResult:
    """The numbers. Only documents that have every aggregated field take part, as production's index scan has it."""
    paths = list(dict.fromkeys(aggregation.path for aggregation in asked if aggregation.path is not None))
    numbers: dict[FieldPath, list[float]] = {path: [] for path in paths}
    count = 0
    for record in records:
        values = [fieldpath.get(record.fields, path) for path in paths]
        if any(value is None for value in values):
            continue
        count += 1
        for path, value in zip(paths, values, strict=True):
            number = None if value is None else _number(value)
            if number is not None:
                numbers[path].append(number)
    result = AggregationResult()
    for aggregation in asked:
        found = [] if aggregation.path is None else numbers[aggregation.path]
        result.aggregate_fields[aggregation.alias].CopyFrom(_value(aggregation, count, found))
    return result


def only_counts(asked: Sequence[Aggregation]) -> bool:
    """Whether the number of documents is all that is needed."""
    return all(aggregation.operator == "count" for aggregation in asked)


def most_counted(asked: Sequence[Aggregation]) -> int | None:
    """How far documents have to be counted; None: to the end."""
    limits = [aggregation.up_to for aggregation in asked]
    return None if None in limits else max(limit or 0 for limit in limits)


def counts(asked: Sequence[Aggregation], count: int) -> AggregationResult:
    """The result of counts of so many documents."""
    result = AggregationResult()
    for aggregation in asked:
        result.aggregate_fields[aggregation.alias].CopyFrom(_value(aggregation, count, ()))
    return result


def _number(value: Value) -> float | None:
    match value.WhichOneof("value_type"):
        case "integer_value":
            return value.integer_value
        case "double_value":
            return value.double_value
        case _:
            return None


def _value(aggregation: Aggregation, count: int, numbers: Sequence[float]) -> Value:
    if aggregation.operator == "count":
        return Value(integer_value=count if aggregation.up_to is None else min(count, aggregation.up_to))
    if aggregation.operator == "sum":
        return total(numbers)
    if not numbers:
        return Value(null_value=0)
    sum_ = total(numbers)
    whole = sum_.integer_value if sum_.WhichOneof("value_type") == "integer_value" else sum_.double_value
    return Value(double_value=whole / len(numbers))


def total(numbers: Sequence[float]) -> Value:
    """The sum: an integer when all are and it fits, else a double."""
    integers = [number for number in numbers if isinstance(number, int)]
    whole = sum(integers)
    if len(integers) == len(numbers) and _INT_MIN <= whole <= _INT_MAX:
        return Value(integer_value=whole)
    doubles = [number for number in numbers if isinstance(number, float)]
    try:
        return Value(double_value=math.fsum([*doubles, float(whole)]))
    except (OverflowError, ValueError):  # beyond the largest double, or infinities of both signs
        return Value(double_value=sum(doubles) + float(whole))
