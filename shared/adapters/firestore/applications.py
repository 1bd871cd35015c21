"""Lists of applications over Firestore."""

from __future__ import annotations

from google.cloud.firestore import Client, FieldFilter, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded
from shared.domain.applications import Application, ApplicationFilter
from shared.domain.paging import Cursor
from shared.ports.applications import APPLICATIONS


class FirestoreApplications:
    """`applications/{id}`."""

    def __init__(self, client: Client) -> None:
        self._documents = client.collection(APPLICATIONS.collection)

    def of(self, applicant_id: str, limit: int, after: Cursor | None = None) -> list[Application]:
        query = self._documents.where(filter=FieldFilter("applicant_id", "==", applicant_id))
        return self._page(query, Query.DESCENDING, limit, after)

    def find(self, where: ApplicationFilter, limit: int, after: Cursor | None = None) -> list[Application]:
        query = self._documents.where(filter=FieldFilter("status", "in", [str(status) for status in where.statuses]))
        if where.words:
            query = query.where(filter=FieldFilter("search_terms", "array_contains", where.words[0]))
        found: list[Application] = []
        # Firestore looks for one word; what the others leave is taken from as many pages as it needs.
        while len(found) < limit:
            page = self._page(query, Query.ASCENDING, limit, after)
            found += [one for one in page if set(where.words) <= set(one.search_terms)]
            if len(page) < limit:
                break
            after = Cursor(page[-1].created_at, page[-1].id)
        return found[:limit]

    def _page(self, query: Query, direction: str, limit: int, after: Cursor | None) -> list[Application]:
        query = query.order_by("created_at", direction=direction).order_by("__name__", direction=direction)
        if after is not None:
            query = query.start_after({"created_at": after.created_at, "__name__": self._documents.document(after.id)})
        with firestore_errors():
            return [decoded(APPLICATIONS, snapshot) for snapshot in query.limit(limit).stream()]
