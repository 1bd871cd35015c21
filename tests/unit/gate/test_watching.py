"""Sessions that ended, sessions that are noted, refused requests that are counted, and what becomes of the counts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.access import AccessFilter, Refusal, SubjectKind
from shared.domain.errors import InvalidInputError, NotAuthenticatedError, NotFoundError, UnavailableError
from shared.domain.people import Channels, Identity, Notifications, Origin
from shared.domain.permissions import Role
from shared.domain.sessions import Revocation
from shared.ports.access import ALERTS
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import AUDIT, USERS
from shared.services.access.alerting import AccessAlerting
from shared.services.access.monitoring import AccessMonitor
from shared.services.access.noting import SessionNotes
from shared.services.access.reading import AccessReading
from shared.services.access.revoked import RevokedSessions
from shared.services.accounts.sessions import SessionEnding, SessionListing
from shared.services.audit.recording import AuditTrail
from tests.access_fakes import FakeAccess, FakeRevocations, FakeSessions
from tests.builders import user
from tests.fakes import START, CountingIds, FakeAccounts, FakeCipher, FakeClock, FakeOutbox, FakeStore, FakeUsers

NEXT = START + timedelta(seconds=1)
ORIGIN = Origin("203.0.113.9", "Browser", "r1")
BEGAN = START - timedelta(hours=2)
ANA = Identity("ana", "ana@example.org", Role.ADMIN, email_verified=True, signed_in_at=BEGAN, origin=ORIGIN)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def trail(clock):
    return AuditTrail(FakeCipher(), clock, CountingIds())


class TestRevoked:
    @pytest.fixture
    def revocations(self, store, clock):
        return FakeRevocations(store, clock)

    @pytest.fixture
    def revoked(self, revocations, clock):
        return RevokedSessions(revocations, clock)

    def is_refused(self, revoked, identity=ANA):
        try:
            revoked.check(identity)
        except NotAuthenticatedError as error:
            return error.reason == "revoked"
        return False

    def test_a_session_that_was_ended_is_over_within_seconds(self, store, clock, revoked):
        assert not self.is_refused(revoked)
        store.add(REVOCATIONS, Revocation.of("ana", START))
        clock.advance(timedelta(seconds=16))
        assert self.is_refused(revoked)
        assert not self.is_refused(revoked, replace(ANA, uid="bo"))
        assert not self.is_refused(revoked, replace(ANA, signed_in_at=START))
        assert self.is_refused(revoked, replace(ANA, signed_in_at=None))

    def test_it_costs_one_query_in_fifteen_seconds(self, clock, revoked, revocations):
        for _ in range(60):
            self.is_refused(revoked)
            clock.advance(timedelta(seconds=1))
        assert revocations.calls == 4

    def test_a_revocation_is_forgotten_when_no_token_of_before_can_hold(self, store, clock, revoked):
        store.add(REVOCATIONS, Revocation.of("ana", START))
        clock.advance(timedelta(minutes=64))
        assert self.is_refused(revoked)
        clock.advance(timedelta(minutes=2))
        assert not self.is_refused(revoked)

    def test_what_is_known_stays_in_force_when_the_database_does_not_answer(
        self, store, clock, revoked, revocations, capsys
    ):
        store.add(REVOCATIONS, Revocation.of("ana", START))
        assert self.is_refused(revoked)
        revocations.down = True
        clock.advance(timedelta(seconds=16))
        assert self.is_refused(revoked)
        assert "could not be loaded" in capsys.readouterr().out
        assert not self.is_refused(RevokedSessions(revocations, clock))

    def test_nobody_waits_while_one_loads_again(self, clock, store):
        loading, go_on = threading.Event(), threading.Event()

        class Slow(FakeRevocations):
            def recent(self):
                if self.calls:
                    loading.set()
                    assert go_on.wait(30)
                return super().recent()

        revoked = RevokedSessions(Slow(store, clock), clock)
        assert not self.is_refused(revoked)
        clock.advance(timedelta(seconds=16))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.is_refused, revoked)
            assert loading.wait(30)
            assert not self.is_refused(revoked)  # it would wait for ever here
            go_on.set()
            assert first.result(30) is False


class TestNotes:
    @pytest.fixture
    def sessions(self):
        return FakeSessions()

    @pytest.fixture
    def notes(self, sessions, clock):
        return SessionNotes(sessions, clock)

    def test_a_session_is_noted_with_where_it_is_from(self, sessions, notes, clock):
        notes.note(ANA)
        [kept] = sessions.list("ana")
        assert kept.id == str(int(BEGAN.timestamp()))
        assert (kept.signed_in_at, kept.last_seen_at) == (ANA.signed_in_at, clock.now())
        assert (kept.address, kept.user_agent, kept.second_factor) == ("203.0.113.9", "Browser", None)
        assert kept.expires_at == clock.now() + timedelta(days=90)

    def test_once_an_hour_is_enough(self, sessions, notes, clock):
        for _ in range(180):
            notes.note(ANA)
            clock.advance(timedelta(minutes=1))
        assert sessions.calls == 3
        [kept] = sessions.list("ana")
        assert kept.last_seen_at == START + timedelta(hours=2)
        notes.note(replace(ANA, signed_in_at=START))
        assert len(sessions.list("ana")) == 2

    def test_a_failure_stops_nobody(self, sessions, notes, capsys):
        sessions.down = True
        notes.note(ANA)
        assert "could not be noted" in capsys.readouterr().out

    def test_memory_is_bounded(self, sessions, clock):
        notes = SessionNotes(sessions, clock, capacity=10)
        for number in range(50):
            notes.note(replace(ANA, uid=str(number)))
        assert len(notes._noted) == 10

    def test_ones_own_sessions_are_listed_and_the_one_that_asks_is_marked(self, sessions, notes, clock):
        notes.note(replace(ANA, signed_in_at=START - timedelta(days=3)))
        clock.advance(timedelta(minutes=1))
        notes.note(ANA)
        notes.note(replace(ANA, uid="bo"))
        found = SessionListing(sessions).own(ANA).items
        assert [(one.signed_in_at, one.current) for one in found] == [
            (ANA.signed_in_at, True),
            (START - timedelta(days=3), False),
        ]


class TestEnding:
    @pytest.fixture
    def accounts(self):
        accounts = FakeAccounts()
        accounts.create("bo", "bo@example.org", "a long enough password", "Bo")
        return accounts

    @pytest.fixture
    def sessions(self):
        return FakeSessions()

    @pytest.fixture
    def ending(self, store, accounts, sessions, trail, clock):
        store.add(USERS, user("bo"))
        return SessionEnding(store, accounts, sessions, trail, clock)

    def test_everything_is_told(self, ending, store, accounts, sessions, clock):
        clock.advance(timedelta(microseconds=700_000))
        valid_from = ending.end_all(ANA, "bo", "left the company")
        assert valid_from == NEXT  # tokens tell whole seconds: what began in this one ends too
        assert store.get(USERS, "bo").sessions_valid_from == NEXT
        assert store.get(REVOCATIONS, "bo") == Revocation.of("bo", NEXT)
        assert clock.now() >= NEXT  # who signs in again behind the answer gets a session that holds
        assert accounts.revoked == ["bo"]
        assert sessions.list("bo") == []
        [entry] = store.all(AUDIT)
        assert (entry.action, entry.actor.id, entry.target.id, entry.subject) == (
            "user:sessions_revoked",
            "ana",
            "bo",
            "bo",
        )
        assert "company" not in entry.model_dump_json()

    def test_nobody_is_not_found(self, ending, store, accounts):
        with pytest.raises(NotFoundError):
            ending.end_all(ANA, "nobody")
        assert (store.all(AUDIT), store.all(REVOCATIONS), accounts.revoked) == ([], [], [])

    def test_tokens_are_dead_even_when_the_provider_does_not_answer(self, ending, store, accounts):
        accounts.down = True
        with pytest.raises(UnavailableError):
            ending.end_all(ANA, "bo")
        assert store.get(REVOCATIONS, "bo").valid_from == NEXT
        accounts.down = False
        ending.end_all(ANA, "bo")
        assert accounts.revoked == ["bo"]


class TestMonitor:
    @pytest.fixture
    def access(self):
        return FakeAccess()

    @pytest.fixture
    def monitor(self, access, clock):
        return AccessMonitor(access, clock, threshold=5)

    def refuse(self, monitor, times=1, subject="203.0.113.9", refusal=Refusal.FORBIDDEN, kind=SubjectKind.ADDRESS):
        for _ in range(times):
            monitor.refused(kind, subject, refusal, "GET /api/incidents/{id}")

    def test_refused_requests_are_counted_by_subject_and_hour(self, access, monitor, clock):
        self.refuse(monitor, 2)
        self.refuse(monitor, 1, refusal=Refusal.UNAUTHENTICATED)
        self.refuse(monitor, 1, subject="ana", kind=SubjectKind.USER)
        clock.advance(timedelta(hours=1))
        self.refuse(monitor, 1)
        newest, *rest = access.find(AccessFilter(), 9)
        assert (newest.subject, newest.total, newest.window_start) == ("203.0.113.9", 1, START + timedelta(hours=1))
        counted = {one.subject: one for one in rest}
        assert counted["203.0.113.9"].counts.model_dump() == {"unauthenticated": 1, "forbidden": 2, "limited": 0}
        assert (counted["ana"].total, counted["ana"].last_path) == (1, "GET /api/incidents/{id}")
        assert access.alerts == {}

    def test_of_many_there_is_one_alert(self, access, monitor, clock, capsys):
        self.refuse(monitor, 4)
        assert access.alerts == {}
        self.refuse(monitor, 40)
        [alert] = access.alerts.values()
        assert (alert.subject, alert.total, alert.window_start) == ("203.0.113.9", 5, START)
        assert access.attempts[alert.id].alerted_at == START
        told = capsys.readouterr().out
        assert told.count("many requests were refused") == 1
        assert "203.0.113.9" not in told

    def test_instances_that_come_past_the_threshold_together_make_one_alert(self, access, clock):
        instances = [AccessMonitor(access, clock, threshold=5) for _ in range(3)]
        for _ in range(4):
            for monitor in instances:
                self.refuse(monitor)
        assert len(access.alerts) == 1

    def test_an_alert_that_failed_is_made_by_the_next_refusal(self, access, monitor, capsys):
        self.refuse(monitor, 4)
        access.down = True
        self.refuse(monitor, 1)
        assert "could not be counted" in capsys.readouterr().out
        access.down = False
        self.refuse(monitor, 1)
        assert len(access.alerts) == 1

    def test_an_attack_costs_little_and_is_counted_all_the_same(self, access, monitor, clock):
        self.refuse(monitor, 1000)
        assert access.calls <= 7
        clock.advance(timedelta(seconds=11))
        self.refuse(monitor, 1)
        assert access.calls <= 8
        assert next(iter(access.attempts.values())).total == 1001

    def test_from_many_addresses_it_costs_no_more_than_the_budget(self, access, clock):
        monitor = AccessMonitor(access, clock, threshold=5)
        for number in range(5000):
            self.refuse(monitor, subject=f"203.0.{number // 256}.{number % 256}")
        assert access.calls == 600
        clock.advance(timedelta(minutes=1))
        self.refuse(monitor)
        assert access.calls == 601

    def test_memory_is_bounded(self, access, clock):
        monitor = AccessMonitor(access, clock, threshold=5, capacity=10)
        for number in range(50):
            self.refuse(monitor, subject=str(number))
        assert len(monitor._subjects) == 10

    def test_administrators_read_it_in_pages_and_that_is_audited(self, access, monitor, store, trail):
        for number in range(5):
            self.refuse(monitor, subject=f"203.0.113.{number}")
        reading = AccessReading(access, store, trail)
        where = AccessFilter(kind=SubjectKind.ADDRESS)
        first = reading.find(ANA, where, 2)
        second = reading.find(ANA, where, 2, first.next_cursor)
        third = reading.find(ANA, where, 2, second.next_cursor)
        assert third.next_cursor is None
        assert len({one.id for page in (first, second, third) for one in page.items}) == 5
        assert [entry.action for entry in store.all(AUDIT)] == ["access:listed"] * 3
        with pytest.raises(InvalidInputError):
            reading.find(ANA, where, 2, "rubbish")

    def alerting(self, store, clock, outbox, *admins):
        return AccessAlerting(store, FakeUsers(*admins), outbox, clock, "https://secura.example.org")

    def test_administrators_who_want_it_are_mailed_once(self, access, monitor, clock, store):
        self.refuse(monitor, 5)
        [alert] = access.alerts.values()
        store.add(ALERTS, alert)
        quiet = user("quiet", Role.ADMIN, notifications=Notifications(access_alert=Channels(email=False)))
        outbox = FakeOutbox()
        alerting = self.alerting(store, clock, outbox, user("root", Role.ADMIN), quiet, user("emp"))
        assert alerting.queue(alert.id) == alerting.queue(alert.id) == f"access_alert-{alert.id}"
        [mail] = outbox.kept.values()
        assert mail.message.to == ["root@example.org"]
        assert "203.0.113.9" not in mail.model_dump_json()
        assert "5 when this alert was raised" in mail.message.text
        link = "https://secura.example.org/api/auth/admin/access?kind=address&amp;alerts_only=true"
        assert link in mail.message.html

    def test_nobody_to_tell_is_no_mail_and_no_alert_is_an_error(self, access, monitor, clock, store):
        self.refuse(monitor, 5)
        [alert] = access.alerts.values()
        store.add(ALERTS, alert)
        outbox = FakeOutbox()
        assert self.alerting(store, clock, outbox).queue(alert.id) is None
        assert outbox.kept == {}
        with pytest.raises(NotFoundError):
            self.alerting(store, clock, outbox).queue("other")
