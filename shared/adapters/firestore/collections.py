"""The repositories over Firestore, one document per model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    Client,
    DocumentReference,
    DocumentSnapshot,
    FieldFilter,
    Query,
    WriteBatch,
)

from shared.adapters.firestore.conditional import firestore_errors, update_if_unchanged
from shared.adapters.firestore.reading import documents
from shared.adapters.firestore.store import decoded, decoded_fields, encoded, encoded_new, read_fields
from shared.domain.analysis import Analysis, Categorization, SeverityAssessment
from shared.domain.base import Model, is_document_id
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.listing import IncidentFilter
from shared.domain.mail import OutboxMail
from shared.domain.paging import Cursor
from shared.domain.people import User
from shared.domain.permissions import Role
from shared.domain.team import PersonFilter
from shared.ports.repositories import Receipt
from shared.ports.store import INCIDENTS, OUTBOX, USERS, Kind, New

M = TypeVar("M", bound=Model)


class _Collection(Generic[M]):
    """Documents of one kind, read and written as models."""

    def __init__(self, client: Client, kind: Kind[M], missing: str) -> None:
        self._client = client
        self._documents = client.collection(kind.collection)
        self._kind = kind
        self._missing = missing

    def _reference(self, document_id: str) -> DocumentReference:
        return self._documents.document(document_id)

    def _existing(self, document_id: str) -> DocumentReference:
        if not is_document_id(document_id):
            raise NotFoundError(self._missing)
        return self._reference(document_id)

    def get(self, document_id: str) -> M | None:
        if not is_document_id(document_id):
            return None
        with firestore_errors():
            snapshot = self._reference(document_id).get(read_fields(self._kind))
        return decoded(self._kind, snapshot) if snapshot.exists else None

    def _create(self, value: M) -> bool:
        try:
            with firestore_errors():
                self._reference(getattr(value, self._kind.id_field)).create(encoded_new(self._kind, value))
        except AlreadyExists:
            return False
        return True

    def _all(self, query: Query, fields: list[str] | None = None) -> list[M]:
        fields = fields or read_fields(self._kind)
        with firestore_errors():
            return [
                decoded_fields(self._kind, found.id, found.fields)
                for found in documents(query.select(fields) if fields else query)
            ]

    def update(
        self, document_id: str, change: Callable[[M], M], beside: Callable[[M, M], Iterable[New]] | None = None
    ) -> M:
        before: M
        result: M

        def fields(snapshot: DocumentSnapshot[Any]) -> dict[str, Any]:
            nonlocal before, result
            if not snapshot.exists:
                raise NotFoundError(self._missing)
            before = decoded(self._kind, snapshot)
            result = change(before)
            if result is before:
                return {}
            old = encoded(self._kind, before)
            changed = {name: value for name, value in encoded(self._kind, result).items() if value != old[name]}
            return changed | ({self._kind.touched: SERVER_TIMESTAMP} if self._kind.touched else {})

        def record(batch: WriteBatch) -> None:
            if beside is not None:
                self._create_all(batch, beside(before, result))

        with firestore_errors():
            update_if_unchanged(self._client, self._existing(document_id), fields, record)
        return result

    def _create_all(self, batch: WriteBatch, documents: Iterable[New]) -> None:
        for kind, value in documents:
            reference = self._client.collection(kind.collection).document(getattr(value, kind.id_field))
            batch.create(reference, encoded_new(kind, value))


# Of the analysis all but its reasons, which are most of an incident: who wants them opens it.
_LISTED = [
    *(field for field in read_fields(INCIDENTS) or () if field != "analysis"),
    *(f"analysis.{name}" for name in sorted(set(Analysis.model_fields) - {"categorization", "severity"})),
    *(f"analysis.categorization.{name}" for name in sorted(set(Categorization.model_fields) - {"alternatives"})),
    *(f"analysis.severity.{name}" for name in sorted(set(SeverityAssessment.model_fields) - {"factors"})),
]


class FirestoreIncidents(_Collection[Incident]):
    """`incidents/{id}`, with the receipts of keyed requests in `idempotency/{id}`."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, INCIDENTS, "There is no such incident")
        self._receipts = client.collection("idempotency")

    def add(self, incident: Incident, receipt: Receipt | None = None, beside: Iterable[New] = ()) -> Receipt | None:
        batch = self._client.batch()
        self._create_all(batch, [(INCIDENTS, incident), *beside])
        if receipt is not None:
            batch.create(
                self._receipts.document(receipt.id),
                {
                    "request_hash": receipt.request_hash,
                    "result_id": receipt.result_id,
                    "expires_at": receipt.expires_at,
                },
            )
        try:
            with firestore_errors():
                batch.commit()
        except AlreadyExists as error:
            earlier = self._receipt(receipt.id) if receipt is not None else None
            if earlier is None:
                raise ConflictError("There is an incident with this id already") from error
            return earlier
        return None

    def _receipt(self, receipt_id: str) -> Receipt | None:
        with firestore_errors():
            snapshot = self._receipts.document(receipt_id).get()
        if not snapshot.exists:
            return None
        kept = snapshot.to_dict() or {}
        return Receipt(receipt_id, kept["request_hash"], kept["result_id"], kept["expires_at"])

    def find(self, where: IncidentFilter, limit: int, after: Cursor | None = None) -> list[Incident]:
        query: Query = self._documents.limit(limit)
        for field, value in (
            ("status", where.status),
            ("severity", where.severity),
            ("category", where.category),
            ("reporter_id", where.reporter),
        ):
            if value is not None:
                query = query.where(filter=FieldFilter(field, "==", str(value)))
        query = query.where(filter=FieldFilter("terms", "array_contains_any", where.terms))
        if where.since is not None:
            query = query.where(filter=FieldFilter("created_at", ">=", where.since))
        if where.until is not None:
            query = query.where(filter=FieldFilter("created_at", "<", where.until))
        direction = Query.ASCENDING if where.oldest_first else Query.DESCENDING
        query = query.order_by("created_at", direction=direction).order_by("__name__", direction=direction)
        if after is not None:
            query = query.start_after({"created_at": after.created_at, "__name__": self._reference(after.id)})
        return self._all(query, _LISTED)


class FirestoreUsers(_Collection[User]):
    """`users/{uid}`."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, USERS, "There is no such user")

    def add(self, user: User) -> bool:
        return self._create(user)

    def find(self, where: PersonFilter, limit: int, after: str | None = None) -> list[User]:
        found: list[User] = []
        # Firestore looks for one word; what the others leave is taken from as many pages as it needs.
        while len(found) < limit:
            page = self._all(self._page(where, limit, after))
            found += [user for user in page if set(where.words) <= set(user.search_terms)]
            if len(page) < limit:
                break
            after = page[-1].email
        return found[:limit]

    def _page(self, where: PersonFilter, limit: int, after: str | None) -> Query:
        query: Query = self._documents.order_by("email").limit(limit)
        if where.role is not None:
            query = query.where(filter=FieldFilter("role", "==", str(where.role)))
        if where.disabled is not None:
            query = query.where(filter=FieldFilter("disabled", "==", where.disabled))
        if where.words:
            query = query.where(filter=FieldFilter("search_terms", "array_contains", where.words[0]))
        return query if after is None else query.start_after({"email": after})

    def with_role(self, role: Role) -> list[User]:
        query = self._documents.where(filter=FieldFilter("role", "==", str(role)))
        return [user for user in self._all(query) if not user.disabled]


class FirestoreOutbox(_Collection[OutboxMail]):
    """`outbox/{id}`."""

    def __init__(self, client: Client) -> None:
        super().__init__(client, OUTBOX, "There is no such mail")

    def add(self, mail: OutboxMail) -> bool:
        return self._create(mail)
