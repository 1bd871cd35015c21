"""Administrators look at who was refused."""

from __future__ import annotations

from dataclasses import asdict

from shared.domain.access import AccessFilter, AccessPage
from shared.domain.audit import AuditTarget
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.ports.access import Access
from shared.ports.store import AUDIT, Store
from shared.services.audit.recording import AuditTrail


class AccessReading:
    """Lists refused requests by person and address. Each page that is read is an entry of the audit trail."""

    def __init__(self, access: Access, store: Store, trail: AuditTrail) -> None:
        self._access = access
        self._store = store
        self._trail = trail

    def find(self, who: Identity, where: AccessFilter, limit: int, cursor: str | None = None) -> AccessPage:
        """One page, the newest hour first.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        self._record(who, where)
        found = self._access.find(where, limit + 1, after)
        page = found[:limit]
        following = Cursor(page[-1].window_start, page[-1].id).encode() if len(found) > limit else None
        return AccessPage(items=page, next_cursor=following)

    def _record(self, who: Identity, where: AccessFilter) -> None:
        asked = {name: str(value) for name, value in asdict(where).items() if value}
        target = AuditTarget(kind="access", id="*")
        self._store.create(AUDIT, self._trail.looked(who, "access:listed", target, asked))
