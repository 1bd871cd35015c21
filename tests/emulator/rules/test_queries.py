"""Rules are not filters: a query is allowed if its constraints prove the rule for every document it can return."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.rules.equality import equal
from emulator.rules.requests import ANY_DEPTH, Constraint, Query
from emulator.rules.symbolic import family
from emulator.rules.values import UNKNOWN, Path, Timestamp
from tests.emulator.rules.support import ROOT, decide, firestore, listing, outcome, query, request

PROVEN = [
    ("resource.data.owner == request.auth.uid", [("owner", "==", "ada")]),
    ("resource.data.owner != 'eve'", [("owner", "==", "ada")]),
    ("resource.data.a == 1 && resource.data.b == 2", [("a", "==", 1), ("b", "==", 2)]),
    ("resource.data.a is number && resource.data.a + 1 == 2", [("a", "==", 1)]),
    ("resource.data.n == null", [("n", "==", None)]),
    ("resource.data.state in ['open', 'new']", [("state", "in", ["open", "new"])]),
    ("resource.data.state != 'closed'", [("state", "in", ["open", "new"])]),
    ("resource.data.f > 5", [("f", ">=", 10)]),
    ("resource.data.f >= 10", [("f", ">=", 10)]),
    ("resource.data.f > 10", [("f", ">", 10)]),
    ("5 < resource.data.f", [("f", ">=", 10)]),
    ("resource.data.f != 3 && resource.data.f is number", [("f", ">=", 10)]),
    ("!(resource.data.f < 10)", [("f", ">=", 10)]),
    ("!(resource.data.f <= 10)", [("f", ">", 10)]),
    ("resource.data.f < 20 && resource.data.f > 1", [("f", ">=", 10), ("f", "<", 20)]),
    ("resource.data.f == 3", [("f", ">=", 3), ("f", "<=", 3)]),
    ("resource.data.s is string && resource.data.s >= 'a'", [("s", ">=", "b")]),
    ("resource.data.t <= request.time", [("t", "<", Timestamp(0))]),
    ("!(resource.data.f is string) && resource.data.f != 'x'", [("f", "<", 1)]),
    ("resource.data.f != 3", [("f", "!=", 3)]),
    ("resource.data.f != null && !(resource.data.f is null)", [("f", "!=", 3)]),
    ("resource.data.f != 3 && resource.data.f != 4", [("f", "not-in", [3, 4])]),
    ("request.auth.uid in resource.data.members", [("members", "array-contains", "ada")]),
    ("resource.data.members.hasAny(['ada', 'bob'])", [("members", "array-contains", "ada")]),
    ("resource.data.members.hasAll(['ada'])", [("members", "array-contains", "ada")]),
    ("['ada'].hasAny(resource.data.members)", [("members", "array-contains", "ada")]),
    ("resource.data.members is list", [("members", "array-contains", "ada")]),
    ("resource.data.tags.hasAny(['a', 'b'])", [("tags", "array-contains-any", ["a", "b"])]),
    ("'a' in resource.data.tags || 'b' in resource.data.tags", [("tags", "array-contains-any", ["a", "b"])]),
    ("resource.data.m.k == 1 && resource.data.m is map", [("m.k", "==", 1)]),
    ("resource.data['m']['k'] == 1 && 'k' in resource.data.m", [("m.k", "==", 1)]),
    ("resource.data.get('owner', '') == 'ada'", [("owner", "==", "ada")]),
    ("resource.data.get(['m', 'k'], 0) == 1", [("m.k", "==", 1)]),
    ("'owner' in resource.data", [("owner", ">", "")]),
    ("resource.data.keys().hasAll(['a', 'b'])", [("a", "==", 1), ("b", ">", 1)]),
    ("resource != null && resource.data is map", []),
    ("resource.data.public", [("public", "==", True)]),
    ("math.isNaN(resource.data.f)", [("f", "==", math.nan)]),
    ("owns(resource.data)", [("owner", "==", "ada")]),
]

NOT_PROVEN = [
    ("resource.data.owner == request.auth.uid", []),
    ("resource.data.owner == request.auth.uid", [("owner", "==", "eve")]),
    ("resource.data.owner == request.auth.uid", [("owner", "in", ["ada", "eve"])]),
    ("resource.data.f > 10", [("f", ">=", 10)]),
    ("resource.data.f > 5", [("f", "<", 10)]),
    ("resource.data.f > '5'", [("f", ">", 10)]),
    ("resource.data.f is int", [("f", ">", 10)]),
    ("resource.data.f is int", [("f", "==", 10)]),
    ("resource.data.f / 2 == 0", [("f", "==", 1)]),
    ("resource.data.f[0] is int", [("f", "==", [1])]),
    ("resource.data.f != 3", [("f", "!=", 4)]),
    ("resource.data.f == null", [("f", ">", 1)]),
    ("'bob' in resource.data.members", [("members", "array-contains", "ada")]),
    ("resource.data.members.hasOnly(['ada'])", [("members", "array-contains", "ada")]),
    ("resource.data.members.size() == 1", [("members", "array-contains", "ada")]),
    ("'a' in resource.data.tags", [("tags", "array-contains-any", ["a", "b"])]),
    ("'x' in resource.data", [("a", "==", 1)]),
    ("!('x' in resource.data)", [("a", "==", 1)]),
    ("resource.data.keys().hasOnly(['a'])", [("a", "==", 1)]),
    ("resource.data.size() == 1", [("a", "==", 1)]),
    ("resource.id == 'one'", [("a", "==", 1)]),
    ("resource == null", []),
    ("exists(/databases/$(database)/documents/docs/$(resource.id))", []),
]


@pytest.mark.parametrize(("condition", "constraints"), PROVEN)
def test_proven(condition, constraints):
    functions = "function owns(data) { let owner = data.owner; return owner == request.auth.uid; }"
    assert outcome(condition, listing(query(*constraints)), functions=functions) == "true"


@pytest.mark.parametrize(("condition", "constraints"), NOT_PROVEN)
def test_not_proven(condition, constraints):
    ruleset = firestore(f"match /docs/{{id}} {{ allow list: if {condition}; }}")
    assert not ruleset.decide(listing(query(*constraints))).allowed


def test_every_disjunct_is_proven():
    mine, public, other = (
        [Constraint(("owner",), "==", "ada")],
        [Constraint(("public",), "==", True)],
        [Constraint(("owner",), "==", "eve")],
    )
    condition = "resource.data.owner == request.auth.uid || resource.data.public == true"
    assert outcome(condition, listing(Query(constraints=[mine, public]))) == "true"
    assert not decide(condition, listing(Query(constraints=[mine, public, other]))).allowed


def test_different_rules_may_prove_different_disjuncts():
    ruleset = firestore(
        "match /docs/{id} { allow list: if resource.data.owner == 'ada'; allow list: if resource.data.public; }"
    )
    asked = Query(constraints=[[Constraint(("owner",), "==", "ada")], [Constraint(("public",), "==", True)]])
    assert ruleset.decide(listing(asked)).allowed


def test_what_orders_exists():
    assert outcome("'rank' in resource.data", listing(query(order_by=["rank"]))) == "true"
    assert outcome("request.query.orderBy == {'rank': 'ASC'}", listing(query(order_by=["rank"]))) == "true"


def test_limits_of_queries():
    assert outcome("request.query.limit <= 10", listing(query(limit=10))) == "true"
    assert outcome("request.query.limit <= 10", listing(query(limit=11))) == "false"
    assert outcome("request.query.limit <= 10", listing(query())) == "error"
    assert outcome("request.query.limit == null && request.query.offset == null", listing(query())) == "true"


def test_a_query_for_names_knows_ids_and_wildcards():
    ruleset = firestore("match /users/{id} { allow list: if id == request.auth.uid && resource.id == id; }")
    path = ("users", UNKNOWN)
    named = Path((*ROOT, "users", "ada"))
    other = Path((*ROOT, "users", "eve"))

    def asked(op: Any, value: Any) -> bool:
        return ruleset.decide(listing(Query(constraints=[[Constraint(("__name__",), op, value)]]), path)).allowed

    assert asked("==", named)
    assert asked("in", [named])
    assert not asked("==", other)
    assert not asked("in", [named, other])
    assert not asked(">=", named)
    assert outcome(
        "'__name__' in resource.data", listing(Query(constraints=[[Constraint(("__name__",), "==", named)]]))
    )


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("match /{p=**}/posts/{id} { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), True),
        ("match /{p=**}/posts/{id} { allow list; }", ("posts", UNKNOWN), True),
        ("match /{p=**} { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), True),
        ("match /posts/{id} { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /users/{u}/posts/{id} { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /{p=**}/notes/{id} { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /{p=**}/posts/one { allow list; }", (ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /posts/one { allow list; }", ("posts", UNKNOWN), False),
        ("match /users/{u}/{p=**} { allow list; }", ("users", "ada", ANY_DEPTH, "posts", UNKNOWN), True),
        ("match /users/{u}/{p=**}/posts/{i} { allow list; }", ("users", "ada", ANY_DEPTH, "posts", UNKNOWN), True),
        ("match /users/eve/{p=**} { allow list; }", ("users", "ada", ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /users/{u}/{p=**} { allow list: if u == 'ada'; }", ("users", "ada", ANY_DEPTH, "posts", UNKNOWN), True),
        ("match /{p=**}/posts/{id} { allow list: if id == 'x'; }", (ANY_DEPTH, "posts", UNKNOWN), False),
        ("match /{p=**}/posts/{id} { allow list: if p != null; }", (ANY_DEPTH, "posts", UNKNOWN), False),
    ],
)
def test_collection_groups(rules, path, allowed):
    assert firestore(rules).decide(listing(query(), path)).allowed is allowed


def test_too_many_numbers_are_proven_by_range():
    many = [(f"f{at}", "==", at) for at in range(12)]
    assert outcome("resource.data.f11 >= 11 && resource.data.f0 == 0", listing(query(*many))) == "true"


# --- against all documents

VALUES = [
    None, True, False, -1, 0, 1, 2, 1.0, 1.5, 0.0, -0.0, math.nan, "", "a", "b", Timestamp(0),
    [], [1], [1.0], ["a"], ["a", 1], [None], {}, {"x": 1}, {"x": 1.0, "y": "a"}, {"x": "a"},
]  # fmt: skip
LITERALS = ["null", "true", "0", "1", "2", "1.5", "''", "'a'", "[1]", "['a']", "{'x': 1}", "timestamp.value(0)"]
MISSING = object()
FIELDS = ["resource.data.a", "resource.data.b", "resource.data.a.x", "resource.data['b']"]


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth and draw(st.booleans()):
        form = draw(st.sampled_from(["({}) && ({})", "({}) || ({})", "!({})", "({}) ? ({}) : ({})", "both({}, {})"]))
        return form.format(*(draw(conditions(depth - 1)) for _ in range(form.count("{}"))))
    field, other = draw(st.sampled_from(FIELDS)), draw(st.sampled_from(FIELDS))
    literal = draw(st.sampled_from(LITERALS))
    form = draw(
        st.sampled_from([
            "{f} == {v}", "{f} != {v}", "{f} < {v}", "{f} >= {v}", "{v} <= {f}", "{f} in [{v}, 'a']", "{v} in {f}",
            "{f} is int", "{f} is number", "{f} is string", "{f} is list", "{f} is map", "{f} is null", "{f} == {g}",
            "'a' in resource.data", "'x' in {f}", "resource.data.keys().hasAll(['a'])", "{f}.size() > 0",
            "{f}.hasAny([{v}, 1])", "{f}.hasAll([{v}])", "{f}.hasOnly([{v}, 1])", "[{v}].hasAny({f})",
            "resource.data.get('a', {v}) == {v}", "resource.data.get(['a', 'x'], 1) == 1", "{f} + 1 > 1",
            "string({f}) == '1'", "{f} / 2 == 0", "[{f}].size() == 1", "{f}[0] is int", "[{f}, {g}] == [{v}, 1]",
            "first({f}, {v}) == {v}", "{f} ? true : true", "{{'k': {f}}}.size() == 1", "{f} in []", "{f}",
        ])
    )  # fmt: skip
    return form.format(f=field, g=other, v=literal)


constraint_values = st.sampled_from(VALUES)
constraints_of_queries = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["a", "b", "a.x"]),
            st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "array-contains"]),
            constraint_values,
        ),
        st.tuples(
            st.sampled_from(["a", "b", "a.x"]),
            st.sampled_from(["in", "not-in", "array-contains-any"]),
            st.lists(constraint_values, min_size=1, max_size=2),
        ),
    ),
    min_size=1,
    max_size=3,
)


def firestore_equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left) and math.isnan(right):
        return True
    return equal(left, right) is True


def satisfies(found: Any, op: str, value: Any) -> bool:
    """The filters as Firestore documents them; NaN is in no range (the analysis leaves it out)."""
    if found is MISSING:
        return False
    if op in ("<", "<=", ">", ">="):
        if family(found) != family(value) or family(found) not in ("number", "string", "timestamp"):
            return False
        return bool({"<": found < value, "<=": found <= value, ">": found > value, ">=": found >= value}[op])
    if op in ("!=", "not-in"):
        excluded = value if op == "not-in" else [value]
        return found is not None and not any(firestore_equal(found, one) for one in excluded)
    if op in ("==", "in"):
        return any(firestore_equal(found, one) for one in (value if op == "in" else [value]))
    wanted = value if op == "array-contains-any" else [value]
    return isinstance(found, list) and any(firestore_equal(item, one) for item in found for one in wanted)


def at(document: dict[str, Any], field: str) -> Any:
    value: Any = document
    for name in field.split("."):
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return value


DOCUMENTS = [
    {name: value for name, value in (("a", one), ("b", two)) if value is not MISSING}
    for one, two in product([MISSING, *VALUES], [MISSING, None, 1, 1.5, "a", ["a", 1], {"x": 1}])
]


@settings(max_examples=250, deadline=None)
@given(condition=conditions(), constraints=constraints_of_queries)
def test_an_allowed_query_returns_only_documents_that_may_be_read(condition, constraints):
    ruleset = firestore(
        "function both(p, q) { return p && q; } function first(p, q) { return p; }"
        f"match /docs/{{id}} {{ allow read: if {condition}; }}"
    )
    if not ruleset.decide(listing(query(*constraints))).allowed:
        return
    for document in DOCUMENTS:
        if all(satisfies(at(document, field), op, value) for field, op, value in constraints):
            decision = ruleset.decide(request(data=document))
            assert decision.allowed, f"{document}: {decision.explanation.text()}"
