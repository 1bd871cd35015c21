"""Lists of applications: one's own, and those that wait for the administrators."""

from __future__ import annotations

from shared.domain.applications import Application, ApplicationFilter
from shared.domain.audit import AuditEntry, AuditTarget, FieldChange, as_json
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.ports.applications import Applications
from shared.ports.store import AUDIT, Store, Work
from shared.services.applications.views import (
    ApplicationPage,
    OwnApplication,
    OwnPage,
    ShownApplication,
    next_cursor,
    reviewer_names,
)
from shared.services.audit import AuditTrail


class ApplicationReading:
    """Reads pages. Administrators read what others wrote of themselves: each such page is an audit entry."""

    def __init__(self, applications: Applications, store: Store, trail: AuditTrail) -> None:
        self._applications = applications
        self._store = store
        self._trail = trail

    def mine(self, who: Identity, limit: int, cursor: str | None = None) -> OwnPage:
        """One page of one's own, newest first.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        found = self._applications.of(who.uid, limit + 1, Cursor.decode(cursor) if cursor else None)
        items = [OwnApplication.of(one) for one in found[:limit]]
        return OwnPage(items=items, next_cursor=next_cursor(found, limit))

    def find(self, who: Identity, where: ApplicationFilter, limit: int, cursor: str | None = None) -> ApplicationPage:
        """One page of everybody's, oldest first: who waits longest comes first. Nothing is shown unrecorded.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        found = self._applications.find(where, limit + 1, Cursor.decode(cursor) if cursor else None)
        page = found[:limit]
        entry = self._entry(who, where, page)

        def body(work: Work) -> dict[str, str]:
            names = reviewer_names(work, page)
            work.create(AUDIT, entry)
            return names

        names = self._store.run(body)
        items = [ShownApplication.of(one, names) for one in page]
        return ApplicationPage(items=items, next_cursor=next_cursor(found, limit))

    def _entry(self, who: Identity, where: ApplicationFilter, page: list[Application]) -> AuditEntry:
        shown = [
            FieldChange(field="statuses", new=as_json(list(where.statuses))),
            FieldChange(field="ids", new=as_json([one.id for one in page])),
        ]
        if where.q is not None:
            shown.append(FieldChange(field="q", new=as_json(where.q), personal=True))
        return self._trail.entry(who, "application:read", AuditTarget(kind="applications", id="*"), changes=shown)
