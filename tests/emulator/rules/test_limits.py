"""Production's bounds: passing them denies, and the explanation says so."""

from __future__ import annotations

import pytest

from emulator.rules.compile import compile_rules
from emulator.rules.errors import RulesError
from emulator.rules.requests import AccessBudget
from tests.emulator.rules.support import ROOT, Shelf, decide, firestore, request

SHELF = {f"c/d{at}": {"n": at} for at in range(40)}


def reads(names: range, form: str = "exists") -> str:
    return " && ".join(f"{form}(/databases/$(database)/documents/c/d{at})" for at in names)


def rules(condition: str) -> str:
    return f"match /docs/{{id}} {{ allow read, write: if {condition}; }}"


def test_ten_documents_may_be_read():
    assert firestore(rules(reads(range(10)))).decide(request(), Shelf(SHELF)).allowed
    decision = firestore(rules(reads(range(11)))).decide(request(), Shelf(SHELF))
    assert not decision.allowed
    assert "More than 10 documents" in decision.explanation.text()


def test_passing_a_bound_denies_whatever_else_is_true():
    ruleset = firestore(rules(f"({reads(range(11))}) || true") + "match /docs/{id} { allow get: if true; }")
    assert not ruleset.decide(request(), Shelf(SHELF)).allowed


def test_a_document_read_again_counts_and_is_read_once():
    shelf = Shelf(SHELF)
    condition = f"{reads(range(10))} && {reads(range(10))} && get(/databases/$(database)/documents/c/d3).data.n == 3"
    assert firestore(rules(condition)).decide(request(), shelf).allowed
    assert len(shelf.reads) == 10


def test_before_and_after_are_read_apart_and_count_once():
    shelf = Shelf(SHELF, {"c/d1": {"n": 5}})
    path = "/databases/$(database)/documents/c/d1"
    condition = f"get({path}).data.n == 1 && getAfter({path}).data.n == 5 && existsAfter({path}) && {reads(range(10))}"
    assert firestore(rules(condition)).decide(request("update", new={}), shelf).allowed


def test_a_shared_budget_holds_for_all_operations_of_a_batch():
    ruleset = firestore(
        rules(f"id == 'a' ? {reads(range(10))} : id == 'b' ? {reads(range(10, 20))} : {reads(range(20, 21))}")
    )
    budget = AccessBudget(20)
    shelf = Shelf(SHELF)
    assert ruleset.decide(request(path="docs/a"), shelf, budget=budget).allowed
    assert ruleset.decide(request(path="docs/b"), shelf, budget=budget).allowed
    assert ruleset.decide(request(path="docs/a"), shelf, budget=budget).allowed
    refused = ruleset.decide(request(path="docs/c"), shelf, budget=budget)
    assert not refused.allowed
    assert "More than 20 documents" in refused.explanation.text()
    assert ruleset.decide(request(path="docs/c"), shelf).allowed


def test_documents_of_the_request_and_its_batch_are_free():
    path = "/databases/$(database)/documents/docs"
    condition = f"existsAfter({path}/one) && existsAfter({path}/two) && {reads(range(10))}"
    shelf = Shelf(SHELF, {"docs/one": {}, "docs/two": {}})
    ruleset = firestore(rules(condition))
    asked = request("create", new={})
    assert not ruleset.decide(asked, shelf).allowed  # docs/two counts, docs/one does not
    written = [(*ROOT, "docs", "one"), (*ROOT, "docs", "two")]
    assert ruleset.decide(asked, shelf, budget=AccessBudget(20, written)).allowed


def test_a_missing_document_counts_too():
    missing = " || ".join(f"exists(/databases/$(database)/documents/c/none{at})" for at in range(11))
    assert "More than 10" in decide(missing, request(), Shelf()).explanation.text()


def chain(length: int) -> str:
    functions = [f"function f{at}() {{ return f{at + 1}(); }}" for at in range(1, length)]
    return " ".join([*functions, f"function f{length}() {{ return true; }}"])


def test_functions_call_each_other_twenty_deep():
    assert decide("f1()", functions=chain(20)).allowed
    refused = decide("f1()", functions=chain(21))
    assert not refused.allowed
    assert "more than 20 deep" in refused.explanation.text()


def doubling(levels: int) -> str:
    functions = [f"function g{at}() {{ return g{at - 1}() && g{at - 1}(); }}" for at in range(1, levels + 1)]
    return " ".join(["function g0() { return true; }", *functions])


def test_a_thousand_expressions_are_evaluated():
    assert decide("g8()", functions=doubling(8)).allowed  # 2 * 256 + 255 - 1 + 1 = 767
    refused = decide("g9()", functions=doubling(9))
    assert not refused.allowed
    assert "More than 1000 expressions" in refused.explanation.text()


def test_expressions_that_are_not_evaluated_do_not_count():
    assert decide("true || g12()", functions=doubling(12)).allowed


def nested_matches(depth: int) -> str:
    inner = "allow get;"
    for _ in range(depth - 1):
        inner = f"match /a {{ {inner} }}"
    return f"service cloud.firestore {{ match /a {{ {inner} }} }}"


def test_matches_nest_ten_deep():
    compile_rules(nested_matches(10))
    with pytest.raises(RulesError, match="more than 10 deep"):
        compile_rules(nested_matches(11))


def test_a_source_has_at_most_256_kibibytes():
    start = "service cloud.firestore { }"
    compile_rules(start + " " * (256 * 1024 - len(start)))
    with pytest.raises(RulesError, match="larger than 262144 bytes"):
        compile_rules(start + "é" * (128 * 1024))
