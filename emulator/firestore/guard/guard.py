"""The security rules between callers and documents. Service accounts pass; everyone else is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from emulator.firestore.callers import Caller
from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import StructuredQuery
from emulator.firestore.query.model import Query
from emulator.firestore.storage.records import Change, Record

Read: TypeAlias = Callable[[DocumentKey], Record | None]
_DENIED: Final = "Missing or insufficient permissions."


class Guard:
    """Allows or refuses, by the rules of the database's project."""

    def check_get(self, caller: Caller, key: DocumentKey, record: Record | None, read: Read) -> frozenset[DocumentKey]:
        """A document, which exists or not, is read by its name. `read` reads what the rules ask for.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        return frozenset()

    def check_list(self, caller: Caller, query: Query, structured: StructuredQuery, read: Read) -> frozenset[DocumentKey]:
        """A query is asked; `structured` is what `query` was made from.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        return frozenset()

    def check_writes(self, caller: Caller, changes: Sequence[Change], before: Read, after: Read) -> None:
        """Documents are written together, which `changes` has one by one, unchanged ones included.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """

    def check_privileged(self, caller: Caller) -> None:
        """A call that no rule can allow.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if not caller.privileged:
            raise FirestoreError(Code.PERMISSION_DENIED, _DENIED)
