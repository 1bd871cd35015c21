"""Incidents, people and everything that tells them, over a fake or the real store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.assignment import AssignmentRequest
from shared.domain.audit import AuditEntry
from shared.domain.incident import Incident
from shared.domain.mail import OutboxMail
from shared.domain.messages import Message
from shared.domain.notifications import Notification
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.domain.rota import Rota, RotaPlan
from shared.domain.timeline import TimelineChange, TimelineEntry, TimelineKind
from shared.ports.notifications import notifications_of
from shared.ports.rota import ROTAS
from shared.ports.store import AUDIT, INCIDENTS, OUTBOX, messages_of, timeline_of
from shared.services.audit import AuditTrail
from shared.services.incidents.assigning import IncidentAssigning
from shared.services.incidents.recording import IncidentRecord
from shared.services.incidents.timeline import ActivityEntering, TimelineReading
from shared.services.notifications.inbox import NotificationInbox
from shared.services.notifications.incident_notices import IncidentNotices
from shared.services.on_call.rota import OnCallRota
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident, user
from tests.fakes import START, CountingIds, FakeCipher, FakeClock, FakeUsers
from tests.notify_fakes import FakeNotifications, FakeTimelines, FakeWorkload

URL = "https://secura.example.org"
BO = Identity("bo", "bo@example.org", Role.SECURITY_TEAM)
PLAN = RotaPlan.model_validate({"handover": {"time": "09:00"}, "members": ["ana", "bo"], "starts_on": "2026-11-23"})


def reply_link(what: Incident, message: Message, uid: str) -> str:
    return f"{URL}/reply/{what.id}/{message.id}/{uid}"


class World:
    """The employees emp and other, the team's ana and bo, the administrator adm; the incident `abc` of emp."""

    def __init__(self, **changes: Any) -> None:
        self.users = FakeUsers()
        self.store = self.users.store
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.trail = AuditTrail(FakeCipher(), self.clock, self.ids)
        self.record = IncidentRecord(self.trail, self.clock, self.ids)
        self.assigning = IncidentAssigning(self.store, self.users, FakeWorkload(self.store), self.record, self.clock)
        self.rota = OnCallRota(self.store, self.trail, self.clock)
        self.reading = TimelineReading(FakeTimelines(self.store), self.store, self.record)
        self.entering = ActivityEntering(self.store, self.trail, self.record, self.clock)
        self.inbox = NotificationInbox(FakeNotifications(self.store), self.store, self.clock)
        self.notices = IncidentNotices(self.store, reply_link, self.clock, URL)
        for who in (EMPLOYEE, OTHER_EMPLOYEE, ANALYST, BO, ADMIN):
            assert who.role is not None
            self.join(who.uid, who.role)
        self.keep(**changes)

    def join(self, uid: str, role: Role = Role.SECURITY_TEAM, **changes: Any) -> User:
        """Somebody, or the same person with changes."""
        person = user(uid, role, **changes)
        self.users.kept[uid] = person
        return person

    def keep(self, **changes: Any) -> Incident:
        """An incident; `abc` where no id is given."""
        one = incident(**changes)
        self.store.add(INCIDENTS, one)
        return one

    def incident(self, key: str = "abc") -> Incident:
        found = self.store.get(INCIDENTS, key)
        assert found is not None
        return found

    def assign(self, who: Identity = ANALYST, version: int | None = None, **request: Any) -> Incident:
        return self.assigning.assign(who, "abc", AssignmentRequest.model_validate(request), version)

    def set_rota(self, plan: RotaPlan = PLAN) -> None:
        fields = {name: getattr(plan, name) for name in RotaPlan.model_fields}
        self.store.add(ROTAS, Rota.model_validate({**fields, "updated_at": START, "updated_by": "adm"}))

    def timeline(self, kind: TimelineKind | None = None) -> list[TimelineEntry]:
        return [one for one in self.store.all(timeline_of("abc")) if kind in {None, one.kind}]

    def audit(self, action: str) -> list[AuditEntry]:
        return [one for one in self.store.all(AUDIT) if one.action == action]

    def happens(
        self,
        who: Identity,
        kind: TimelineKind,
        changes: Mapping[str, tuple[object, object]] | None = None,
        **more: Any,
    ) -> str:
        """An entry of the timeline of `abc`, and its id; nobody is told yet."""
        told = [TimelineChange(field=field, old=old, new=new) for field, (old, new) in (changes or {}).items()]
        entry = self.record.entry(who, "abc", kind, changes=told, **more)
        self.store.add(timeline_of("abc"), entry)
        return entry.id

    def message(self, author: Identity, body: str = "Hello there.", **more: Any) -> Message:
        """A message and its entry in the timeline, of which everybody is told."""
        key = more.pop("id", f"m{len(self.store.all(messages_of('abc')))}")
        by_team = author.role is not Role.EMPLOYEE
        values = {"id": key, "incident_id": "abc", "author_id": author.uid, "by_team": by_team, "body": body}
        message = Message.model_validate(values | {"thread": key, "created_at": START} | more)
        self.store.add(messages_of("abc"), message)
        self.tell(self.happens(author, TimelineKind.MESSAGE, about=key, internal=message.internal))
        return message

    def tell(self, entry_id: str) -> int:
        return self.notices.tell("abc", entry_id)

    def told(self, uid: str) -> list[Notification]:
        return self.store.all(notifications_of(uid))

    def mails(self, uid: str | None = None) -> list[OutboxMail]:
        return [one for one in self.store.all(OUTBOX) if uid is None or one.message.to == [f"{uid}@example.org"]]

    def mailed(self) -> dict[str, list[str]]:
        """The kinds of the mails that everybody got."""
        found: dict[str, list[str]] = {}
        for one in self.mails():
            found.setdefault(one.message.to[0].split("@")[0], []).append(one.kind)
        return found
