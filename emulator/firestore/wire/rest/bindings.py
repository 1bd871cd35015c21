"""Which method a request of REST calls: the `google.api.http` annotations of google/firestore/v1/firestore.proto."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from emulator.firestore.wire.methods import METHODS, Method


class Binding(NamedTuple):
    """A verb and a path of one method; `body` is the field that the body fills, "*" for the whole request."""

    verb: str
    path: re.Pattern[str]
    method: Method
    body: str | None


class Match(NamedTuple):
    """What a request asks for: `variables` are fields of the method's request, by dotted name."""

    method: Method
    body: str | None
    variables: dict[str, str]


_DATABASE: Final = r"projects/[^/]+/databases/[^/]+"
_ROOT: Final = rf"{_DATABASE}/documents"
# Get and List have templates that both match documents/a/b. The service tells them apart by what a path can name: an
# even number of segments is a document, an odd number a collection.
_PARENT: Final = rf"{_ROOT}(?:/[^/]+/[^/]+)*"
_TABLE: Final = (
    ("GET", rf"(?P<parent>{_PARENT})/(?P<collection_id>[^/]+)", "ListDocuments", None),
    ("GET", rf"(?P<name>{_ROOT}/.+)", "GetDocument", None),
    ("PATCH", rf"(?P<document__name>{_ROOT}/.+)", "UpdateDocument", "document"),
    ("DELETE", rf"(?P<name>{_ROOT}/.+)", "DeleteDocument", None),
    ("POST", rf"(?P<database>{_DATABASE})/documents:batchGet", "BatchGetDocuments", "*"),
    ("POST", rf"(?P<database>{_DATABASE})/documents:beginTransaction", "BeginTransaction", "*"),
    ("POST", rf"(?P<database>{_DATABASE})/documents:commit", "Commit", "*"),
    ("POST", rf"(?P<database>{_DATABASE})/documents:rollback", "Rollback", "*"),
    ("POST", rf"(?P<database>{_DATABASE})/documents:batchWrite", "BatchWrite", "*"),
    ("POST", rf"(?P<parent>{_ROOT}(?:/.+)?):runQuery", "RunQuery", "*"),
    ("POST", rf"(?P<parent>{_ROOT}(?:/.+)?):runAggregationQuery", "RunAggregationQuery", "*"),
    ("POST", rf"(?P<parent>{_ROOT}(?:/.+)?):partitionQuery", "PartitionQuery", "*"),
    ("POST", rf"(?P<parent>{_ROOT}(?:/.+)?):listCollectionIds", "ListCollectionIds", "*"),
    ("POST", rf"(?P<parent>{_ROOT}(?:/.+)?)/(?P<collection_id>[^/]+)", "CreateDocument", "document"),
)
_METHODS: Final = {method.name: method for method in METHODS}
_BINDINGS: Final = tuple(
    Binding(verb, re.compile(f"/v1/{path}", re.DOTALL), _METHODS[name], body) for verb, path, name, body in _TABLE
)


def find(verb: str, raw_path: str) -> Match | None:
    """The method of a verb and a path, which is still percent-encoded; None when there is none."""
    for binding in _BINDINGS:
        if binding.verb == verb and (match := binding.path.fullmatch(raw_path)):
            variables = {name.replace("__", "."): unquote(value) for name, value in match.groupdict().items()}
            return Match(binding.method, binding.body, variables)
    return None
