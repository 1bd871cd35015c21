"""Transactions over Firestore."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.api_core.exceptions import Aborted, AlreadyExists
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    Client,
    DocumentReference,
    DocumentSnapshot,
    FieldFilter,
    Transaction,
    transactional,
)

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.retrying import TRIES, pause
from shared.domain.base import Model, is_document_id
from shared.domain.errors import ConflictError, TooManyConflictsError
from shared.ports.store import Kind, Work

M = TypeVar("M", bound=Model)
T = TypeVar("T")


def encoded(kind: Kind[M], value: M) -> dict[str, Any]:
    """The document's fields, its id left out, what it is found by added."""
    fields = value.model_dump(mode="python", exclude={kind.id_field})
    return {**fields, **kind.derive(value)} if kind.derive else fields


def encoded_whole(kind: Kind[M], value: M) -> dict[str, Any]:
    """The fields of a document that is written as a whole."""
    fields = encoded(kind, value)
    if kind.touched is not None:
        fields[kind.touched] = SERVER_TIMESTAMP
    return fields


def encoded_new(kind: Kind[M], value: M) -> dict[str, Any]:
    """The fields of a document that is being created."""
    fields = encoded_whole(kind, value)
    if kind.server_time is not None:
        fields[kind.server_time] = SERVER_TIMESTAMP
    return fields


def decoded(kind: Kind[M], snapshot: DocumentSnapshot[Any]) -> M:
    """The document as its model."""
    # The client has copied the document already; `to_dict` would copy it once more, value by value.
    return decoded_fields(kind, snapshot.id, snapshot._data or {})  # noqa: SLF001


def decoded_fields(kind: Kind[M], document_id: str, fields: Mapping[str, Any]) -> M:
    """The fields of a document as its model."""
    skipped = kind.derived | {kind.touched}
    kept = {name: value for name, value in fields.items() if name not in skipped}
    return kind.model.model_validate({**kept, kind.id_field: document_id})


def read_fields(kind: Kind[M]) -> list[str] | None:
    """The fields to ask the database for: all but those that a document is only found by; None for all."""
    return sorted(set(kind.model.model_fields) - {kind.id_field}) if kind.derive else None


class FirestoreStore:
    """Runs transactions; those that lost to another are run again after a jittered exponential pause.

    The client retries an abort at the commit at once and without a pause, and one at a read never: so it is told to
    try once, and the tries are counted here.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        if not is_document_id(document_id):
            return None
        with firestore_errors():
            snapshot = self._client.collection(kind.collection).document(document_id).get(read_fields(kind))
        return decoded(kind, snapshot) if snapshot.exists else None

    def create(self, kind: Kind[M], value: M) -> None:
        reference = self._client.collection(kind.collection).document(getattr(value, kind.id_field))
        try:
            with firestore_errors():
                reference.create(encoded_new(kind, value))
        except AlreadyExists as error:
            raise ConflictError("It is there already") from error

    def run(self, body: Callable[[Work], T]) -> T:
        @transactional
        def once(transaction: Transaction) -> T:
            work = _FirestoreWork(self._client, transaction)
            result = body(work)
            work.write()
            return result

        for attempt in range(TRIES):
            try:
                with firestore_errors():
                    result: T = once(self._client.transaction(max_attempts=1))
                    return result
            except AlreadyExists as error:
                raise ConflictError("It is there already") from error
            except (Aborted, ValueError) as error:
                if not isinstance(error, Aborted) and not isinstance(error.__cause__, Aborted):
                    raise
                pause(attempt)
        raise TooManyConflictsError("Others kept changing it; try again in a moment")


class _FirestoreWork:
    """Collects the writes until the body is through: Firestore wants every read before the first of them."""

    def __init__(self, client: Client, transaction: Transaction) -> None:
        self._client = client
        self._transaction = transaction
        self._writes: list[Callable[[], None]] = []

    def get(self, kind: Kind[M], document_id: str) -> M | None:
        if not is_document_id(document_id):
            return None
        snapshot = self._reference(kind, document_id).get(transaction=self._transaction)
        return decoded(kind, snapshot) if snapshot.exists else None

    def find(self, kind: Kind[M], limit: int, **equal: object) -> list[M]:
        query = self._client.collection(kind.collection).limit(limit)
        for field, value in equal.items():
            query = query.where(filter=FieldFilter(field, "==", value))
        return [decoded(kind, snapshot) for snapshot in query.stream(transaction=self._transaction)]

    def create(self, kind: Kind[M], value: M) -> None:
        fields = encoded_new(kind, value)
        reference = self._reference(kind, getattr(value, kind.id_field))
        self._writes.append(lambda: self._transaction.create(reference, fields))

    def put(self, kind: Kind[M], value: M) -> None:
        reference = self._reference(kind, getattr(value, kind.id_field))
        self._writes.append(lambda: self._transaction.set(reference, encoded_whole(kind, value)))

    def delete(self, kind: Kind[M], document_id: str) -> None:
        reference = self._reference(kind, document_id)
        self._writes.append(lambda: self._transaction.delete(reference))

    def write(self) -> None:
        """Hand the collected writes to the transaction."""
        for write in self._writes:
            write()

    def _reference(self, kind: Kind[M], document_id: str) -> DocumentReference:
        return self._client.collection(kind.collection).document(document_id)
