"""Shared counters over Firestore: one commit for each addition, no read."""

from __future__ import annotations

from datetime import datetime

from google.cloud.firestore import Client, Increment

from shared.adapters.firestore.quick import commit, quick_errors


class FirestoreCounters:
    """`rate_limits/{key}` {count, expires_at}; a TTL policy on `expires_at` removes them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._documents = client.collection("rate_limits")

    def add(self, key: str, amount: int, expires_at: datetime) -> int:
        batch = self._client.batch()
        fields = {"count": Increment(amount), "expires_at": expires_at}
        batch.set(self._documents.document(key), fields, merge=True)
        with quick_errors():
            # The commit answers what the increment came to, so that nothing has to be read and each share is certain.
            return commit(batch)[0]
