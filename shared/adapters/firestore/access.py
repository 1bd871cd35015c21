"""Refused requests and alerts over Firestore."""

from __future__ import annotations

from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Client, FieldFilter, Increment, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.quick import commit, quick_errors
from shared.adapters.firestore.store import decoded, encoded
from shared.domain.access import KEPT, AccessAlert, AccessAttempts, AccessFilter, attempts_id, window_of
from shared.domain.paging import Cursor
from shared.ports.access import ALERTS, ATTEMPTS, RefusedRequests


class FirestoreAccess:
    """`access_attempts/{hour}-{hash}` and `access_alerts/{the same}`; TTL policies on `expires_at` remove them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._attempts = client.collection(ATTEMPTS.collection)

    def count(self, refused: RefusedRequests) -> int:
        amount = sum(refused.counts.values())
        window_start = window_of(refused.at)
        fields = {
            "kind": str(refused.kind),
            "subject": refused.subject,
            "window_start": window_start,
            "counts": {str(refusal): Increment(number) for refusal, number in refused.counts.items()},
            "total": Increment(amount),
            "last_at": refused.at,
            "last_path": refused.path,
            "expires_at": window_start + KEPT,
        }
        batch = self._client.batch()
        batch.set(self._attempts.document(attempts_id(refused.kind, refused.subject, refused.at)), fields, merge=True)
        with quick_errors():
            return max(commit(batch))  # the total is at least each of its parts

    def alert(self, alert: AccessAlert) -> bool:
        batch = self._client.batch()
        batch.create(self._client.collection(ALERTS.collection).document(alert.id), encoded(ALERTS, alert))
        marks: dict[str, Any] = {"alerted": True, "alerted_at": alert.raised_at}
        batch.set(self._attempts.document(alert.id), marks, merge=True)
        try:
            with firestore_errors():
                batch.commit()
        except AlreadyExists:
            return False
        return True

    def find(self, where: AccessFilter, limit: int, after: Cursor | None = None) -> list[AccessAttempts]:
        query: Query = self._attempts.limit(limit)
        equal = {
            "kind": None if where.kind is None else str(where.kind),
            "subject": where.subject,
            "alerted": where.alerts_only or None,
        }
        for field, value in equal.items():
            if value is not None:
                query = query.where(filter=FieldFilter(field, "==", value))
        if where.since is not None:
            query = query.where(filter=FieldFilter("window_start", ">=", where.since))
        if where.until is not None:
            query = query.where(filter=FieldFilter("window_start", "<", where.until))
        direction = Query.DESCENDING
        query = query.order_by("window_start", direction=direction).order_by("__name__", direction=direction)
        if after is not None:
            query = query.start_after({"window_start": after.created_at, "__name__": self._attempts.document(after.id)})
        with firestore_errors():
            return [decoded(ATTEMPTS, snapshot) for snapshot in query.stream()]
