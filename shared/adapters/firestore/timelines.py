"""Timelines over Firestore."""

from __future__ import annotations

from google.cloud.firestore import Client, FieldFilter, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded
from shared.domain.paging import Cursor
from shared.domain.timeline import TimelineEntry
from shared.ports.store import timeline_of
from shared.ports.timelines import TimelineFilter


class FirestoreTimelines:
    """`incidents/{id}/timeline/{id}`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, where: TimelineFilter, limit: int, after: Cursor | None = None) -> list[TimelineEntry]:
        """As the port says."""
        kind = timeline_of(where.incident_id)
        documents = self._client.collection(kind.collection)
        direction = Query.ASCENDING if where.oldest_first else Query.DESCENDING
        query = documents.order_by("at", direction=direction).order_by("__name__", direction=direction).limit(limit)
        if where.public_only:
            query = query.where(filter=FieldFilter("internal", "==", False))
        if where.kind is not None:
            query = query.where(filter=FieldFilter("kind", "==", str(where.kind)))
        if after is not None:
            query = query.start_after({"at": after.created_at, "__name__": documents.document(after.id)})
        with firestore_errors():
            return [decoded(kind, snapshot) for snapshot in query.stream()]
