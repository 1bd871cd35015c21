"""Sightings over the index `terms` of incidents: one query for each observable, and a count only where it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.cloud.firestore import Client, DocumentSnapshot, FieldFilter, Query
from google.cloud.firestore_v1.aggregation import AggregationQuery

from shared.adapters.firestore.conditional import firestore_errors
from shared.domain.incident import Incident
from shared.domain.observables import ObservableType
from shared.domain.search import observable, term
from shared.domain.visibility import scopes_of
from shared.ports.sightings import Seen, Sighting
from shared.ports.store import INCIDENTS

_AT_ONCE = 8
_FIELDS = ("reference", "created_at", "reporter_id", "access_ids", "confidential")


class FirestoreSightings:
    """Reads at most `limit` incidents for each observable; of more, the database counts index entries only."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sightings")

    def of(self, scopes: Sequence[str], observables: Sequence[tuple[ObservableType, str]], limit: int) -> list[Seen]:
        """As the port says."""
        return list(self._pool.map(lambda one: self._seen(scopes, one, limit), observables))

    def _seen(self, scopes: Sequence[str], key: tuple[ObservableType, str], limit: int) -> Seen:
        terms = [term(scope, observable(*key)) for scope in scopes]
        where = FieldFilter("terms", "array_contains_any", terms)
        query: Query = self._client.collection(INCIDENTS.collection).where(filter=where)
        newest = query.order_by("created_at", direction=Query.DESCENDING).order_by(
            "__name__", direction=Query.DESCENDING
        )
        with firestore_errors():
            found = list(newest.select(_FIELDS).limit(limit).stream())
            latest = tuple(sighting for one in found if (sighting := _sighting(one, scopes)) is not None)
            if len(found) < limit:
                return Seen(len(latest), latest)
            counted: Any = AggregationQuery(query).count().get()  # a list of lists
            return Seen(int(counted[0][0].value), latest)


def _sighting(snapshot: DocumentSnapshot[Any], scopes: Sequence[str]) -> Sighting | None:
    # The index holds 48 bits of each term. That two share one by chance does not happen; that somebody makes it happen
    # must show them nothing that they may not see, so whom the incident is for is looked at again.
    incident = Incident.model_construct(**(snapshot.to_dict() or {}))
    if set(scopes).isdisjoint(scopes_of(incident)):
        return None
    return Sighting(incident_id=snapshot.id, reference=incident.reference, created_at=incident.created_at)
