"""Candidates over the index `terms` of incidents: one query, whose cost does not grow with the incidents.

An index of its own for open ones would be written for each word of each incident: of 25 read, a few are closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, FieldFilter, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.reading import documents
from shared.domain.duplicates import Candidate
from shared.domain.observables import ObservableType
from shared.domain.search import term
from shared.domain.taxonomy import Status, Tlp
from shared.domain.visibility import TEAM
from shared.ports.store import INCIDENTS

_TIMEOUT = 2.0
"""Seconds. Somebody waits for their report to be taken: without an answer by then it is taken without this."""
_FIELDS = (
    "reference",
    "title",
    "description",
    "affected_assets",
    "observables",
    "status",
    "tlp",
    "confidential",
    "reporter_id",
    "access_ids",
    "merged_into",
    "reported_at",
)


class FirestoreCandidates:
    """Reads at most `limit` documents for each question."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def recent(self, texts: Sequence[str], since: datetime, limit: int) -> list[Candidate]:
        """As the port says."""
        if not texts:
            return []
        terms = FieldFilter("terms", "array_contains_any", [term(TEAM, text) for text in texts])
        query = self._client.collection(INCIDENTS.collection).where(filter=terms)
        query = query.where(filter=FieldFilter("created_at", ">=", since))
        newest = query.order_by("created_at", direction=Query.DESCENDING).select(_FIELDS).limit(limit)
        with firestore_errors():
            candidates = [_candidate(found.id, found.fields) for found in documents(newest, timeout=_TIMEOUT)]
        return [one for one in candidates if one.status is not Status.CLOSED and not one.confidential]


def _candidate(document_id: str, kept: Mapping[str, Any]) -> Candidate:
    return Candidate(
        id=document_id,
        reference=kept["reference"],
        title=kept["title"],
        description=kept["description"],
        affected_assets=tuple(kept["affected_assets"]),
        observables=frozenset(
            (ObservableType(one["type"]), one["value"]) for one in kept["observables"] if not one["known_good"]
        ),
        status=Status(kept["status"]),
        tlp=Tlp(kept["tlp"]),
        confidential=kept["confidential"],
        reporter_id=kept["reporter_id"],
        access_ids=tuple(kept["access_ids"]),
        merged=kept["merged_into"] is not None,
        reported_at=kept["reported_at"],
    )
