"""The use cases of an incident's life over one implementation of the store, with a few people in it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from shared.domain.incident import Incident, IncidentChange, IncidentReport
from shared.domain.links import LinkRequest, OtherIncident
from shared.domain.merges import Merged, MergeRequest
from shared.domain.observables import Observable, ObservableSource, ObservableType
from shared.domain.people import Identity
from shared.domain.permissions import Role
from shared.domain.splits import SplitRequest
from shared.domain.timeline import TimelineEntry
from shared.ports.repositories import Incidents
from shared.ports.store import AUDIT, INCIDENTS, USERS, Store, timeline_of
from shared.services.audit import AuditTrail
from shared.services.incidents.accepting import ReportAcceptance
from shared.services.incidents.changing import IncidentChanging, Rules
from shared.services.incidents.custom_fields import CustomFieldAdministration, CustomFieldValues
from shared.services.incidents.joining import IncidentJoining
from shared.services.incidents.linking import IncidentLinking
from shared.services.incidents.merging import IncidentMerging
from shared.services.incidents.recording import IncidentRecord
from shared.services.incidents.reporting import reference_of
from shared.services.incidents.splitting import IncidentSplitting, Tools
from tests.builders import incident, user
from tests.fakes import START, CountingIds, FakeCipher, FakeClock


def who(uid: str, role: Role = Role.EMPLOYEE) -> Identity:
    return Identity(uid, f"{uid}@example.org", role, email_verified=True)


EMP, OTHER = who("emp"), who("other")
ANA, BEN = who("ana", Role.SECURITY_TEAM), who("ben", Role.SECURITY_TEAM)
ADMIN = who("adm", Role.ADMIN)
PEOPLE = [
    user("emp", Role.EMPLOYEE),
    user("other", Role.EMPLOYEE),
    user("ana"),
    user("ben"),
    user("adm", Role.ADMIN),
    user("gone", disabled=True),
]
_ADDRESS = re.compile(r"\b192\.0\.2\.\d+\b")


def observable(value: str = "192.0.2.1", **changes: Any) -> Observable:
    values: dict[str, Any] = {"type": ObservableType.IP, "value": value, "first_seen_at": START}
    return Observable(**(values | changes))


def observe(found: Incident, text: str, source: ObservableSource, at: datetime) -> Incident:
    """Finds addresses of 192.0.2.0/24, as the real one finds all kinds of things."""
    there = {one.value for one in found.observables}
    new = [value for value in dict.fromkeys(_ADDRESS.findall(text)) if value not in there]
    if not new:
        return found
    seen = [observable(value, source=source, first_seen_at=at) for value in new]
    return found.model_copy(update={"observables": [*found.observables, *seen]})


class World:
    """Every use case, and short ways to use them as `ana` of the security team."""

    def __init__(self, store: Store, incidents: Incidents) -> None:
        self.store = store
        self.clock = FakeClock(START + timedelta(hours=1))
        self.incidents = incidents
        ids = CountingIds()
        trail = AuditTrail(FakeCipher(), self.clock, ids)
        self.record = IncidentRecord(trail, self.clock, ids)
        self.fields = CustomFieldAdministration(store, trail, self.clock)
        self.values = CustomFieldValues(self.fields, self.clock)
        rules = Rules(self.values.checked, observe)
        self.changing = IncidentChanging(incidents, store, self.record, self.clock, rules)
        self.accepts = ReportAcceptance(store, self.values.checked)
        self.linking = IncidentLinking(store, self.record, self.clock)
        self.merging = IncidentMerging(store, self.record, observe, self.clock)
        self.joining = IncidentJoining(store, self.merging)
        self.splitting = IncidentSplitting(store, Tools(self.record, observe, self.clock, ids))
        for one in PEOPLE:
            store.create(USERS, one)

    def has(self, incident_id: str, **changes: Any) -> Incident:
        """An incident that is there from the start."""
        values = {"id": incident_id, "reference": reference_of(incident_id)} | changes
        made = incident(**values)
        self.store.create(INCIDENTS, made)
        return made

    def get(self, incident_id: str) -> Incident:
        found = self.store.get(INCIDENTS, incident_id)
        assert found is not None
        return found

    def change(self, incident_id: str, by: Identity = ANA, **changes: Any) -> Incident:
        """A change on the present version."""
        return self.changing.change(by, incident_id, IncidentChange(**changes), self.get(incident_id).version)

    def report(self, by: Identity = EMP, **changes: Any) -> IncidentReport:
        values = {"title": "Mail asked for my password", "description": "It led to a page that looked like ours."}
        return self.accepts(by, IncidentReport(**(values | changes)))

    def link(self, one: str, kind: str, other: str, by: Identity = ANA) -> Incident:
        return self.linking.link(by, one, LinkRequest(kind=kind, incident_id=other))

    def merge(self, source: str, into: str, by: Identity = ANA, reason: str | None = None) -> Merged:
        return self.merging.merge(by, source, MergeRequest(into=into, reason=reason))

    def undo(self, source: str, by: Identity = ANA) -> Merged:
        return self.merging.undo(by, source)

    def join(self, own: str, other: str, by: Identity = EMP) -> Incident:
        return self.joining.join(by, own, OtherIncident(incident_id=other))

    def split(self, incident_id: str, by: Identity = ANA, key: str | None = None, **changes: Any) -> Incident:
        values = {
            "title": "A second thing",
            "description": "It turned out to be another one.",
            "reason": "Other attacker",
        }
        return self.splitting.split(by, incident_id, SplitRequest(**(values | changes)), key).incident

    def timeline(self, incident_id: str) -> list[TimelineEntry]:
        """In the order in which they were written."""
        return sorted(self.store.run(lambda work: work.find(timeline_of(incident_id), 500)), key=lambda one: one.id)

    def actions(self) -> list[str]:
        """Of the audit trail, in the order in which they were written."""
        found = self.store.run(lambda work: work.find(AUDIT, 500))
        return [one.action for one in sorted(found, key=lambda one: one.id)]
