"""Ways to put one expression, or one small set of rules, to a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator.rules.compile import compile_rules
from emulator.rules.requests import Constraint, Method, Query, Request, Segment
from emulator.rules.ruleset import Decision, Ruleset
from emulator.rules.values import UNKNOWN

ROOT = ("databases", "(default)", "documents")
NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
AUTH = {"uid": "ada", "token": {"email": "ada@example.org", "email_verified": True, "roles": ["admin"]}}


class Shelf:
    """Documents in memory, before and after a request; counts the reads."""

    def __init__(
        self, now: Mapping[str, Mapping[str, Any]] | None = None, after: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.now = dict(now or {})
        self.after = {**self.now, **(after or {})}
        self.reads: list[str] = []

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        return self._find(self.now, path)

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        return self._find(self.after, path)

    def _find(self, documents: Mapping[str, Mapping[str, Any]], path: tuple[str, ...]) -> Mapping[str, Any] | None:
        key = "/".join(path[3:])
        self.reads.append(key)
        data = documents.get(key)
        return None if data is None else {"data": data, "id": path[-1]}


def firestore(body: str, version: int = 2) -> Ruleset:
    """Rules with this body within `match /databases/{database}/documents`."""
    return compile_rules(
        f"rules_version = '{version}';\n"
        f"service cloud.firestore {{\n match /databases/{{database}}/documents {{\n{body}\n }}\n}}\n"
    )


def request(
    method: Method = "get",
    path: str | tuple[Segment, ...] = "docs/one",
    *,
    auth: Mapping[str, Any] | None = AUTH,
    data: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None,
    query: Query | None = None,
) -> Request:
    segments = ROOT + (tuple(path.split("/")) if isinstance(path, str) else path)
    resource = None if data is None else {"data": data, "id": segments[-1]}
    request_resource = None if new is None else {"data": new, "id": segments[-1]}
    return Request("cloud.firestore", method, segments, auth, NOW, resource, request_resource, query)


def query(*constraints: tuple[str, str, Any], limit: int | None = None, order_by: Iterable[str] = ()) -> Query:
    """A query with one conjunction: ("a.b", "==", 1)."""
    conjunction = [Constraint(tuple(field.split(".")), op, value) for field, op, value in constraints]  # type: ignore[arg-type]
    return Query(limit=limit, order_by=dict.fromkeys(order_by, "ASC"), constraints=[conjunction])


def listing(asked: Query, path: tuple[Segment, ...] = ("docs", UNKNOWN), **others: Any) -> Request:
    return request("list", path, query=asked, **others)


def decide(condition: str, asked: Request | None = None, documents: Any = None, functions: str = "") -> Decision:
    """What `allow <all methods>: if condition;` on every document says."""
    ruleset = firestore(f"{functions}\nmatch /{{path=**}} {{ allow read, write: if {condition}; }}")
    return ruleset.decide(asked or request(), documents or Shelf())


def outcome(condition: str, asked: Request | None = None, documents: Any = None, functions: str = "") -> str:
    """ "true", "false", "error" or "unknown"; checks that decision and explanation agree."""
    decision = decide(condition, asked, documents, functions)
    rules = decision.explanation.rules
    assert decision.allowed is decision.explanation.allowed
    assert len(rules) == 1, decision.explanation.text()
    assert decision.allowed is (rules[0].outcome == "true")
    return rules[0].outcome


def error(condition: str, asked: Request | None = None, documents: Any = None) -> str:
    """The message of the error that a condition ends with."""
    reasons = decide(condition, asked, documents).explanation.rules[0].reasons
    assert reasons, f"{condition} is no error"
    assert reasons[0].error is not None, f"{condition} is {reasons[0].outcome}"
    return reasons[0].error
