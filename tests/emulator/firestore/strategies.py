"""Random Firestore values, documents and queries."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import Client, GeoPoint
from google.cloud.firestore_v1.vector import Vector
from hypothesis import strategies as st

from tests.emulator.firestore.model import Both, Condition, ModelQuery

_INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
_EDGES = st.sampled_from(
    [0, -1, 1, 1 << 53, (1 << 53) + 1, -(1 << 53) - 1, (1 << 63) - 1, -(1 << 63), 0.0, -0.0, 1.0, 0.5, 2.0**53, 2.0**63]
)
_TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
_TEXT = st.text(max_size=6) | st.sampled_from(["", "a", "ab", "\x00", "a\x00", "a\x00b", "\uffff", "\U0001f600", "é"])


def values(client: Client) -> st.SearchStrategy[Any]:
    """Any value that a field can have."""
    paths = st.lists(st.sampled_from(["a", "b", "a-b", "é", "__id7__", "__id-3__", "__id10__"]), min_size=2, max_size=2)
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        _INT64,
        _EDGES,
        st.floats(),
        _TIMES,
        _TEXT,
        st.binary(max_size=4),
        paths.filter(lambda path: "__" not in path[0]).map(lambda path: client.document(*path)),
        st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180)),
        st.lists(st.floats(allow_nan=False), min_size=1, max_size=3).map(Vector),
    )
    maps = st.dictionaries(st.sampled_from(["k", "l", "", "a b"]).filter(bool), scalars, max_size=2)
    return st.one_of(scalars, st.lists(scalars | maps, max_size=3), maps)


def few_values(client: Client) -> st.SearchStrategy[Any]:
    """Values of every type, but so few that documents and filters meet."""
    few = [
        None, True, False, 0, 1, 2, 1.0, 1.5, -0.0, float("nan"), float("inf"), "", "a", "b", "a\x00", b"", b"a",
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), GeoPoint(0, 0), GeoPoint(0, 1),
        client.document("c", "x"), client.document("c", "y"), Vector([1.0, 2.0]),
    ]  # fmt: skip
    return st.sampled_from(few)


_FIELDS = ["a", "b", "m.x"]
_RANGES = ["<", "<=", ">", ">="]


def documents(client: Client) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Up to 14 documents by id, with few fields and few values."""
    some = few_values(client)
    arrays = st.lists(some, max_size=3)
    document = st.fixed_dictionaries(
        {}, optional={"a": some | arrays, "b": some, "m": st.fixed_dictionaries({}, optional={"x": some, "y": some})}
    )
    return st.dictionaries(st.sampled_from("abcdefghijklmnop"), document, max_size=14)


def _conditions(client: Client) -> st.SearchStrategy[Condition]:
    some = few_values(client)
    nan = st.just(float("nan"))
    path = st.sampled_from(_FIELDS)
    lists = st.lists(some.filter(lambda value: value == value), min_size=1, max_size=3)  # noqa: PLR0124  # no NaN
    comparable = some.filter(lambda value: value is not None and value == value)  # noqa: PLR0124
    return st.one_of(
        st.builds(Condition, path, st.sampled_from(["==", "!="]), some | nan),
        st.builds(Condition, path, st.sampled_from(_RANGES), comparable),
        st.builds(Condition, path, st.sampled_from(["in", "array_contains_any"]), lists),
        st.builds(Condition, path, st.just("array_contains"), comparable),
    )


def _filters(client: Client) -> st.SearchStrategy[Any]:
    some = _conditions(client)
    not_in = st.builds(
        Condition, st.sampled_from(_FIELDS), st.just("not-in"), st.lists(few_values(client), min_size=1, max_size=3)
    )
    pairs = st.lists(some, min_size=1, max_size=3).map(tuple)
    nested = st.builds(Both, st.sampled_from(["AND", "OR"]), pairs)
    trees = st.recursive(
        some,
        lambda part: st.builds(
            Both, st.sampled_from(["AND", "OR"]), st.lists(part, max_size=3).filter(bool).map(tuple)
        ),
        max_leaves=7,
    )
    whole = st.none() | some | not_in | nested | trees | st.builds(Both, st.just("AND"), st.tuples(some, nested))
    return whole.filter(_is_allowed)


def _is_allowed(where: Any) -> bool:
    """Within production's limits: one negation, one array filter for each disjunct, 30 disjuncts."""
    operators = _operators(where)
    if sum(operator in {"!=", "not-in"} for operator in operators) > 1:
        return False
    disjuncts = _disjuncts(where)
    arrays = sum(operator.startswith("array") for operator in operators)
    return arrays <= 1 and len(disjuncts) <= 30 and sum(disjuncts) <= 90


def _disjuncts(where: Any) -> list[int]:
    """The lengths of the conjunctions that a filter is a disjunction of."""
    if not isinstance(where, Both):
        return [1] * (len(where.value) if where is not None and where.operator in {"in", "array_contains_any"} else 1)
    parts = list(map(_disjuncts, where.parts))
    if where.operator == "OR":
        return [length for part in parts for length in part]
    # Not built in full where it is too large by far.
    return [0] * 31 if math.prod(map(len, parts)) > 30 else [sum(chosen) for chosen in itertools.product(*parts)]


def _operators(where: Any) -> list[str]:
    if isinstance(where, Both):
        return [operator for part in where.parts for operator in _operators(part)]
    return [] if where is None else [where.operator]


def queries(client: Client) -> st.SearchStrategy[ModelQuery]:
    """Any query over those documents."""
    orders = st.lists(
        st.tuples(st.sampled_from(_FIELDS), st.booleans()), max_size=2, unique_by=lambda order: order[0]
    ).map(tuple)
    values_ = few_values(client)

    def with_cursors(query: ModelQuery) -> st.SearchStrategy[ModelQuery]:
        if not query.orders:
            return st.just(query)
        bound = st.none() | st.tuples(st.lists(values_, min_size=1, max_size=len(query.orders)), st.booleans())
        return st.builds(
            ModelQuery,
            st.just(query.where),
            st.just(query.orders),
            bound,
            bound,
            st.integers(0, 2),
            st.none() | st.integers(0, 5),
        )

    return st.builds(ModelQuery, _filters(client), orders).flatmap(with_cursors)
