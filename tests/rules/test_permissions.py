"""What the rules let a role read is what the one table of permissions lets it read."""

from __future__ import annotations

import pytest

from shared.domain.permissions import Permission, Role, allows
from tests.rules.personas import PERSONAS
from tests.rules.table import ALLOWED, EVERYONE

# A read in the rules' table → the permission that stands for it.
MEANT = {
    ("get", "users/{me}"): Permission.PROFILE_READ,
    ("list", "users/{me}/sessions"): Permission.SESSION_LIST,
    ("get", "applications/of-{me}"): Permission.APPLICATION_READ_OWN,
    ("list", "applications where applicant_id == {me}"): Permission.APPLICATION_READ_OWN,
    ("get", "applications/of-somebody"): Permission.APPLICATION_REVIEW,
    ("list", "applications"): Permission.APPLICATION_REVIEW,
    ("get", "incidents/of-{me}"): Permission.INCIDENT_READ_OWN,
    ("list", "incidents where reporter_id == {me}"): Permission.INCIDENT_READ_OWN,
    ("get", "incidents/of-somebody"): Permission.INCIDENT_READ_ALL,
    ("list", "incidents where confidential == false"): Permission.INCIDENT_READ_ALL,
}


@pytest.mark.parametrize(("read", "permission"), MEANT.items(), ids=str)
def test_the_rules_and_the_permissions_agree(read, permission):
    roles = {one.name: Role(one.document["role"]) for one in PERSONAS if one.name in EVERYONE and one.document}
    assert set(roles) == EVERYONE
    assert ALLOWED[read] == {name for name, role in roles.items() if allows(role, permission)}
