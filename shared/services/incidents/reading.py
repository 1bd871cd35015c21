"""Who may see which incidents."""

from __future__ import annotations

from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident
from shared.domain.listing import IncidentFilter, IncidentPage
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.domain.visibility import may_see
from shared.ports.repositories import Incidents
from shared.ports.store import AUDIT, Store
from shared.services.incidents.linking import shown
from shared.services.incidents.recording import IncidentRecord

MAX_SCAN = 300
"""Incidents that are looked through for one page."""
_SCAN_PAGE = 60


def current(incidents: Incidents, incident_id: str) -> Incident:
    """The incident as the platform itself sees it, for event handlers; no person's view.

    Raises:
        NotFoundError: there is none.
    """
    incident = incidents.get(incident_id)
    if incident is None:
        raise NotFoundError("There is no such incident")
    return incident


class IncidentReading:
    """Reads one incident or a page of them, never more than the caller may see."""

    def __init__(self, incidents: Incidents, store: Store, record: IncidentRecord) -> None:
        self._incidents = incidents
        self._store = store
        self._record = record

    def get(self, who: Identity, incident_id: str) -> Incident:
        """The incident. That one for named people only was read by somebody else is noted in the audit trail.

        Raises:
            NotFoundError: there is none, or it is not for the caller: the two cannot be told apart.
        """
        incident = self._incidents.get(incident_id)
        if incident is None or not may_see(who, incident):
            raise NotFoundError("There is no such incident")
        entry = self._record.read(who, incident)
        if entry is not None:
            self._store.create(AUDIT, entry)
        return shown(who, incident)

    def find(self, where: IncidentFilter, limit: int, cursor: str | None = None) -> IncidentPage:
        """One page, newest first unless the filter says otherwise, of what the filter's scopes hold.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        # One more than asked for tells whether there is a next page without a second query.
        size = limit + 1 if where.is_exact else max(limit + 1, _SCAN_PAGE)
        found: list[Incident] = []
        looked_at = 0
        while True:
            page = self._incidents.find(where, size, after)
            for incident in page:
                if where.fits(incident):
                    if len(found) == limit:
                        return _page(found, found[-1])
                    found.append(incident)
            looked_at += len(page)
            if len(page) < size:
                return _page(found, None)
            if looked_at >= MAX_SCAN:
                return _page(found, page[-1])
            after = _place(page[-1])


def _page(items: list[Incident], last: Incident | None) -> IncidentPage:
    return IncidentPage(items=items, next_cursor=_place(last).encode() if last else None)


def _place(incident: Incident) -> Cursor:
    return Cursor(incident.created_at, incident.id)
