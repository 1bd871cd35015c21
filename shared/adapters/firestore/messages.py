"""Lists of messages over Firestore."""

from __future__ import annotations

from google.cloud.firestore import Client, FieldFilter, Query
from google.cloud.firestore_v1.aggregation import AggregationQuery

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded
from shared.domain.messages import Message, MessageFilter, Place, ReadReceipt
from shared.domain.paging import Cursor
from shared.ports.messages import MAX_READERS, receipts_of
from shared.ports.store import messages_of


class FirestoreMessages:
    """`incidents/{id}/messages/{id}` and `incidents/{id}/receipts/{uid}`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, where: MessageFilter, limit: int, after: Cursor | None = None) -> list[Message]:
        query = self._behind(where, (after.created_at, after.id) if after else None).limit(limit)
        kind = messages_of(where.incident_id)
        with firestore_errors():
            return [decoded(kind, snapshot) for snapshot in query.stream()]

    def receipts(self, incident_id: str) -> list[ReadReceipt]:
        kind = receipts_of(incident_id)
        query = self._client.collection(kind.collection).order_by("__name__").limit(MAX_READERS)
        with firestore_errors():
            return [decoded(kind, snapshot) for snapshot in query.stream()]

    def unread(self, where: MessageFilter, uid: str, after: Place | None) -> int:
        # Firestore has no "is not" beside a cursor, so the person's own are counted and taken off.
        behind = self._behind(where, after)
        return _count(behind) - _count(behind.where(filter=FieldFilter("author_id", "==", uid)))

    def _behind(self, where: MessageFilter, place: Place | None) -> Query:
        documents = self._client.collection(messages_of(where.incident_id).collection)
        direction = Query.ASCENDING if where.oldest_first else Query.DESCENDING
        query = documents.order_by("created_at", direction=direction).order_by("__name__", direction=direction)
        if where.public_only:
            query = query.where(filter=FieldFilter("internal", "==", False))
        if where.thread is not None:
            query = query.where(filter=FieldFilter("thread", "==", where.thread))
        if place is None:
            return query
        created_at, message_id = place
        return query.start_after({"created_at": created_at, "__name__": documents.document(message_id)})


def _count(query: Query) -> int:
    counting = AggregationQuery(query).count(alias="all")
    with firestore_errors():
        return sum(int(result.value) for batch in counting.stream() for result in batch)
