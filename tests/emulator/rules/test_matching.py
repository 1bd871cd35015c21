"""Which paths a match covers and what its wildcards capture."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emulator.rules.errors import RulesError
from emulator.rules.evaluation import LimitExceededError
from emulator.rules.matching import Pattern
from emulator.rules.nodes import Wildcard
from emulator.rules.requests import ANY_DEPTH, AnyDepth
from emulator.rules.values import UNKNOWN, Path, Unknown
from tests.emulator.rules.support import firestore, request


@pytest.mark.parametrize(
    ("version", "pattern", "path", "matches"),
    [
        (2, "/docs/{id}", "docs/a", True),
        (2, "/docs/{id}", "docs/a/sub/b", False),
        (2, "/docs/{id}", "other/a", False),
        (2, "/docs/{id=**}", "docs/a", True),
        (2, "/docs/{id=**}", "docs/a/sub/b", True),
        (2, "/docs/a/{rest=**}", "docs/a", True),
        (1, "/docs/a/{rest=**}", "docs/a", False),
        (1, "/docs/a/{rest=**}", "docs/a/b/c", True),
        (2, "/{any=**}/posts/{id}", "posts/a", True),
        (2, "/{any=**}/posts/{id}", "users/u/posts/a", True),
        (2, "/{any=**}/posts/{id}", "users/u/posts/a/more/x", False),
        (2, "/users/{u=**}/posts/{id}", "users/x/posts/a", True),
        (2, "/{document=**}", "a/b/c/d", True),
        (1, "/{document=**}", "a/b/c/d", True),
    ],
)
def test_wildcards(version, pattern, path, matches):
    ruleset = firestore(f"match {pattern} {{ allow get; }}", version=version)
    assert ruleset.decide(request(path=path)).allowed is matches


def test_version_1_wants_recursive_wildcards_last():
    with pytest.raises(RulesError, match="comes last"):
        firestore("match /{any=**}/posts/{id} { allow get; }", version=1)


@pytest.mark.parametrize(
    "condition",
    [
        "a == 'x' && rest == /y/z && database == '(default)'",
        "rest[0] == 'y' && rest is path && a is string",
        "string(rest) == '/y/z'",
        "/databases/$(database)/documents/docs/$(a)/$(rest) == request.path",
        "request.path[4] == 'x'",
    ],
)
def test_captures(condition):
    ruleset = firestore(f"match /docs/{{a}} {{ match /{{rest=**}} {{ allow get: if {condition}; }} }}")
    decision = ruleset.decide(request(path="docs/x/y/z"))
    assert decision.allowed, decision.explanation.text()


def test_functions_see_the_wildcards_around_their_definition():
    ruleset = firestore(
        "match /a/{x} { function outer() { return x == 'one'; }"
        " match /b/{y} { function inner() { return outer() && y == 'two'; } allow get: if inner(); } }"
    )
    assert ruleset.decide(request(path="a/one/b/two")).allowed
    assert not ruleset.decide(request(path="a/one/b/three")).allowed
    assert not ruleset.decide(request(path="a/zero/b/two")).allowed


def test_inner_wildcards_shadow_outer_ones():
    ruleset = firestore("match /a/{x} { match /b/{x} { allow get: if x == 'two'; } }")
    assert ruleset.decide(request(path="a/one/b/two")).allowed


def test_each_way_to_match_is_tried():
    ruleset = firestore("match /{a=**} { match /{b=**} { allow get: if a == /x && b == /y; } }")
    assert ruleset.decide(request(path="x/y")).allowed


def test_too_many_ways_to_match_deny_and_say_so():
    ruleset = firestore("match /{a=**} { match /{b=**} { match /{c=**} { match /{d=**} { allow get: if false; } } } }")
    decision = ruleset.decide(request(path="/".join("x" * 60)))
    assert not decision.allowed
    assert "too many ways" in decision.explanation.text()


NAMES = ["x", "y"]
patterns = st.lists(
    st.one_of(st.sampled_from(NAMES), st.just(Wildcard("w", recursive=False)), st.just(Wildcard("r", recursive=True))),
    max_size=5,
)


def as_regex(pattern: list[Any], version: int) -> re.Pattern[str]:
    rest = "(?:/[xy])+" if version == 1 else "(?:/[xy])*"
    parts = [part if isinstance(part, str) else rest if part.recursive else "[xy]" for part in pattern]
    return re.compile("".join(part if part == rest else f"/{part}" for part in parts))


@given(patterns, st.lists(st.sampled_from(NAMES), max_size=5), st.sampled_from([1, 2]))
def test_matches_like_a_regular_expression(pattern, path, version):
    found = Pattern(pattern, version=version).captures(tuple(path))
    assert bool(found) is bool(as_regex(pattern, version).fullmatch("".join(f"/{name}" for name in path)))
    for captured in found:
        values = iter(captured)
        rebuilt: list[Any] = []
        for part in pattern:
            value = part if isinstance(part, str) else next(values)
            rebuilt += value.segments if isinstance(value, Path) else [value]
        assert rebuilt == path


@given(
    patterns,
    st.lists(st.sampled_from([*NAMES, UNKNOWN, ANY_DEPTH]), max_size=4),
    st.sampled_from([1, 2]),
)
def test_a_pattern_that_covers_an_open_path_matches_all_that_it_stands_for(pattern, path, version):
    compiled = Pattern(pattern, version=version)
    assume(sum(isinstance(part, AnyDepth) for part in path) <= 1)
    try:
        covered = compiled.captures(tuple(path))
    except LimitExceededError:
        return
    if not covered:
        return
    choices = [
        [(name,) for name in NAMES] if isinstance(part, Unknown)
        else [(), *((name,) for name in NAMES), *product(NAMES, NAMES)] if isinstance(part, AnyDepth)
        else [(part,)]
        for part in path
    ]  # fmt: skip
    for choice in product(*choices):
        assert compiled.captures(tuple(name for part in choice for name in part))
