"""The demo users of scripts/local. They exist on the embedded services only: the passwords are in the README."""

from __future__ import annotations

import os
from dataclasses import dataclass

from shared.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Somebody to try the platform as."""

    email: str
    password: str
    name: str
    role: Role
    department: str


DEMO_USERS = (
    DemoUser("admin@secura.com", "SecuraAdmin123!", "Alex Admin", Role.ADMIN, "IT"),
    DemoUser("security.lead@secura.com", "SecuraSecLead123!", "Sam Lead", Role.SECURITY_TEAM, "Security"),
    DemoUser("analyst1@secura.com", "SecuraAnalyst123!", "Ana Analyst", Role.SECURITY_TEAM, "Security"),
    DemoUser("analyst2@secura.com", "SecuraAnalyst234!", "Bo Analyst", Role.SECURITY_TEAM, "Security"),
    DemoUser("incident.response@secura.com", "SecuraIncident123!", "Iris Response", Role.SECURITY_TEAM, "Security"),
    DemoUser("employee1@secura.com", "SecuraEmployee123!", "Emil Employee", Role.EMPLOYEE, "Sales"),
    DemoUser("employee2@secura.com", "SecuraEmployee234!", "Erin Employee", Role.EMPLOYEE, "Finance"),
)


_KEY = "demo"


class NotLocalError(RuntimeError):
    """The services to create them on are not the embedded ones."""


def create_demo_users() -> None:
    """Create those who are missing; those who are there stay as somebody may have changed them.

    Raises:
        NotLocalError: the process is not bound to embedded services: known passwords never reach a real project.
    """
    if not (os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") and os.environ.get("FIRESTORE_EMULATOR_HOST")):
        raise NotLocalError("Demo users are for the embedded services only")
    from shared import bootstrap
    from shared.domain.audit import Actor
    from shared.services.accounts.provisioning import NewPerson
    from shared.services.accounts.registration import keyed_uid

    provisioning = bootstrap.account_provisioning()
    users = bootstrap.users()
    for user in DEMO_USERS:
        uid = keyed_uid(user.email, _KEY)
        if users.get(uid) is None:
            person = NewPerson(email=user.email, display_name=user.name, department=user.department, role=user.role)
            provisioning.provision(Actor(kind="script", id="demo"), person, user.password, "demo user", uid)


if __name__ == "__main__":
    create_demo_users()
