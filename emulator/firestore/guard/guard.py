"""The security rules between callers and documents. Service accounts pass; everyone else is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from emulator.clock import Clock
from emulator.denials import Denials
from emulator.firestore.callers import Caller
from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.guard.constraints import rules_query
from emulator.firestore.guard.resources import Resources, resource
from emulator.firestore.guard.rulebook import RuleBook
from emulator.firestore.meter import Meter
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import StructuredQuery
from emulator.firestore.query.model import Query, Scope
from emulator.firestore.storage.records import Change, Record
from emulator.firestore.values.times import to_datetime
from emulator.rules.requests import ANY_DEPTH, AccessBudget, Method, Request, Segment
from emulator.rules.values import UNKNOWN

Read: TypeAlias = Callable[[DocumentKey], Record | None]
Seen: TypeAlias = frozenset[DocumentKey]  # documents that a decision rests on
_SERVICE: Final = "cloud.firestore"
_DENIED: Final = "Missing or insufficient permissions."
_MANY: Final = 20  # documents that the rules may read for calls about several documents; 10 for others


class Guard:
    """Allows or refuses, by the rules of the database's project."""

    def __init__(self, rules: RuleBook, clock: Clock, meter: Meter, denials: Denials) -> None:
        self.rules = rules
        self._clock = clock
        self._meter = meter
        self._denials = denials

    def check_get(
        self, caller: Caller, key: DocumentKey, record: Record | None, read: Read, budget: AccessBudget | None = None
    ) -> Seen:
        """A document, which exists or not, is read by its name. `read` reads what the rules ask for.

        Returns:
            The other documents that the permission rests on.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if caller.privileged:
            return frozenset()
        request = self._request(caller, "get", key.database, key.path.split("/"), resource=resource(key, record))
        return self._decide(caller, key.database, request, Resources(key.database, read, read), budget)

    def check_list(self, caller: Caller, query: Query, structured: StructuredQuery, read: Read) -> Seen:
        """A query is asked; `structured` is what `query` was made from. See `check_get`.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if caller.privileged:
            return frozenset()
        database = query.scope.parent.database
        request = self._request(caller, "list", database, _asked(query.scope), query=rules_query(structured))
        return self._decide(caller, database, request, Resources(database, read, read), None)

    def check_writes(self, caller: Caller, changes: Sequence[Change], before: Read, after: Read, time: int) -> None:
        """Documents are written together, which `changes` has one by one, unchanged ones included.

        `time`: of the commit. `request.time` is what a server timestamp of the same commit is, as rules compare them.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        written = [_path(change.key) for change in changes]
        budget = AccessBudget(_MANY, written=written) if len(changes) > 1 else None
        for change in changes:
            key = change.key
            request = self._request(
                caller,
                _method(change),
                key.database,
                key.path.split("/"),
                resource=resource(key, change.before),
                request_resource=resource(key, change.after),
                time=to_datetime(time - time % 1000),
            )
            self._decide(caller, key.database, request, Resources(key.database, before, after), budget)

    def check_privileged(self, caller: Caller) -> None:
        """A call that no rule can allow.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if not caller.privileged:
            raise FirestoreError(Code.PERMISSION_DENIED, _DENIED)

    def _request(
        self,
        caller: Caller,
        method: Method,
        database: str,
        segments: Iterable[Segment],
        time: datetime | None = None,
        **rest: Any,
    ) -> Request:
        path = ("databases", database.rpartition("/")[2], "documents", *segments)
        auth: Mapping[str, Any] | None = None
        if caller.token is not None:
            auth = {"uid": caller.uid, "token": caller.token}
        return Request(_SERVICE, method, path, auth, time or self._clock.now(), **rest)

    def _decide(
        self, caller: Caller, database: str, request: Request, documents: Resources, budget: AccessBudget | None
    ) -> Seen:
        project = database.split("/")[1]
        if caller.token is not None and caller.token.get("aud") != project:
            raise FirestoreError(Code.UNAUTHENTICATED, f'The token is not for the project "{project}".')
        rules = self.rules.of(project)
        if rules is None:
            return frozenset()
        decision = rules.ruleset.decide(request, documents, budget=budget, coverage=rules.coverage)
        self._meter.read(len(documents.seen), rules=True)
        if decision.allowed:
            return frozenset(documents.seen)
        path = "/".join("*" if segment is UNKNOWN else str(segment) for segment in request.path[3:])
        self._denials.add("firestore", f"{request.method} {path}", decision.explanation.text())
        # The client learns where, not what: the values are for the developer, at `/emulator/v1/denials`.
        raise FirestoreError(Code.PERMISSION_DENIED, f"{_DENIED} {decision.explanation.summary()}")


def budget_of_many() -> AccessBudget:
    """What the rules may read for a call about several documents."""
    return AccessBudget(_MANY)


def _path(key: DocumentKey) -> tuple[str, ...]:
    return ("databases", key.database.rpartition("/")[2], "documents", *key.path.split("/"))


def _method(change: Change) -> Method:
    if change.after is None:
        return "delete"
    return "create" if change.before is None else "update"


def _asked(scope: Scope) -> list[Segment]:
    """The path of what a query may find, as the rules are asked about it."""
    above: list[Segment] = list(filter(None, scope.parent.path.split("/")))
    below: list[Segment] = [ANY_DEPTH] if scope.descendants else []
    return [*above, *below, UNKNOWN if scope.collection_id is None else scope.collection_id, UNKNOWN]
