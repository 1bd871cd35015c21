"""Where in Firestore a person's data is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, DocumentSnapshot, FieldFilter, Query

from shared.adapters.firestore.conditional import firestore_errors

_PAGE = 300  # documents; a commit takes 500 writes


@dataclass(frozen=True, slots=True)
class _Place:
    """Documents of a person: those whose field has the value. Kept ones are shown, never erased.

    `group` means the collections of this name below any document.
    """

    collection: str
    field: str
    operator: str
    value: str  # uid or email
    kept: bool = False
    group: bool = False


_PLACES = (
    _Place("applications", "applicant_id", "==", "uid"),
    _Place("outbox", "message.to", "array_contains", "email"),
    _Place("outbox", "about", "==", "uid"),
    _Place("access_attempts", "subject", "==", "uid"),
    _Place("access_alerts", "subject", "==", "uid"),
    _Place("incident_filters", "owner_id", "==", "uid"),
    # What is below an incident stays with it.
    _Place("incidents", "reporter_id", "==", "uid", kept=True),
    _Place("messages", "author_id", "==", "uid", kept=True, group=True),
    _Place("evidence", "uploader_id", "==", "uid", kept=True, group=True),
)
_OF_THE_USER = ("sessions", "notifications")
"""Collections below the user document."""


class FirestorePersonalData:
    """Collects and erases, collection by collection. A test compares the places with the collections there are."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def collect(self, uid: str, email: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        with firestore_errors():
            found: dict[str, dict[str, Mapping[str, Any]]] = {}  # by collection and path
            for name, query, _ in self._queries(uid, email):
                documents = found.setdefault(name, {})
                for page in self._pages(query):
                    documents |= {snapshot.reference.path: _as_json(snapshot) for snapshot in page}
            return {name: list(documents.values()) for name, documents in found.items()}

    def count(self, uid: str, email: str) -> Mapping[str, int]:
        ids: dict[str, set[str]] = {}
        with firestore_errors():
            for name, query, kept in self._queries(uid, email):
                if not kept:
                    found = ids.setdefault(name, set())
                    for page in self._pages(query.select([])):
                        found |= {snapshot.id for snapshot in page}
        return {name: len(found) for name, found in ids.items()}

    def erase(self, uid: str, email: str) -> None:
        with firestore_errors():
            for _, query, kept in self._queries(uid, email):
                if not kept:
                    self._remove(query)

    def _queries(self, uid: str, email: str) -> Iterator[tuple[str, Query, bool]]:
        values = {"uid": uid, "email": email}
        for place in _PLACES:
            where = FieldFilter(place.field, place.operator, values[place.value])
            find = self._client.collection_group if place.group else self._client.collection
            yield place.collection, find(place.collection).where(filter=where), place.kept
        for name in _OF_THE_USER:
            below = self._client.collection("users").document(uid).collection(name)
            yield name, below.order_by("__name__"), False

    def _pages(self, query: Query) -> Iterator[list[DocumentSnapshot[Any]]]:
        page = list(query.limit(_PAGE).stream())
        while page:
            yield page
            page = list(query.start_after(page[-1]).limit(_PAGE).stream()) if len(page) == _PAGE else []

    def _remove(self, query: Query) -> None:
        for page in self._pages(query):
            batch = self._client.batch()
            for snapshot in page:
                batch.delete(snapshot.reference)
            batch.commit()


def _as_json(snapshot: DocumentSnapshot[Any]) -> dict[str, Any]:
    fields = {name: _plain(value) for name, value in (snapshot.to_dict() or {}).items()}
    return {"id": snapshot.id, **fields}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value
