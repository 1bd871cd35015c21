"""The gate's ports: counters, revocations, sessions, refused requests; the fake and Firestore side by side."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from shared.adapters.firestore.access import FirestoreAccess
from shared.adapters.firestore.counters import FirestoreCounters
from shared.adapters.firestore.revocations import FirestoreRevocations
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.firestore.store import FirestoreStore
from shared.domain.access import AccessAlert, AccessFilter, Refusal, SubjectKind, attempts_id, window_of
from shared.domain.errors import UnavailableError
from shared.domain.limits import Quota
from shared.domain.paging import Cursor
from shared.domain.sessions import Revocation, Session, session_id
from shared.ports.access import ALERTS, ATTEMPTS, RefusedRequests
from shared.ports.revocations import REVOCATIONS
from shared.services.access.limiting import RateLimiter
from tests.access_fakes import FakeAccess, FakeCounters, FakeRevocations, FakeSessions
from tests.fakes import FakeClock, FakeStore

# Of tomorrow: what has expired by the real clock, the database removes.
START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
BOTH = pytest.fixture(params=["fake", "firestore"])


@BOTH
def counters(request):
    return FakeCounters() if request.param == "fake" else FirestoreCounters(request.getfixturevalue("firestore"))


class TestCounters:
    def test_additions_come_to_a_total(self, counters):
        later = START + timedelta(minutes=1)
        assert [counters.add("a", amount, later) for amount in (1, 2, 4)] == [1, 3, 7]
        assert counters.add("b", 5, later) == 5

    def test_everybody_gets_a_share_of_their_own(self, counters):
        with ThreadPoolExecutor(8) as pool:
            totals = list(pool.map(lambda _: counters.add("c", 3, START), range(24)))
        assert sorted(totals) == [3 * number for number in range(1, 25)]

    def test_instances_grant_exactly_the_quota_together(self, counters):
        clock = FakeClock(START)
        instances = [RateLimiter(counters, clock) for _ in range(4)]
        quota = Quota(50, 60)

        def ask(number):
            return instances[number % 4].take("write-user", "ana", quota).allowed

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, range(400))) == 50


class TestRevocations:
    @pytest.fixture
    def clock(self):
        return FakeClock(START)

    @BOTH
    def place(self, request, clock):
        if request.param == "fake":
            store = FakeStore()
            return store, FakeRevocations(store, clock)
        client = request.getfixturevalue("firestore")
        return FirestoreStore(client), FirestoreRevocations(client, clock)

    def test_those_that_can_still_matter_are_found(self, place, clock):
        store, revocations = place
        assert revocations.recent() == {}

        def write(work):
            work.put(REVOCATIONS, Revocation.of("ana", START))
            work.put(REVOCATIONS, Revocation.of("bo", START - timedelta(hours=1)))
            work.put(REVOCATIONS, Revocation.of("old", START - timedelta(minutes=66)))

        store.run(write)
        assert revocations.recent() == {"ana": START, "bo": START - timedelta(hours=1)}
        store.run(lambda work: work.put(REVOCATIONS, Revocation.of("bo", START)))
        assert revocations.recent() == {"ana": START, "bo": START}
        clock.advance(timedelta(hours=2))
        assert revocations.recent() == {}


def session(began, **changes):
    values = {
        "id": session_id(began),
        "signed_in_at": began,
        "last_seen_at": began,
        "address": "203.0.113.9",
        "user_agent": "Browser",
        "second_factor": "totp",
        "expires_at": began + timedelta(days=90),
    }
    return Session(**(values | changes))


class TestSessions:
    @BOTH
    def sessions(self, request):
        return FakeSessions() if request.param == "fake" else FirestoreSessions(request.getfixturevalue("firestore"))

    def test_they_are_kept_and_renewed(self, sessions):
        later = START + timedelta(hours=1)
        sessions.seen("ana", session(START))
        sessions.seen("ana", session(later))
        again = session(START, last_seen_at=later + timedelta(hours=1), address=None)
        sessions.seen("ana", again)
        sessions.seen("bo", session(START))
        assert sessions.list("ana") == [again, session(later)]
        assert sessions.list("bo") == [session(START)]

    def test_all_of_one_person_are_forgotten(self, sessions):
        for number in range(3):
            sessions.seen("ana", session(START + timedelta(seconds=number)))
        sessions.seen("bo", session(START))
        sessions.forget_all("ana")
        sessions.forget_all("nobody")
        assert (sessions.list("ana"), len(sessions.list("bo"))) == ([], 1)

    @pytest.mark.parametrize("uid", ["", "..", "a/b", "__x__"])
    def test_who_can_be_nobody_has_none(self, sessions, uid):
        assert sessions.list(uid) == []
        sessions.forget_all(uid)


class TestAccess:
    @BOTH
    def access(self, request):
        return FakeAccess() if request.param == "fake" else FirestoreAccess(request.getfixturevalue("firestore"))

    def count(self, access, subject, counts=None, at=START, kind=SubjectKind.ADDRESS):
        return access.count(RefusedRequests(kind, subject, counts or {Refusal.FORBIDDEN: 1}, at, "GET /x/{id}"))

    def alert(self, subject, at=START):
        return AccessAlert(
            id=attempts_id(SubjectKind.ADDRESS, subject, at),
            kind=SubjectKind.ADDRESS,
            subject=subject,
            window_start=window_of(at),
            total=20,
            last_path="GET /x/{id}",
            raised_at=at,
            expires_at=at + timedelta(days=30),
        )

    def test_they_add_up_within_the_hour(self, access):
        assert self.count(access, "a") == 1
        assert self.count(access, "a", {Refusal.LIMITED: 3, Refusal.UNAUTHENTICATED: 2}) == 6
        assert self.count(access, "a", at=START + timedelta(minutes=59)) == 7
        assert self.count(access, "a", at=START + timedelta(hours=1)) == 1
        assert self.count(access, "a", kind=SubjectKind.USER) == 1
        kept = access.find(AccessFilter(kind=SubjectKind.ADDRESS, until=START + timedelta(hours=1)), 9)
        assert [(one.total, one.counts.model_dump()) for one in kept] == [
            (7, {"unauthenticated": 2, "forbidden": 2, "limited": 3})
        ]
        assert kept[0].last_at == START + timedelta(minutes=59)
        assert (kept[0].alerted, kept[0].alerted_at) == (False, None)

    def test_there_is_one_alert_and_its_attempts_are_marked(self, access):
        self.count(access, "a")
        self.count(access, "b")
        assert access.alert(self.alert("a")) is True
        assert access.alert(self.alert("a").model_copy(update={"total": 99})) is False
        assert self.count(access, "a") == 2
        [marked] = access.find(AccessFilter(alerts_only=True), 9)
        assert (marked.subject, marked.alerted_at, marked.total) == ("a", START, 2)

    @pytest.mark.parametrize("kind", [None, SubjectKind.ADDRESS])
    @pytest.mark.parametrize("subject", [None, "a"])
    @pytest.mark.parametrize("alerts_only", [False, True])
    @pytest.mark.parametrize("since", [None, START])
    def test_every_filter_narrows_the_list_and_pages_follow_each_other(self, access, kind, subject, alerts_only, since):
        for hour in range(-1, 3):
            at = START + timedelta(hours=hour)
            for one in ("a", "b"):
                self.count(access, one, at=at)
                self.count(access, one, at=at, kind=SubjectKind.USER)
            if hour % 2:
                access.alert(self.alert("a", at))
        where = AccessFilter(kind, subject, since, START + timedelta(hours=2), alerts_only)
        expected = [
            (hour, one, of)
            for hour in (1, 0, -1)
            for one in ("a", "b")
            for of in SubjectKind
            if kind in {None, of}
            and subject in {None, one}
            and (since is None or hour >= 0)
            and (not alerts_only or (hour % 2 and one == "a" and of is SubjectKind.ADDRESS))
        ]
        found, after = [], None
        while page := access.find(where, 2, after):
            found += page
            after = Cursor(page[-1].window_start, page[-1].id)
        assert [one.window_start for one in found] == sorted((one.window_start for one in found), reverse=True)
        assert sorted((one.subject, one.kind, one.window_start) for one in found) == sorted(
            (one, of, START + timedelta(hours=hour)) for hour, one, of in expected
        )


@pytest.fixture
def faults(embedded):
    """Makes commits fail by a rule, until the test is over or it is called without one."""
    url = f"http://{embedded['control']}/emulator/v1/faults"

    def put(**rule):
        rules = [{"service": "firestore", "call": "Commit", **rule}] if rule else []
        requests.put(url, json={"rules": rules}, timeout=30).raise_for_status()

    yield put
    put()


def test_what_was_aborted_is_done_again_and_counted_once(firestore, faults):
    faults(kind="aborted", every=2)
    counters = FirestoreCounters(firestore)
    assert [counters.add("a", 1, START) for _ in range(6)] == [1, 2, 3, 4, 5, 6]


def test_what_is_aborted_for_ever_is_given_up(firestore, faults):
    faults(kind="aborted", probability=1)
    with pytest.raises(UnavailableError):
        FirestoreCounters(firestore).add("a", 1, START)


def test_what_may_have_been_counted_is_not_counted_again(firestore, faults):
    counters = FirestoreCounters(firestore)
    faults(kind="lost-response", every=1)
    with pytest.raises(UnavailableError):
        counters.add("a", 1, START)
    faults()
    assert counters.add("a", 1, START) == 2


@pytest.fixture
def unreachable(monkeypatch):
    from google.cloud.firestore import Client  # noqa: PLC0415  # loaded only where a test needs it

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{free.getsockname()[1]}")
    client = Client(project="demo-nowhere")
    yield client
    client.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda client: FirestoreCounters(client).add("a", 1, START),
        lambda client: FirestoreRevocations(client, FakeClock()).recent(),
        lambda client: FirestoreSessions(client).seen("ana", session(START)),
        lambda client: FirestoreAccess(client).count(
            RefusedRequests(SubjectKind.USER, "ana", {Refusal.LIMITED: 1}, START, "GET /x")
        ),
    ],
)
def test_a_database_that_is_not_there_is_said_to_be_unavailable(unreachable, call):
    with pytest.raises(UnavailableError):
        call(unreachable)


def test_what_the_database_keeps_is_what_the_models_say(firestore):
    access = FirestoreAccess(firestore)
    access.count(RefusedRequests(SubjectKind.USER, "ana", {Refusal.LIMITED: 1}, START, "GET /x"))
    key = attempts_id(SubjectKind.USER, "ana", START)
    store = FirestoreStore(firestore)
    kept = store.run(lambda work: work.get(ATTEMPTS, key))
    assert kept is not None
    assert kept.counts.limited == 1
    assert store.run(lambda work: work.get(ALERTS, key)) is None
