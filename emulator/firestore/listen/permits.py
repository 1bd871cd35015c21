"""What a stream's caller may follow, and for how long: a right may rest on documents that change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.listen.targets import DocumentsTarget, Target
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import StructuredQuery
from emulator.firestore.storage.records import Commit


@dataclass(frozen=True, slots=True)
class _Permit:
    structured: StructuredQuery
    rests_on: frozenset[DocumentKey]


class Permits:
    """The permits of one stream. A privileged caller needs none."""

    def __init__(self, engine: Engine, caller: Caller) -> None:
        self._engine = engine
        self._caller = caller
        self._permits: dict[int, _Permit] = {}

    def grant(self, target: Target, structured: StructuredQuery, at: int) -> None:
        """Let the caller follow a target as of a time; `structured` is a query target's query.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if self._caller.privileged:
            return
        guard, read = self._engine.guard, partial(self._engine.store.get, at=at)
        rests_on: set[DocumentKey] = set()
        if isinstance(target, DocumentsTarget):
            for key in target.keys:
                rests_on |= guard.check_get(self._caller, key, read(key), read) | {key}
        else:
            rests_on |= guard.check_list(self._caller, target.query, structured, read)
        self._permits[target.id] = _Permit(structured, frozenset(rests_on))

    def revoked(self, targets: Iterable[Target], commit: Commit) -> Iterator[tuple[Target, FirestoreError]]:
        """The targets that may not be followed any more after a commit, and why."""
        changed = {change.key for change in commit.changes}
        for target in targets:
            permit = self._permits.get(target.id)
            if permit is None or permit.rests_on.isdisjoint(changed):
                continue
            try:
                self.grant(target, permit.structured, commit.time)
            except FirestoreError as error:
                self.forget(target.id)
                yield target, error

    def forget(self, target_id: int) -> None:
        """The target is followed no more."""
        self._permits.pop(target_id, None)
