"""The audit trail in Firestore: `audit` and `audit_seals`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import Client, FieldFilter, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.store import decoded, encoded
from shared.domain.audit import AuditEntry
from shared.domain.paging import Cursor
from shared.domain.sealing import Seal
from shared.ports.audit import AuditFilter
from shared.ports.store import AUDIT, Kind

SEALS = Kind("audit_seals", Seal)
_PAGE = 500  # documents of a query
_FEW_SEALS = 5
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

    def find(self, where: AuditFilter, limit: int, after: Cursor | None = None) -> list[AuditEntry]:
        query: Query = self._entries.limit(limit)
        for name, field in _FIELDS.items():
            if (value := getattr(where, name)) is not None:
                query = query.where(filter=FieldFilter(field, "==", value))
        query = _between(query, where.since, where.until)
        query = query.order_by("recorded_at", direction=Query.DESCENDING)
        query = query.order_by("__name__", direction=Query.DESCENDING)
        if after is not None:
            query = query.start_after({"recorded_at": after.created_at, "__name__": self._entries.document(after.id)})
        with firestore_errors():
            return [decoded(AUDIT, snapshot) for snapshot in query.stream()]

    def recorded(self, since: datetime | None, until: datetime) -> Iterator[AuditEntry]:
        query = _between(self._entries.limit(_PAGE), since, until).order_by("recorded_at").order_by("__name__")
        last: AuditEntry | None = None
        while True:
            page_query = query
            if last is not None:
                place = {"recorded_at": last.recorded_at, "__name__": self._entries.document(last.id)}
                page_query = query.start_after(place)
            with firestore_errors():
                page = [decoded(AUDIT, snapshot) for snapshot in page_query.stream()]
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]

    def last_seals(self, until: datetime | None = None) -> Iterator[Seal]:
        for seal in self._pages(Query.DESCENDING, None):
            if until is not None and seal.until < until:
                return
            yield seal

    def seals(self, since: datetime | None = None) -> Iterator[Seal]:
        return self._pages(Query.ASCENDING, since)

    def add_seal(self, seal: Seal) -> bool:
        try:
            with firestore_errors():
                self._seals.document(seal.id).create(encoded(SEALS, seal))
        except AlreadyExists:
            return False
        return True

    def _pages(self, direction: str, since: datetime | None) -> Iterator[Seal]:
        query: Query = self._seals.limit(_FEW_SEALS).order_by("sequence", direction=direction)
        if since is not None:
            with firestore_errors():
                found = list(
                    self._seals.where(filter=FieldFilter("until", ">=", since)).order_by("until").limit(1).stream()
                )
            if not found:
                return
            query = query.where(filter=FieldFilter("sequence", ">=", decoded(SEALS, found[0]).sequence))
        while True:
            with firestore_errors():
                page = [decoded(SEALS, snapshot) for snapshot in query.stream()]
            yield from page
            if len(page) < _FEW_SEALS:
                return
            query = query.start_after({"sequence": page[-1].sequence})


def _between(query: Query, since: datetime | None, until: datetime | None) -> Query:
    if since is not None:
        query = query.where(filter=FieldFilter("recorded_at", ">=", since))
    if until is not None:
        query = query.where(filter=FieldFilter("recorded_at", "<", until))
    return query
