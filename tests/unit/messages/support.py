"""The conversation's use cases over any store, and the people who talk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.audit import AuditEntry
from shared.domain.incident import Incident
from shared.domain.messages import Message, MessageDraft
from shared.domain.observables import Observable, ObservableSource, ObservableType
from shared.domain.people import Identity
from shared.domain.permissions import Role
from shared.domain.timeline import TimelineEntry
from shared.ports.messages import Messages
from shared.ports.store import AUDIT, INCIDENTS, USERS, Store, timeline_of
from shared.services.audit import AuditTrail
from shared.services.incidents.recording import IncidentRecord
from shared.services.messages.editing import MessageEditing
from shared.services.messages.reading import MessageReading
from shared.services.messages.receipts import ReadReceipts
from shared.services.messages.recording import MessageRecord
from shared.services.messages.replying import MessageReplying
from shared.services.messages.views import ShownMessage
from shared.services.messages.writing import MessageWriting
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident, user
from tests.fakes import CountingIds, FakeCipher, FakeClock, FakeLinkTokens, FakeStore
from tests.message_fakes import FakeMessages

BEA = Identity("bea", "bea@example.org", Role.SECURITY_TEAM)
GUEST = Identity("guest", "guest@example.org", Role.EMPLOYEE)
LONG_UID = "carol0123456789abcdef"
CAROL = Identity(LONG_UID, "carol@example.org", Role.SECURITY_TEAM)
PEOPLE = (EMPLOYEE, OTHER_EMPLOYEE, ANALYST, BEA, ADMIN, GUEST, CAROL)


def spot(incident: Incident, text: str, source: ObservableSource, at: Any) -> Incident:
    """An extraction that knows one domain."""
    if "evil.example" not in text or incident.observables:
        return incident
    found = Observable(type=ObservableType.DOMAIN, value="evil.example", source=source, first_seen_at=at)
    return incident.model_copy(update={"observables": [found]})


class Conversation:
    """One incident, `abc`, that EMPLOYEE reported, and the use cases."""

    def __init__(self, store: Store | None = None, messages: Messages | None = None, **changes: Any) -> None:
        fake = FakeStore()
        self.store: Store = store or fake
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.trail = AuditTrail(FakeCipher(), self.clock, self.ids)
        self.tokens = FakeLinkTokens(self.clock)
        record = IncidentRecord(self.trail, self.clock, self.ids)
        both = MessageRecord(self.trail, record)
        self.writing = MessageWriting(self.store, both, spot, self.clock, self.ids)
        self.editing = MessageEditing(self.store, both, spot, self.clock)
        self.reading = MessageReading(messages or FakeMessages(fake), self.store, record)
        self.receipts = ReadReceipts(self.store, self.clock)
        self.replying = MessageReplying(self.tokens, self.store, self.writing)
        self.keep(incident(**changes))
        for who in PEOPLE:
            assert who.role is not None
            self.store.create(USERS, user(who.uid, who.role, email=who.email))

    def keep(self, one: Incident) -> None:
        self.store.run(lambda work: work.put(INCIDENTS, one))

    @property
    def incident(self) -> Incident:
        found = self.store.get(INCIDENTS, "abc")
        assert found is not None
        return found

    def change(self, **changes: Any) -> None:
        self.keep(self.incident.model_copy(update=changes))

    def disable(self, who: Identity) -> None:
        assert who.role is not None
        gone = user(who.uid, who.role, email=who.email, disabled=True)
        self.store.run(lambda work: work.put(USERS, gone))

    def forget(self, who: Identity) -> None:
        self.store.run(lambda work: work.delete(USERS, who.uid))

    def say(self, who: Identity, body: str, key: str | None = None, **more: Any) -> Message:
        """Write it, a second after what was written before."""
        self.clock.advance(timedelta(seconds=1))
        return self.writing.write(who, "abc", MessageDraft(body=body, **more), key).message

    def shown(self, who: Identity, **how: Any) -> list[ShownMessage]:
        return self.reading.find(who, "abc", 50, **how).items

    def bodies(self, who: Identity, **how: Any) -> list[str | None]:
        return [one.body for one in self.shown(who, **how)]

    def audit(self, action: str) -> list[AuditEntry]:
        return self.store.run(lambda work: work.find(AUDIT, 50, action=action))

    def timeline(self) -> list[TimelineEntry]:
        found = self.store.run(lambda work: work.find(timeline_of("abc"), 50))
        return sorted(found, key=lambda entry: entry.at)


def as_role(who: Identity, role: Role) -> Identity:
    return replace(who, role=role)
