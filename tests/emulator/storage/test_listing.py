"""Lists against a model that looks at every name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.storage.database import Database
from emulator.storage.errors import InvalidError
from emulator.storage.globs import Glob
from emulator.storage.listing import Query, listed, successor

NAMES = st.text(st.sampled_from("ab/é\U0010ffff"), min_size=1, max_size=6)


@contextmanager
def database(names: set[str]) -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        opened = Database(Path(folder) / "s.sqlite3")
        try:
            rows = [("b", name, 1, "live", json.dumps({"name": name}), None) for name in names]
            opened.connection.executemany("insert into objects values (?, ?, ?, ?, ?, ?)", rows)
            yield opened
        finally:
            opened.close()


def expected(names: set[str], query: Query) -> tuple[list[str], list[str]]:
    items, prefixes = [], set()
    for name in sorted(names, key=str.encode):
        if not name.startswith(query.prefix) or name < query.start or (query.end and name >= query.end):
            continue
        at = name.find(query.delimiter, len(query.prefix)) if query.delimiter else -1
        if at < 0:
            items.append(name)
        else:
            prefixes.add(name[: at + len(query.delimiter)])
            if query.trailing and at + len(query.delimiter) == len(name):
                items.append(name)
    return items, sorted(prefixes, key=str.encode)


@given(
    names=st.sets(NAMES, max_size=12),
    prefix=st.text(st.sampled_from("ab/"), max_size=2),
    delimiter=st.sampled_from(["", "/", "a", "//"]),
    start=st.just("") | NAMES,
    end=st.just("") | NAMES,
    trailing=st.booleans(),
    most=st.integers(1, 5),
)
def test_pages_together_are_what_the_model_finds(
    names: set[str], prefix: str, delimiter: str, start: str, end: str, trailing: bool, most: int
) -> None:
    with database(names) as opened:
        token, items, prefixes = "", [], []
        for _ in range(2 * len(names) + 1):
            page = listed(opened, Query("b", prefix, delimiter, start, end, trailing=trailing, most=most, token=token))
            assert len(page.items) + len(page.prefixes) <= most
            items += [one["name"] for one in page.items]
            prefixes += page.prefixes
            if page.token is None:
                break
            token = page.token
        assert page.token is None
        assert (items, prefixes) == expected(names, Query("b", prefix, delimiter, start, end, trailing=trailing))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(st.characters(exclude_categories=["Cs"])))
def test_the_successor_comes_after_all_that_begin_with_a_prefix(prefix: str, more: str) -> None:
    after = successor(prefix)
    assert after == "" or prefix + more < after
    assert after == "" or not after.startswith(prefix)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("foo*", "foobar", "foo/bar"),
        ("foo**", "foo/bar/baz", "fo"),
        ("**/bar", "a/b/bar", "a/b/bars"),
        ("a?c", "abc", "a/c"),
        ("a[bc]d", "acd", "aed"),
        ("a[!bc]d", "aed", "abd"),
        ("a[a-c]", "ab", "ad"),
        ("{foo,bar/*}.txt", "bar/x.txt", "baz.txt"),
        (r"a\*b", "a*b", "axb"),
        ("**", "any/thing\nat all", None),
        ("a.b", "a.b", "axb"),
    ],
)
def test_globs_match_as_documented(pattern: str, yes: str, no: str | None) -> None:
    assert Glob(pattern).matches(yes)
    assert no is None or not Glob(pattern).matches(no)


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_text_is_a_glob_or_refused(pattern: str, name: str) -> None:
    with suppress(InvalidError):
        assert Glob(pattern).matches(name) in {True, False}
