"""Counts of expressions, as JSON of the official emulator's form and as a page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import Any

from tests.emulator.rules.support import decide, firestore, listing, query, request

BODY = """function owns(data) { let owner = data.owner; return owner == request.auth.uid; }
match /docs/{id} { allow get: if owns(resource.data) || id == 'a<b'; allow delete: if false; }"""


def counted() -> tuple[Any, Any]:
    ruleset = firestore(BODY)
    coverage = ruleset.coverage()
    for owner in ("ada", "ada", "eve"):
        ruleset.decide(request(data={"owner": owner}), coverage=coverage)
    ruleset.decide(request(data={}), coverage=coverage)
    return ruleset, coverage


def entries(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [found for entry in report for found in [entry, *entries(entry.get("children", []))]]


def values(source: str, report: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    for entry in entries(report):
        position = entry["sourcePosition"]
        if source[position["currentOffset"] : position["endOffset"] + 1] == text:
            return list(entry["values"])
    raise AssertionError(f"{text} is not in the report")


def test_values_with_their_counts():
    ruleset, coverage = counted()
    document = coverage.as_json()
    assert document["rules"] == {"files": [{"content": ruleset.source}]}
    report = document["report"]
    undefined = {"undefined": {"causeMessage": "Property owner is undefined on object."}}
    assert values(ruleset.source, report, "owns(resource.data) || id == 'a<b'") == [
        {"value": {"boolValue": True}, "count": 2},
        {"value": {"boolValue": False}, "count": 1},
        {"value": undefined, "count": 1},
    ]
    assert values(ruleset.source, report, "id == 'a<b'") == [{"value": {"boolValue": False}, "count": 2}]
    assert values(ruleset.source, report, "data.owner") == [
        {"value": {"stringValue": "ada"}, "count": 2},
        {"value": {"stringValue": "eve"}, "count": 1},
        {"value": undefined, "count": 1},
    ]
    assert values(ruleset.source, report, "request.auth.uid") == [{"value": {"stringValue": "ada"}, "count": 3}]


def test_positions_and_nesting():
    ruleset, coverage = counted()
    report = coverage.as_json()["report"]
    for entry in entries(report):
        position = entry["sourcePosition"]
        before = ruleset.source[: position["currentOffset"]]
        assert position["line"] == before.count("\n") + 1
        assert position["column"] == position["currentOffset"] - (before.rfind("\n") + 1) + 1
        for child in entry.get("children", []):
            assert position["currentOffset"] <= child["sourcePosition"]["currentOffset"]
            assert child["sourcePosition"]["endOffset"] <= position["endOffset"]
    assert [ruleset.source[entry["sourcePosition"]["currentOffset"] :][:6] for entry in report] == [
        "data.o", "owner ", "owns(r",
    ]  # fmt: skip


def test_decisions_are_the_same_with_and_without_coverage():
    ruleset, coverage = counted()
    for owner in ("ada", "eve"):
        asked = request(data={"owner": owner})
        assert ruleset.decide(asked, coverage=coverage).allowed is ruleset.decide(asked).allowed


def test_clearing_begins_anew():
    _, coverage = counted()
    coverage.clear()
    assert all(entry["values"] == [] for entry in entries(coverage.as_json()["report"]))


def test_many_values_of_one_expression_are_merged():
    ruleset = firestore("match /docs/{id} { allow get: if id == 'x'; }")
    coverage = ruleset.coverage()
    for at in range(100):
        ruleset.decide(request(path=f"docs/d{at}"), coverage=coverage)
    found = values(ruleset.source, coverage.as_json()["report"], "id")
    assert len(found) <= 40
    assert sum(value["count"] for value in found) == 100


def test_unknown_values_are_constraints():
    ruleset = firestore("match /docs/{id} { allow list: if resource.data.a == 1; }")
    coverage = ruleset.coverage()
    ruleset.decide(listing(query()), coverage=coverage)
    found = values(ruleset.source, coverage.as_json()["report"], "resource.data.a == 1")
    assert found == [{"value": {"constraintValue": {}}, "count": 1}]


def test_counting_from_several_threads_loses_nothing():
    ruleset = firestore("match /docs/{id} { allow get: if id == 'one'; }")
    coverage = ruleset.coverage()
    with ThreadPoolExecutor(4) as pool:
        allowed = list(pool.map(lambda _: ruleset.decide(request(), coverage=coverage).allowed, range(400)))
    assert all(allowed)
    assert values(ruleset.source, coverage.as_json()["report"], "id == 'one'") == [
        {"value": {"boolValue": True}, "count": 400}
    ]


class Page(HTMLParser):
    """The text of the page's source, and the classes of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.spans: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self._in_source = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_source = self._in_source or tag == "pre"
        if tag == "span" and self._in_source:
            found = dict(attrs)
            self.spans.append((found.get("class") or "", found.get("title") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_source = self._in_source and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._in_source else ""


def test_the_page_shows_the_source_escaped_and_coloured():
    ruleset, coverage = counted()
    page = Page()
    page.feed(coverage.as_html())
    assert page.text == ruleset.source
    assert "script" not in page.tags
    assert ("never", "never evaluated") in page.spans
    assert ("partly", "false: 2") in page.spans
    assert any(colour == "fully" and "true: 2" in title for colour, title in page.spans)


def test_values_of_users_cannot_break_out_of_the_page():
    ruleset = firestore("match /docs/{id} { allow get: if int(id) == 1 || {}[id] == 1; }")
    coverage = ruleset.coverage()
    ruleset.decide(request(path='docs/"><script>alert(1)<'), coverage=coverage)
    page = Page()
    page.feed(coverage.as_html())
    assert "script" not in page.tags


def test_debug_is_counted_like_any_call():
    assert decide("debug(true)").allowed
