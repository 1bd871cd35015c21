"""The audit trail in Firestore: `audit` and `audit_seals`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Client, DocumentSnapshot, FieldFilter, Query
from pydantic import ValidationError

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded, encoded
from shared.domain.audit import MalformedDocument
from shared.domain.errors import TamperedError
from shared.domain.paging import Cursor
from shared.domain.sealing import Seal
from shared.ports.audit import AuditFilter, Recorded
from shared.ports.store import AUDIT, Kind

SEALS = Kind("audit_seals", Seal)
_PAGE = 500  # documents of a query
_FEW_SEALS = 5
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # a bound keeps out what has no time there at all
_FIELDS = {
    "actor": "actor.id",
    "action": "action",
    "target_kind": "target.kind",
    "target_id": "target.id",
    "subject": "subject",
    "request_id": "request_id",
}


class FirestoreAuditLog:
    """Reads entries and keeps seals. No document is ever changed, so none is hot."""

    def __init__(self, client: Client) -> None:
        self._entries = client.collection(AUDIT.collection)
        self._seals = client.collection(SEALS.collection)

    def find(self, where: AuditFilter, limit: int, after: Cursor | None = None) -> list[Recorded]:
        query: Query = self._entries.limit(limit)
        for name, field in _FIELDS.items():
            if (value := getattr(where, name)) is not None:
                query = query.where(filter=FieldFilter(field, "==", value))
        query = _between(query, where.since or _BEGINNING, where.until)
        query = query.order_by("recorded_at", direction=Query.DESCENDING)
        query = query.order_by("__name__", direction=Query.DESCENDING)
        if after is not None:
            query = query.start_after({"recorded_at": after.created_at, "__name__": self._entries.document(after.id)})
        with firestore_errors():
            return [_entry(snapshot) for snapshot in query.stream()]

    def recorded(self, since: datetime | None, until: datetime) -> Iterator[Recorded]:
        query = _between(self._entries.limit(_PAGE), since, until).order_by("recorded_at").order_by("__name__")
        last: Recorded | None = None
        while True:
            page_query = query
            if last is not None:
                place = {"recorded_at": last.recorded_at, "__name__": self._entries.document(last.id)}
                page_query = query.start_after(place)
            with firestore_errors():
                page = [_entry(snapshot) for snapshot in page_query.stream()]
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]

    def last_seals(self, until: datetime | None = None, before: int | None = None) -> Iterator[Seal]:
        query: Query = self._seals.order_by("sequence", direction=Query.DESCENDING)
        if before is not None:
            query = query.where(filter=FieldFilter("sequence", "<", before))
        for seal in self._pages(query):
            if isinstance(seal, MalformedDocument):
                raise TamperedError(f"Seal {seal.id} is not as it was written")
            if until is not None and seal.until < until:
                return
            yield seal

    def seals(self, since: datetime | None = None) -> Iterator[Seal | MalformedDocument]:
        query: Query = self._seals.order_by("sequence")
        if since is not None:
            reaching = self._seals.where(filter=FieldFilter("until", ">=", since)).order_by("until").limit(1)
            with firestore_errors():
                found = list(reaching.stream())
            if not found:
                return
            query = query.where(filter=FieldFilter("sequence", ">=", found[0].get("sequence")))
        yield from self._pages(query)

    def add_seal(self, seal: Seal) -> bool:
        try:
            with firestore_errors():
                self._seals.document(seal.id).create(encoded(SEALS, seal))
        except AlreadyExists:
            return False
        return True

    def _pages(self, query: Query) -> Iterator[Seal | MalformedDocument]:
        page_query = query
        while True:
            with firestore_errors():
                page = list(page_query.limit(_FEW_SEALS).stream())
            yield from map(_seal, page)
            if len(page) < _FEW_SEALS:
                return
            page_query = query.start_after({"sequence": page[-1].get("sequence")})


def _entry(snapshot: DocumentSnapshot[Any]) -> Recorded:
    try:
        return decoded(AUDIT, snapshot)
    except ValidationError:
        return _malformed(snapshot)


def _seal(snapshot: DocumentSnapshot[Any]) -> Seal | MalformedDocument:
    try:
        return decoded(SEALS, snapshot)
    except ValidationError:
        return _malformed(snapshot)


def _malformed(snapshot: DocumentSnapshot[Any]) -> MalformedDocument:
    fields = snapshot.to_dict() or {}
    recorded_at = fields.get("recorded_at")
    as_json = json.loads(json.dumps(fields, default=str))
    return MalformedDocument(snapshot.id, recorded_at if isinstance(recorded_at, datetime) else None, as_json)


def _between(query: Query, since: datetime | None, until: datetime | None) -> Query:
    if since is not None:
        query = query.where(filter=FieldFilter("recorded_at", ">=", since))
    if until is not None:
        query = query.where(filter=FieldFilter("recorded_at", "<", until))
    return query
