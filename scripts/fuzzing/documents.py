"""The people who send requests, some documents to ask for, and what has to hold of all documents in the end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from scripts.fuzzing.people import PEOPLE
from shared import bootstrap
from shared.adapters.firestore.store import decoded
from shared.domain.applications import ApplicationWords
from shared.domain.audit import Actor
from shared.domain.incident import IncidentReport
from shared.domain.people import Identity
from shared.domain.permissions import Role
from shared.domain.team import PersonFilter, is_active_admin
from shared.ports.applications import APPLICATIONS
from shared.ports.store import AUDIT, INCIDENTS, USERS, Kind, Work
from shared.services.accounts.provisioning import NewPerson
from shared.services.accounts.synchronizing import revoked_in

_BY = Actor(kind="script", id="fuzzing")
_PASSWORD = "violet anchors drift slowly"  # noqa: S105  # of people who live as long as the run
VICTIMS = ("v1", "v2", "v3")
"""Whose roles administrators change while the others go on."""


def people_and_documents() -> dict[str, list[str]]:
    """Make them; the ids to ask for, by a word of the path."""
    for uid, role in [*((one.name, one.role) for one in PEOPLE), *((uid, Role.EMPLOYEE) for uid in VICTIMS)]:
        person = NewPerson(email=f"{uid}@example.org", display_name=uid, role=role or Role.EMPLOYEE)
        bootstrap.account_provisioning().provision(_BY, person, _PASSWORD, "fuzzing", uid)
    bootstrap.store().run(_end_standing)
    kim, bo = (Identity(uid, f"{uid}@example.org", Role.EMPLOYEE, email_verified=True) for uid in ("kim", "bo"))
    report = IncidentReport(
        title="Odd mail", description="A mail that asked for my password.", affected_assets=["mail"]
    )
    incidents = [bootstrap.incident_reporting().report(who, report).incident.id for who in (kim, bo)]
    request = ApplicationWords(motivation="I would like to help. " * 5, experience="Two years", certifications=[])
    application = bootstrap.applying().apply(bo, request, None)
    return {"incidents": incidents, "review": [application.application.id, "kim-1", "bo-2", "v1-1"]}


def _end_standing(work: Work) -> None:
    disabled, revoked = work.get(USERS, "disabled"), work.get(USERS, "revoked")
    if disabled is None or revoked is None:
        raise RuntimeError("the people are not there")
    work.put(USERS, disabled.model_copy(update={"disabled": True}))
    revoked_in(work, revoked, datetime.now(UTC))


def broken_invariants() -> list[str]:
    """What does not hold: documents are of their models, roles are whose they were, somebody administers."""
    problems = [problem for kind in (USERS, APPLICATIONS, INCIDENTS, AUDIT) for problem in _malformed(kind)]
    users = {user.uid: user for user in bootstrap.users().find(PersonFilter(), 100_000)}
    problems += [
        f"users/{one.name} has the role {users[one.name].role}"
        for one in PEOPLE
        if one.name in users and users[one.name].role is not one.role
    ]
    known = {one.name for one in PEOPLE} | set(VICTIMS)
    problems += [
        f"users/{uid} is no employee" for uid, user in users.items() if uid not in known and user.role != "employee"
    ]
    if not any(is_active_admin(user) for user in users.values()):
        problems.append("nobody administers any more")
    return problems


def _malformed(kind: Kind[Any]) -> list[str]:
    found = []
    for snapshot in bootstrap.firestore_client().collection(kind.collection).stream():
        try:
            decoded(kind, snapshot)
        except ValidationError as error:
            found.append(f"{kind.collection}/{snapshot.id} is not of its model: {error.error_count()} errors")
    return found
