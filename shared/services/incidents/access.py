"""For whom a confidential incident is: the people that are named, and what a change of them makes of the incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from shared.domain.errors import ConflictError, InvalidInputError
from shared.domain.incident import MAX_PEOPLE, Incident, IncidentReport, Withdrawal
from shared.domain.links import is_connected
from shared.domain.people import Identity
from shared.domain.permissions import Permission, allows
from shared.domain.visibility import scopes_of
from shared.ports.store import USERS, Store

NOT_CONFIDENTIAL = "only a confidential incident is for named people: send confidential true too"


def check_people(store: Store, uids: Iterable[str], field: str = "access_ids") -> bool:
    """Pass the uids of people who can sign in; the answer is whether one of them is of the security team.

    Raises:
        InvalidInputError: one is nobody's, or somebody's who is disabled: the two cannot be told apart.
    """
    team = False
    for uid in uids:
        user = store.get(USERS, uid)
        if user is None or user.disabled:
            raise InvalidInputError("Some people cannot be named", {field: "names somebody who is not there"})
        team = team or allows(user.role, Permission.INCIDENT_UPDATE_ALL)
    return team


def check_count(people: Sequence[str]) -> None:
    """Pass as many people as can be named.

    Raises:
        InvalidInputError: they are more.
    """
    if len(people) > MAX_PEOPLE:
        told = f"at most {MAX_PEOPLE} people, those it is assigned to and yourself included"
        raise InvalidInputError("Too many people are named", {"access_ids": told})


def reported_access(store: Store, who: Identity, report: IncidentReport) -> list[str]:
    """The people whom a report names, beside the reporter.

    Raises:
        InvalidInputError: it is not confidential, somebody cannot be named, or nobody is left to work on it.
    """
    named = [uid for uid in dict.fromkeys(report.access_ids) if uid != who.uid]
    if not report.confidential:
        if report.access_ids:
            raise InvalidInputError("Nobody can be named here", {"access_ids": NOT_CONFIDENTIAL})
        return []
    team = check_people(store, named)
    if not team and not who.can(Permission.INCIDENT_UPDATE_ALL):
        needed = "name at least one person of the security team, or nobody could work on it"
        raise InvalidInputError("A confidential incident needs somebody to work on it", {"access_ids": needed})
    return named


def access_changes(store: Store, who: Identity, incident: Incident, wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted `confidential` and `access_ids` as they are kept.

    Whoever makes the change and everybody it is assigned to keep their access, named or not. People who were named
    before stay without another look, whatever became of them.

    Raises:
        ConflictError: others know of it by a link or a merge.
        InvalidInputError: people are named at one that is not confidential, or somebody cannot be named.
    """
    if not {"confidential", "access_ids"} & set(wanted):
        return {}
    confidential = wanted.get("confidential", incident.confidential)
    if not confidential:
        if wanted.get("access_ids"):
            raise InvalidInputError("Nobody can be named here", {"access_ids": NOT_CONFIDENTIAL})
        people: list[str] = []
    else:
        named = wanted.get("access_ids", incident.access_ids)
        check_people(store, [uid for uid in dict.fromkeys(named) if uid not in _known(who, incident)])
        everybody = dict.fromkeys([*named, who.uid, *incident.assignee_ids])
        people = [uid for uid in everybody if uid != incident.reporter_id]
        check_count(people)
    after = incident.model_copy(update={"confidential": confidential, "access_ids": people})
    if set(scopes_of(after)) != set(scopes_of(incident)) and is_connected(incident):
        raise ConflictError(
            "It is linked or merged with others, whose readers would be told of it: "
            "remove the links and undo the merges first"
        )
    return {"confidential": confidential, "access_ids": people}


def withdrawal(before: Incident, after: Incident, now: datetime) -> Withdrawal | None:
    """Who lost sight of the incident by this change; what was withdrawn before, when nobody did and it still holds."""
    sees = scopes_of(after)
    lost = [scope for scope in scopes_of(before) if scope not in sees]
    if lost:
        return Withdrawal(at=now, scopes=lost)
    if before.withdrawal is None:
        return None
    still = [scope for scope in before.withdrawal.scopes if scope not in sees]
    return before.withdrawal.model_copy(update={"scopes": still}) if still else None


def _known(who: Identity, incident: Incident) -> set[str]:
    return {who.uid, incident.reporter_id, *incident.access_ids, *incident.assignee_ids}
