"""What rules are asked: the request of a client, as both services state it.

Values inside `resource`, `request_resource`, `auth` and the query's constraints are those of `emulator.rules.values`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from emulator.rules.values import Unknown

Method = Literal["get", "list", "create", "update", "delete"]

Operator = Literal[
    "==", "!=", "<", "<=", ">", ">=", "in", "not-in", "array-contains", "array-contains-any"
]  # fmt: skip

DOCUMENT_NAME: Final = (
    "__name__",
)  # the field path of a constraint on the document's own path; its values are `Path`s


class AnyDepth:
    """The segment that stands for any number of unknown segments, none included."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "**"


ANY_DEPTH: Final = AnyDepth()

Segment = str | Unknown | AnyDepth
"""A segment of a request's path: text, `UNKNOWN` (one segment that a query leaves open) or `ANY_DEPTH`.

A query of `users` asks for ("databases", "(default)", "documents", "users", UNKNOWN); one of the collection group
`posts` for ("databases", "(default)", "documents", ANY_DEPTH, "posts", UNKNOWN), below `users/a` for
(..., "users", "a", ANY_DEPTH, "posts", UNKNOWN). A rule counts only if it covers every path of that form.
"""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a query demands of a field: `("owner",) == "ada"`.

    Unary filters are stated with null and NaN: IS_NULL as `== None`, IS_NOT_NULL as `!= None`, IS_NAN as `== nan`,
    IS_NOT_NAN as `!= nan`. `in`, `not-in` and `array-contains-any` have a list of values.
    """

    field: tuple[str, ...]
    op: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Query:
    """The query of a `list` request.

    `constraints` is a disjunction of conjunctions; `((),)` is a query without filters. `order_by` is what
    `request.query.orderBy` shows (field -> "ASC" or "DESC"); as in Firestore, a field that orders is one that exists.
    """

    limit: int | None = None
    offset: int | None = None
    order_by: Mapping[str, str] = field(default_factory=dict)
    constraints: Sequence[Sequence[Constraint]] = ((),)


@dataclass(frozen=True, slots=True)
class Request:
    """One access that needs permission.

    For a query of documents `method` is "list" and `resource` stays None: it follows from `query`, which stays None
    when a whole collection is listed.
    """

    service: str  # "cloud.firestore" or "firebase.storage"
    method: Method
    path: tuple[
        Segment, ...
    ]  # ("databases", "(default)", "documents", "users", "a") or ("b", "bucket", "o", "file.txt")
    auth: Mapping[str, Any] | None  # {"uid": ..., "token": {...}} as plain Python values; None: not signed in
    time: datetime
    resource: Mapping[str, Any] | None = None  # {"data": {...}, "id": ..., "__name__": Path} or the object's metadata
    request_resource: Mapping[str, Any] | None = None  # `request.resource`, of writes: as it will be; None for a delete
    query: Query | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # further members of `request`


class Documents(Protocol):
    """What `get()`, `exists()` and their fellows read, by paths like ("databases", "d", "documents", "users", "a")."""

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The document as it is before the request, in the form of `Request.resource`; None if there is none."""

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The document as it will be after the request and those committed with it."""


class NoDocuments:
    """Documents of a service that has none."""

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:  # noqa: ARG002, RUF100  # the protocol's
        """None."""
        return None

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:  # noqa: ARG002, RUF100  # the protocol's
        """None."""
        return None


class AccessBudget:
    """How many documents rules may read for one request; shared by the decisions of one transaction or batch.

    Source: "Access call limits" of "Writing conditions for Cloud Firestore Security Rules": 10 for single-document
    requests and queries, 20 for multi-document reads, transactions and batched writes, each of whose operations keeps
    to 10. A path read again counts once, and the documents that the batch writes do not count.
    """

    __slots__ = ("_seen", "free", "limit")

    def __init__(self, limit: int = 20, written: Iterable[tuple[str, ...]] = ()) -> None:
        """`written`: the paths of the documents that the batch writes."""
        self.limit = limit
        self.free = frozenset(written)
        self._seen: set[tuple[str, ...]] = set()

    def take(self, path: tuple[str, ...]) -> bool:
        """Count a read of the path; False: the budget is used up."""
        self._seen.add(path)
        return len(self._seen) <= self.limit
