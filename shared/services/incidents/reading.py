"""Who may see which incidents."""

from __future__ import annotations

from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident
from shared.domain.paging import Cursor, IncidentFilter, IncidentPage
from shared.domain.people import Identity
from shared.domain.visibility import may_see
from shared.ports.repositories import Incidents
from shared.ports.store import AUDIT, Store
from shared.services.incidents.linking import shown
from shared.services.incidents.recording import IncidentRecord


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
        found = self._incidents.find(where, limit + 1, after)
        page = found[:limit]
        more = len(found) > limit
        return IncidentPage(items=page, next_cursor=Cursor(page[-1].created_at, page[-1].id).encode() if more else None)
