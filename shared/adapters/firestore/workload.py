"""The load of people over Firestore: one count for each of them, which reads index entries only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from google.cloud.firestore import Client, FieldFilter
from google.cloud.firestore_v1.aggregation import AggregationQuery

from shared.adapters.firestore.conditional import firestore_errors
from shared.ports.store import INCIDENTS

_AT_ONCE = 8


class FirestoreWorkload:
    """Counts in `incidents`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="workload")

    def open_incidents(self, uids: Sequence[str]) -> Mapping[str, int]:
        """As the port says."""
        return dict(zip(uids, self._pool.map(self._count, uids), strict=True))

    def _count(self, uid: str) -> int:
        query = (
            self._client.collection(INCIDENTS.collection)
            .where(filter=FieldFilter("assignee_ids", "array_contains", uid))
            .where(filter=FieldFilter("open", "==", True))
        )
        counting = AggregationQuery(query).count(alias="all")
        with firestore_errors():
            return sum(int(result.value) for batch in counting.stream() for result in batch)
