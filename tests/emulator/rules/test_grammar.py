"""What is accepted, how it binds, and where and why the rest is refused."""

from __future__ import annotations

import pytest

from emulator.rules.compile import compile_rules
from emulator.rules.errors import RulesError
from tests.emulator.rules.support import decide, firestore, outcome, request

WRAP = "rules_version = '2'; service cloud.firestore {{ match /databases/{{database}}/documents {{ {} }} }}"


@pytest.mark.parametrize(
    ("condition", "meaning"),
    [
        ("true || false && false", "true || (false && false)"),
        ("true ? false : true ? true : true", "true ? false : (true ? true : true)"),
        ("false == false != true", "(false == false) != true"),
        ("1 + 2 in [3] == true", "((1 + 2) in [3]) == true"),
        ("1 in [1] && 2 is int", "(1 in [1]) && (2 is int)"),
        ("1 < 2 in [true]", "(1 < 2) in [true]"),
        ("1 < 2 == true", "(1 < 2) == true"),
        ("-2 * 3 == -6", "((-2) * 3) == -6"),
        ("10 - 2 - 3 == 5", "((10 - 2) - 3) == 5"),
        ("100 / 10 / 2 == 5", "((100 / 10) / 2) == 5"),
        ("!false && true", "(!false) && true"),
        ("!{'a': false}.a", "!({'a': false}.a)"),
        ("!!true", "!(!true)"),
        ("- -1 == 1", "-(-1) == 1"),
        ("7 % 4 * 2 == 6", "((7 % 4) * 2) == 6"),
    ],
)
def test_precedence(condition, meaning):
    assert outcome(condition) == outcome(meaning)
    assert outcome(condition) in ("true", "false")


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ("match /docs/{id} { allow read }", True),
        ("match /docs/{id} { allow read; allow write: if false }", True),
        ("match /docs/{id} { allow read: if true allow write: if false }", True),
        ("match /docs/{id} { allow get, list, create: if true; }", True),
        ("match /docs/{id} { allow write; }", False),
        ("match /docs/one { allow get: if /* so */ true // it is\n; }", True),
        ("match /docs/{id}{allow get:if id=='one';}", True),
        ("match /docs { match /{id} { allow get: if id == 'one'; } }", True),
        ("function yes() { return true } match /docs/{id} { allow get: if yes(); }", True),
        ("match /docs/{id} { allow get: if f(); function f() { return id == 'one'; } }", True),
        ("match /docs/{id} { allow get: if f(id); } function f(x) { let y = x; let z = y; return z == 'one'; }", True),
        ("function f() { return g(); } function g() { return true; } match /{p=**} { allow get: if f(); }", True),
        (
            "function f() { return false; } match /docs/{i} { allow get: if f(); function f() { return true; } }",
            True,
        ),
        ('match /docs/{id} { allow get: if "one" == id && "it\'s" == \'it\\\'s\' && "\\u0041\\x42" == "AB"; }', True),
        ("match /docs/{match} { allow get: if {'allow': {'if': 1}}.allow.if == 1 && match == 'one'; }", None),
        ("match /docs/{id} { allow get: if [1, 2,].size() == 2 && {'a': 1,}.size() == 1; }", True),
        ("match /docs/{id} { allow get: if isOne(id); } function isOne(inner) { return inner == 'one'; }", True),
    ],
)
def test_accepted_forms(body, allowed):
    if allowed is None:  # a reserved word names no wildcard, but any member
        with pytest.raises(RulesError):
            firestore(body)
        body = body.replace("{match}", "{m}").replace("&& match", "&& m")
    assert firestore(body).decide(request()).allowed is (allowed is not False)


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        ("", "1:1", "Unexpected 'end of file': expected 'service'."),
        ("rules_version = '3';", "1:17", "Unexpected ''3'': expected '1' or '2'."),
        ("service cloud.functions {}", "1:9", "Unknown service 'cloud.functions'"),
        (
            "service cloud.firestore {} service cloud.firestore {}",
            "1:28",
            "Service 'cloud.firestore' is defined twice.",
        ),
        ("service cloud.firestore {\n  match {}\n}", "2:9", "Expected a path after 'match'."),
        ("service cloud.firestore { match /a/ {} }", "1:36", "Expected a segment of a path."),
        ("service cloud.firestore { match /{a}/{a} {} }", "1:27", "A wildcard appears twice in a path."),
        ("service cloud.firestore { allow read; }", "1:27", "expected 'match', 'function' or '}'"),
        ("service cloud.firestore {", "1:26", "Unexpected 'end of file'"),
        ("service cloud.firestore { function f() { } }", "1:42", "expected 'return'"),
        ("service cloud.firestore { /* oops", "1:27", "The comment is not closed."),
        ("service cloud.firestore { match /a { allow get: if 'x } }", "1:52", "The string is not closed on its line."),
        ("service cloud.firestore { match /a { allow get: if # } }", "1:52", "Unexpected character '#'."),
    ],
)
def test_refused_sources(source, place, message):
    with pytest.raises(RulesError) as refused:
        compile_rules(source)
    assert f"{refused.value.line}:{refused.value.column}" == place
    assert message in refused.value.message
    assert str(refused.value) == f"{place} {refused.value.message}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("match /a { allow get: if nobody == 1; }", "Invalid variable name: nobody."),
        ("match /a { allow get: if nothing(); }", "Invalid function name: nothing."),
        ("match /a { allow get: if math.nothing(1); }", "Invalid function name: math.nothing."),
        ("match /a { allow get: if math == 1; }", "Invalid variable name: math."),
        ("match /a { allow get: if firestore.get(/a/b) == null; }", "Invalid variable name: firestore."),
        ("match /a { allow get: if math.abs(1, 2) == 1; }", "called with 2 arguments: it takes 1."),
        ("match /a { allow get: if get() == 1; }", "called with 0 arguments: it takes 1."),
        ("function f(a) { return a; } match /a { allow get: if f(); }", "called with 0 arguments: it takes 1."),
        ("function f() { return 1; } function f() { return 2; }", "Function 'f' is defined twice."),
        ("function f(a, a) { return 1; }", "Parameter 'a' appears twice."),
        ("function f(a) { let a = 1; return 1; }", "Variable 'a' is defined twice."),
        ("function f() { let b = a; let a = 1; return b; } match /a { allow get: if f(); }", "variable name: a."),
        ("function f() { let a = a; return a; } match /a { allow get: if f(); }", "Invalid variable name: a."),
        ("function f() { let a = 1 return a; }", "expected ';'"),
        ("function f() { return f(); } match /a { allow get: if f(); }", "Function 'f' is recursive."),
        (
            "function f() { return g(); } function g() { return [f()]; } match /a { allow get: if f(); }",
            "is recursive.",
        ),
        ("match /x/{id} { function f() { return id; } } match /y { allow get: if f() == 1; }", "Invalid function name"),
        ("match /x/{id} { } match /y { allow get: if id == 1; }", "Invalid variable name: id."),
        ("function f(a,b,c,d,e,g,h,i) { return 1; }", "at most 7 parameters"),
        ("match /a { allow get: if [1].size(1,2,3,4,5,6,7,8) == 1; }", "at most 7 arguments"),
        (f"function f() {{ {''.join(f'let a{i} = 1; ' for i in range(11))} return 1; }}", "at most 10 let bindings"),
        ("match /a { allow get: if 1 is integer; }", "expected the name of a type"),
        ("match /a { allow frobnicate; }", "expected a method"),
        ("match /a { allow get: true; }", "expected 'if'"),
        ("match /a { allow get: if; }", "expected an expression"),
        ("match /a { allow get: if 1 +; }", "expected an expression"),
        ("match /a { allow get: if 9223372036854775808 == 1; }", "does not fit into 64 bits"),
        ("match /a { allow get: if '\\d' == ''; }", "Unknown escape \\d in a string."),
        ("match /a { allow get: if '\\ud800' == ''; }", "is no character"),
        ("match /{a=**}/{b=**} { }", "at most one recursive wildcard"),
    ],
)
def test_refused_bodies(body, message):
    with pytest.raises(RulesError) as refused:
        compile_rules(WRAP.format(body))
    assert message in refused.value.message


def test_what_authors_should_know_is_told_and_does_not_refuse():
    ruleset = firestore(
        "function unused() { return true; }\nmatch /a/{id} {\n  allow get: if 'a'.matches('(a') || id.sise() == 1;\n}"
    )
    assert [(issue.line, issue.message) for issue in ruleset.issues] == [
        (4, "Unused function: unused."),
        (6, "Invalid regular expression pattern: missing ): (a."),
        (6, "Invalid function name: sise."),
    ]


def test_what_is_wrong_in_functions_that_no_rule_calls_does_not_refuse():
    ruleset = firestore(
        "function lost() { return nobody; }\nfunction also() { return lost() && also(); }\n"
        "match /docs/{id} { allow get: if fine(); } function fine() { return true; }"
    )
    assert [issue.message for issue in ruleset.issues] == ["Invalid variable name: nobody.", "Unused function: also."]
    assert ruleset.decide(request(), coverage=ruleset.coverage()).allowed
    assert ruleset.coverage().as_html()


def test_a_function_of_both_services_is_used_by_either():
    ruleset = compile_rules(
        "rules_version = '2'; function open() { return true; }"
        "service cloud.firestore { match /{p=**} { allow read: if open(); } }"
        "service firebase.storage { match /{p=**} { allow read: if false; } }"
    )
    assert ruleset.issues == ()
    assert ruleset.decide(request()).allowed


def test_a_variable_is_visible_after_its_definition_and_shadows():
    functions = "function f(path) { let a = path; let database = a + 1; return database; }"
    ruleset = firestore(f"{functions} match /docs/{{id}} {{ allow get: if f(1) == 2 && database == '(default)'; }}")
    assert ruleset.decide(request()).allowed


def test_parameters_shadow_namespaces():
    assert outcome("f({'abs': 1})", functions="function f(math) { return math.abs == 1; }") == "true"


def test_positions_are_of_the_offending_words():
    with pytest.raises(RulesError) as refused:
        firestore("match /a {\n  allow get: if true &&\n      unknownThing;\n}")
    assert (refused.value.line, refused.value.column) == (6, 7)


def test_a_let_that_fails_fails_the_function():
    functions = "function f() { let missing = {}.a; return true; }"
    assert outcome("f()", functions=functions) == "error"
    assert outcome("f() || true", functions=functions) == "true"


def test_rules_of_another_service_do_not_apply():
    ruleset = compile_rules("service firebase.storage { match /{p=**} { allow read; } }")
    decision = ruleset.decide(request())
    assert not decision.allowed
    assert "no allow get applies" in decision.explanation.text()


def test_debug_shows_in_the_explanation():
    decision = decide("debug(request.auth.uid) == 'ada' && debug([1, 2]).size() == 3")
    assert decision.explanation.debugged == ("'ada'", "[1, 2]")
    assert "debug: 'ada'" in decision.explanation.text()
