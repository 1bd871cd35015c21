"""Errors and unknowns in conditions: decided by what is known, whatever the order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator.rules.support import decide, firestore, listing, outcome, query, request

ERROR = "({}.missing)"
UNKNOWN = "(resource.data.f)"  # it may be missing
CERTAIN = "path"  # the wildcard of the helper's match: open, but there

TABLE = [
    ("true || {e}", "true"),
    ("{e} || true", "true"),
    ("false || {e}", "error"),
    ("{e} || false", "error"),
    ("false && {e}", "false"),
    ("{e} && false", "false"),
    ("true && {e}", "error"),
    ("{e} && true", "error"),
    ("!{e}", "error"),
    ("{e} ? true : true", "error"),
    ("true ? true : {e}", "true"),
    ("false ? {e} : false", "false"),
    ("{u} || true", "true"),
    ("true || {u}", "true"),
    ("{u} || false", "unknown"),
    ("{u} && false", "false"),
    ("false && {u}", "false"),
    ("{u} && true", "unknown"),
    ("!{u}", "unknown"),
    ("{u} ? true : false", "unknown"),
    ("true ? {u} : true", "unknown"),
    ("({e} || {u}) || true", "true"),
    ("({e} && {u}) && false", "false"),
    ("{u} == {u}", "unknown"),
    ("{u} == 1", "unknown"),
    ("{u} + 1 == 2", "unknown"),
    ("{u} ? true : true", "unknown"),
    ("[{u}, 1].size() == 2", "unknown"),
    ("1 in [{u}, 1]", "unknown"),
    ("{u} in []", "unknown"),
    ("{{'a': {u}}}.size() == 1", "unknown"),
    ("{{'a': 1}}.get('a', {u}) == 1", "unknown"),
    ("ignore({u})", "unknown"),
    ("ignore({c})", "true"),
    ("[{c}, 1] == [2]", "false"),
    ("[{c}, 1] == [2, 1]", "unknown"),
    ("[{c}, 1] == [2, 3]", "false"),
    ("1 in [{c}, 1]", "true"),
    ("2 in [{c}, 1]", "unknown"),
    ("{c} in []", "false"),
    ("[{c}, 1].hasAny([1])", "true"),
    ("[{c}, 1].hasAll([1])", "true"),
    ("[{c}, 1].hasAll([2])", "unknown"),
    ("[{c}].hasOnly([1])", "unknown"),
    ("[{c}, 2].hasOnly([1])", "false"),
    ("[{c}, 2].size() == 2", "true"),
    ("[{c}].toSet().size() == 1", "unknown"),
    ("[{c}].join('') == ''", "unknown"),
    ("{{'a': {c}}}.get('b', 1) == 1", "true"),
    ("{{'a': {c}}}.get('a', 1) == 1", "unknown"),
    ("{{'a': {c}}}.diff({{'b': 1}}).addedKeys() == ['a'].toSet()", "true"),
    ("{{'a': {c}}}.diff({{'a': 1}}).affectedKeys().size() == 0", "unknown"),
    ("exists(/databases/(default)/documents/a/$({u}))", "unknown"),
    ("get(/databases/(default)/documents/a/$({u})).data.x == 1", "unknown"),
    ("math.abs({u}) == 1", "unknown"),
    ("'abc'.matches({u})", "unknown"),
    ("{u}.size() == 1", "unknown"),
    ("{u}[0] == 1", "unknown"),
    ("{u} is string", "unknown"),
    ("{u} < 1 || 1 < {u}", "unknown"),
    ("'abc'[{u}] == 'a'", "unknown"),
    ("'abc'[0:{u}] == 'a'", "unknown"),
]


@pytest.mark.parametrize(("condition", "expected"), TABLE)
def test_table(condition, expected):
    text = condition.format(e=ERROR, u=UNKNOWN, c=CERTAIN)
    functions = "function ignore(value) { return true; }"
    assert outcome(text, listing(query()), functions=functions) == expected


def test_one_true_rule_allows_whatever_others_come_to():
    ruleset = firestore(
        "match /docs/{id} { allow get: if {}.a; allow get: if false; allow get: if 1; allow get: if id == 'one'; }"
    )
    decision = ruleset.decide(request())
    assert decision.allowed
    assert [rule.outcome for rule in decision.explanation.rules] == ["error", "false", "error", "true"]


def test_a_condition_that_is_no_bool_does_not_allow():
    assert outcome("'true'") == "error"
    assert "'true', not a bool" in decide("'true'").explanation.text()


# --- formulas against a model

LEAVES = {"true": True, "false": False, ERROR: "error", UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Formula:
    """`text` with the value that `model` gives once the unknown leaf has a value."""

    text: str
    tree: Any

    def value(self, unknown: Any) -> Any:
        return _value(self.tree, unknown)


def _value(tree: Any, unknown: Any) -> Any:
    kind, *parts = tree
    if kind == "leaf":
        value = LEAVES[parts[0]]
        return unknown if value == "unknown" else value
    values = [_value(part, unknown) for part in parts]
    if kind == "!":
        return "error" if values[0] == "error" else not values[0]
    if kind == "?":
        return "error" if values[0] == "error" else values[1] if values[0] else values[2]
    decisive = kind == "||"
    if decisive in [value for value in values if value != "error"]:
        return decisive
    return "error" if "error" in values else not decisive


def formulas(leaves: list[str]) -> st.SearchStrategy[Formula]:
    def extend(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        return st.one_of(
            st.builds(lambda a: Formula(f"!({a.text})", ("!", a.tree)), inner),
            st.builds(
                lambda op, a, b: Formula(f"({a.text}) {op} ({b.text})", (op, a.tree, b.tree)),
                st.sampled_from(["&&", "||"]),
                inner,
                inner,
            ),
            st.builds(
                lambda a, b, c: Formula(f"({a.text}) ? ({b.text}) : ({c.text})", ("?", a.tree, b.tree, c.tree)),
                inner,
                inner,
                inner,
            ),
        )

    leaf = st.sampled_from(leaves).map(lambda text: Formula(text, ("leaf", text)))
    return st.recursive(leaf, extend, max_leaves=8)


@given(formulas(["true", "false", ERROR]))
def test_known_formulas_are_as_the_model_says(formula):
    expected = formula.value(None)
    assert outcome(formula.text) == (expected if expected == "error" else str(expected).lower())


@given(formulas(["true", "false", ERROR, UNKNOWN]))
def test_a_known_outcome_holds_whatever_the_unknown_is(formula):
    found = outcome(formula.text, listing(query()))
    if found in ("true", "false"):
        assert {formula.value(value) for value in (True, False, "error")} == {found == "true"}
