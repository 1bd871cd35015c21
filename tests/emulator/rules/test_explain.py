"""A decision says which rule and which part of it decided, with the values."""

from __future__ import annotations

import pytest

from tests.emulator.rules.support import AUTH, Shelf, decide, firestore, listing, query, request


def why(body: str, asked=None, documents=None) -> list[str]:
    return firestore(body).decide(asked or request(), documents or Shelf()).explanation.text().splitlines()


def test_the_comparison_that_is_false_with_its_values():
    first, second = why(
        "match /docs/{id} {\n  allow get: if request.auth.uid == resource.data.owner;\n}",
        request(data={"owner": "eve"}),
    )
    assert first == "get /databases/(default)/documents/docs/one is denied."
    assert second == (
        "firestore.rules:5:3 allow get: false because request.auth.uid == resource.data.owner is false"
        " (request.auth.uid = 'ada', resource.data.owner = 'eve')"
    )


def test_all_alternatives_that_are_false():
    (_, line) = why("match /docs/{id} { allow get: if id == 'two' || (id == 'three' && true); }")
    assert line.endswith("because id == 'two' is false (id = 'one'); and id == 'three' is false (id = 'one')")


def test_the_part_of_a_conjunction_that_is_false():
    (_, line) = why("match /docs/{id} { allow get: if true && id == 'one' && id.size() > 5; }")
    assert line.endswith("because id.size() > 5 is false (id.size() = 3)")


def test_the_inside_of_functions_with_its_own_place():
    lines = why(
        "function owns(data, uid) {\n  let owner = data.owner;\n  return owner == uid;\n}\n"
        "match /docs/{id} { allow get: if owns(resource.data, request.auth.uid); }",
        request(data={"owner": "eve"}),
    )
    assert lines[1] == (
        "firestore.rules:8:20 allow get: false because owner == uid is false (owner = 'eve', uid = 'ada') [6:10]"
    )


def test_errors_with_the_innermost_expression():
    (_, line) = why("match /docs/{id} { allow get: if resource.data.owner == 'x' && true; }", request(data={}))
    assert line.endswith("error because resource.data.owner: Property owner is undefined on object.")


def test_errors_inside_of_functions():
    lines = why(
        "function f(d) { return d.a.b == 1; }\nmatch /docs/{id} { allow get: if !f(resource.data); }",
        request(data={"a": None}),
    )
    assert lines[1].endswith("error because d.a.b: Null value error. [4:24]") or "d.a.b: Null value error." in lines[1]


def test_what_a_query_does_not_prove():
    first, second = why(
        "match /docs/{id} { allow list: if resource.data.owner == request.auth.uid && resource.data.n > 1; }",
        listing(query(("n", ">", 5))),
    )
    assert first == "list /databases/(default)/documents/docs/* is denied."
    assert second == (
        "firestore.rules:4:20 allow list: unknown because resource.data.owner == request.auth.uid is unknown:"
        " the query does not prove it (resource.data.owner = unknown, request.auth.uid = 'ada')"
    )


def test_paths_that_no_rule_covers():
    assert why("match /docs/{id} { allow write; }") == [
        "get /databases/(default)/documents/docs/one is denied.",
        "firestore.rules: no allow get applies to the path.",
    ]


def test_every_rule_that_applies_is_named():
    lines = why("match /docs/{id} { allow read: if false; }\nmatch /{p=**} { allow get: if p == null; allow list; }")
    assert [line.split(" because")[0] for line in lines[1:]] == [
        "firestore.rules:4:20 allow get: false",
        "firestore.rules:5:17 allow get: false",
    ]


@pytest.mark.parametrize("condition", ["request.auth.token == null", "[request.auth] == []", "{'a': request} == {}"])
def test_tokens_are_not_shown_whole(condition):
    text = decide(condition).explanation.text()
    assert "ada@example.org" not in text
    assert "email_verified" not in text


def test_a_claim_that_decides_is_shown():
    assert "request.auth.token.email = 'ada@example.org'" in decide("request.auth.token.email == ''").explanation.text()


def test_values_are_cut():
    text = decide("resource.data.long == 'x'", request(data={"long": "y" * 5000})).explanation.text()
    assert len(text) < 500


def test_no_auth_reads_as_null():
    assert decide("request.auth.uid == 'x'", request(auth=None)).explanation.text().endswith("Null value error.")


def test_ternaries_tell_of_branch_and_condition():
    text = decide("request.auth.uid == 'ada' ? 1 == 2 : true").explanation.text()
    assert "1 == 2 is false" in text
    assert "request.auth.uid == 'ada' is true" in text


def test_explaining_reads_no_documents_again():
    shelf = Shelf({"a/b": {"n": 1}})
    decision = decide(
        "get(/databases/$(database)/documents/a/b).data.n == 2 && true".replace("$(database)", "d"), None, shelf
    )
    before = list(shelf.reads)
    shelf.now.clear()
    assert "n = 1" in decision.explanation.text()
    assert shelf.reads == before


def test_the_summary_is_that_of_the_official_emulator():
    ruleset = firestore(
        "match /docs/{id} {\n allow get: if false;\n allow get: if resource.data.a == 1;\n allow get: if {}.b;\n}"
    )
    assert ruleset.decide(request()).explanation.summary() == (
        "false for 'get' @ L5, Null value error. for 'get' @ L6, Property b is undefined on object. for 'get' @ L7"
    )
    assert ruleset.decide(request("create", new={})).explanation.summary() == "No matching allow statements"
    listed = firestore("match /docs/{id} {\n allow list: if resource.data.a == 1;\n}").decide(listing(query()))
    assert listed.explanation.summary() == "evaluation error at L5:17 for 'list' @ L5"


def test_the_structure_carries_what_the_text_says():
    explanation = decide("request.auth.uid == 'eve'").explanation
    (rule,) = explanation.rules
    (reason,) = rule.reasons
    assert (explanation.allowed, explanation.method, rule.outcome, reason.outcome) == (False, "get", "false", "false")
    assert reason.values == (("request.auth.uid", "'ada'"),)
    assert reason.source == "request.auth.uid == 'eve'"
    assert AUTH["uid"] == "ada"
