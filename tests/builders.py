"""Small ready-made values for tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.domain.incident import Incident
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.services.audit import AuditTrail
from shared.services.incidents.recording import IncidentRecord
from tests.fakes import START, CountingIds, FakeCipher, FakeClock

IDS = CountingIds()
RECORD = IncidentRecord(AuditTrail(FakeCipher(), FakeClock(), IDS), FakeClock(), IDS)
EMPLOYEE = Identity("emp", "emp@example.org", Role.EMPLOYEE)
OTHER_EMPLOYEE = Identity("other", "other@example.org", Role.EMPLOYEE)
ANALYST = Identity("ana", "ana@example.org", Role.SECURITY_TEAM)
ADMIN = Identity("adm", "adm@example.org", Role.ADMIN)


def incident(**changes: Any) -> Incident:
    """An incident that EMPLOYEE reported at START."""
    at: datetime = changes.pop("created_at", START)
    values: dict[str, Any] = {
        "id": "abc",
        "reference": "INC-0000-0000",
        "title": "Mail asked for my password",
        "description": "A mail led to a page that looked like ours and I typed my password.",
        "reporter_id": EMPLOYEE.uid,
        "detected_at": at,
        "reported_at": at,
        "created_at": at,
        "updated_at": at,
    }
    return Incident(**(values | changes))


def user(uid: str, role: Role = Role.SECURITY_TEAM, **changes: Any) -> User:
    """A user with an address made of the uid."""
    values: dict[str, Any] = {
        "uid": uid,
        "email": f"{uid}@example.org",
        "role": role,
        "display_name": uid.title(),
        "created_at": START,
        "updated_at": START,
    }
    return User(**(values | changes))
