"""People's notifications over Firestore."""

from __future__ import annotations

from google.cloud.firestore import Client, FieldFilter, Query
from google.cloud.firestore_v1.aggregation import AggregationQuery

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded
from shared.domain.notifications import Notification
from shared.domain.paging import Cursor
from shared.ports.notifications import notifications_of


class FirestoreNotifications:
    """`users/{uid}/notifications/{id}`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(
        self, uid: str, limit: int, after: Cursor | None = None, *, unread_only: bool = False
    ) -> list[Notification]:
        """As the port says."""
        kind = notifications_of(uid)
        documents = self._client.collection(kind.collection)
        query = documents.order_by("created_at", direction=Query.DESCENDING).order_by(
            "__name__", direction=Query.DESCENDING
        )
        if unread_only:
            query = query.where(filter=FieldFilter("read_at", "==", None))
        if after is not None:
            query = query.start_after({"created_at": after.created_at, "__name__": documents.document(after.id)})
        with firestore_errors():
            return [decoded(kind, snapshot) for snapshot in query.limit(limit).stream()]

    def unread(self, uid: str) -> int:
        """As the port says."""
        documents = self._client.collection(notifications_of(uid).collection)
        counting = AggregationQuery(documents.where(filter=FieldFilter("read_at", "==", None))).count(alias="all")
        with firestore_errors():
            return sum(int(result.value) for batch in counting.stream() for result in batch)
