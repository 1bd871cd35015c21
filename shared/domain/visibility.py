"""Who may see which incident. Reading, searching, counting, listening and mentioning all go by this.

Every incident is visible to a set of scopes, and everybody has a set of scopes: who shares one sees it. firestore.rules
say the same for apps that read directly.
"""

from __future__ import annotations

from shared.domain.incident import Incident
from shared.domain.people import Identity, User
from shared.domain.permissions import Permission, allows

TEAM = "team"
"""The scope of whoever may read every incident that is not confidential."""


def person(uid: str) -> str:
    """The scope of one person."""
    return f"person:{uid}"


def scopes_of(incident: Incident) -> list[str]:
    """The scopes that an incident is visible to: the team's, unless it is confidential, and those of its people."""
    people = dict.fromkeys([incident.reporter_id, *incident.access_ids])
    return [*([] if incident.confidential else [TEAM]), *map(person, people)]


def scopes_for(who: Identity) -> list[str]:
    """The scopes that somebody has."""
    return [*([TEAM] if who.can(Permission.INCIDENT_READ_ALL) else []), person(who.uid)]


def may_see(who: Identity, incident: Incident) -> bool:
    """Whether the person may know that the incident exists."""
    return not set(scopes_for(who)).isdisjoint(scopes_of(incident))


def may_work_on(who: Identity, incident: Incident) -> bool:
    """Whether the person is one of those who handle the incident: sees internal notes, changes every field."""
    return who.can(Permission.INCIDENT_UPDATE_ALL) and may_see(who, incident)


def user_may_see(user: User, incident: Incident) -> bool:
    """As `may_see`, for somebody who is not asking: whether they could be told of it. Who is disabled never."""
    if user.disabled:
        return False
    scopes = {person(user.uid), *([TEAM] if allows(user.role, Permission.INCIDENT_READ_ALL) else [])}
    return not scopes.isdisjoint(scopes_of(incident))


def user_works_on(user: User, incident: Incident) -> bool:
    """As `may_work_on`, for somebody who is not asking."""
    return user_may_see(user, incident) and allows(user.role, Permission.INCIDENT_UPDATE_ALL)
