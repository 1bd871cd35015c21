"""Whatever the source, it compiles or is refused; whatever compiles can be decided. Nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.rules.compile import compile_rules
from emulator.rules.errors import RulesError
from emulator.rules.ruleset import Ruleset
from tests.emulator.rules.support import Shelf, firestore, listing, query, request

VALID = """rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function mine(data) { let uid = request.auth.uid; return data.owner == uid || uid in data.get('members', []); }
    match /docs/{id} {
      allow get, list: if mine(resource.data) && (id.matches('[a-z]+') ? true : -1 < 2 * 3 % 4);
      allow write: if request.resource.data.keys().hasOnly(['a', "b"]) && !('x' in {'y': 1.5e3})
        && exists(/databases/$(database)/documents/users/$(request.auth.uid)); // so
    }
    match /{rest=**} { allow read: if rest[0] is string && [1, 2][0:1] == [1]; }
  }
}
"""
WORDS = [
    "service", "cloud.firestore", "match", "allow", "get", ":", "if", ";", "{", "}", "(", ")", "[", "]", "/", "/a",
    "$(", "{x}", "{x=**}", "function", "f", "return", "let", "=", "==", "&&", "||", "!", "-", "1", "'a'", "b'\\xff'",
    "true", "null", "in", "is", "int", ".", ",", "?", "request", "resource", "// c\n", "/* c */", "rules_version",
    "1e9", "math", "abs", "\\", '"', "'", "#", "\ud800", "é", "\x00",
]  # fmt: skip


def compiled(source: str) -> Ruleset | RulesError:
    try:
        return compile_rules(source)
    except RulesError as error:
        return error


def compiles_or_is_refused(source: str) -> None:
    ruleset = compiled(source)
    if isinstance(ruleset, RulesError):
        assert min(ruleset.line, ruleset.column) >= 1
        assert ruleset.message
        return
    asked = [request(data={"owner": "ada"}), request("create", new={"a": 1}), listing(query(("owner", "==", "ada")))]
    for one in asked:
        assert ruleset.decide(one, Shelf()).explanation.text()


@given(st.text())
@example("\ud800")
def test_any_text(source):
    compiles_or_is_refused(source)


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_words(words):
    compiles_or_is_refused("service cloud.firestore { match /{p=**} { allow get: if " + " ".join(words))
    compiles_or_is_refused(" ".join(words))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(VALID)),
    st.sampled_from([0, 0, 1, 5, 30]),
    st.one_of(st.sampled_from(WORDS), st.text(max_size=5)),
)
def test_valid_rules_with_a_change(start, removed, inserted):
    compiles_or_is_refused(VALID[:start] + inserted + VALID[start + removed :])


HOSTILE = {
    "parentheses": "(" * 100_000,
    "closed parentheses": "(" * 1000 + "1" + ")" * 1000,
    "lists": "[" * 100_000,
    "maps": "{'a':" * 20_000,
    "negations": "!" * 100_000 + "true",
    "signs": "-" * 100_000 + "1",
    "members": "request" + ".a" * 60_000,
    "indexes": "request" + "[0]" * 40_000,
    "calls": "'a'" + ".lower()" * 20_000 + " == 'a'",
    "sums": "1" + "+1" * 60_000 + " == 1",
    "ternaries": "true ? " * 20_000,
    "right ternaries": "true ? true : " * 10_000 + "true",
    "paths": "exists(" + "/$(" * 50_000,
    "precedences": "true || true && 1 == 1 in [2 < 3 + 4 * (" * 5_000,
    "strings": "'" + "\\" * 100_000,
    "comments": "/*" * 60_000,
    "digits": "1" * 200_000,
    "float": "1." + "1" * 200_000 + " > 1",
    "exponent": "1e999999999 > 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_conditions(name):
    compiles_or_is_refused(f"service cloud.firestore {{ match /{{p=**}} {{ allow get: if {HOSTILE[name]}; }} }}")


def test_long_flat_chains_are_fine():
    assert firestore(f"match /docs/{{id}} {{ allow get: if {' && '.join(['true'] * 900)}; }}").decide(request()).allowed
    assert firestore(f"match /docs/{{id}} {{ allow get: if {'false || ' * 20_000} true; }}").decide(request()).allowed


def test_the_deepest_accepted_conditions_are_evaluated_and_explained():
    deep = "!" * 98 + "true"
    functions = "".join(f"function f{at}(x) {{ return !!!!f{at + 1}(x); }}" for at in range(19))
    ruleset = firestore(
        f"{functions} function f19(x) {{ return {'!' * 90}x; }}"
        f"match /docs/{{id}} {{ allow get: if {deep}; allow list: if f0(true); }}"
    )
    coverage = ruleset.coverage()
    for asked in (request(), request("list")):
        decision = ruleset.decide(asked, coverage=coverage)
        assert decision.allowed
        assert decision.explanation.text()
    assert coverage.as_json()
    assert coverage.as_html()


def test_long_chains_of_functions_are_refused():
    functions = "".join(f"function f{at}() {{ return f{at + 1}(); }}" for at in range(2000))
    with pytest.raises(RulesError, match="levels"):
        firestore(f"{functions} function f2000() {{ return true; }} match /a {{ allow get: if f0(); }}")


@pytest.mark.parametrize(
    "pattern",
    ["(" * 50_000 + ")" * 50_000, "()" * 50_000, "((a{1000}){1000}){1000}", "[" * 10_000, "\ud800", "(a*)*" * 50],
)
def test_patterns_of_users_cost_no_more_than_a_match_is_worth(pattern):
    ruleset = firestore("match /docs/{id} { allow get: if resource.data.s.matches(resource.data.p); }")
    assert not ruleset.decide(request(data={"s": "b" * 1000, "p": pattern})).allowed


def test_regular_expressions_take_linear_time():
    ruleset = firestore("match /docs/{id} { allow get: if resource.data.s.matches('(a*)*b'); }")
    assert not ruleset.decide(request(data={"s": "a" * 50_000})).allowed
