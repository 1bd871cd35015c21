"""Finding the incidents that somebody works on, by id or reference, within a transaction."""

from __future__ import annotations

import re

from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.store import INCIDENTS, Work

MISSING = "There is no such incident"
_REFERENCE = re.compile(r"INC-[0-9A-Z]{4}-[0-9A-Z]{4}", re.ASCII)


def words(incident: Incident) -> str:
    """What people wrote about it, for observables to be found in."""
    return "\n".join([incident.title, incident.description, *incident.affected_assets])


def workable(work: Work, who: Identity, incident_id: str) -> Incident:
    """The incident that the caller works on.

    Raises:
        NotFoundError: there is none, or the caller may not know of it.
    """
    incident = work.get(INCIDENTS, incident_id)
    if incident is None or not may_work_on(who, incident):
        raise NotFoundError(MISSING)
    return incident


def named(work: Work, name: str) -> list[Incident]:
    """Those of the name: one by its id, or those of a reference (two, once in a great many)."""
    reference = name.upper()
    if _REFERENCE.fullmatch(reference):
        return work.find(INCIDENTS, 5, reference=reference)
    found = work.get(INCIDENTS, name)
    return [found] if found else []


def workable_named(work: Work, who: Identity, name: str) -> Incident:
    """The incident of the name that the caller works on.

    Raises:
        NotFoundError: there is none, or the caller may not know of it.
        ConflictError: there are two of the reference.
    """
    found = [one for one in named(work, name) if may_work_on(who, one)]
    if not found:
        raise NotFoundError(MISSING)
    if len(found) > 1:
        raise ConflictError("Two incidents have this reference: name one by its id")
    return found[0]
