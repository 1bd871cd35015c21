"""The workload, the lists of timelines and notifications, and the rota, over the fakes and over Firestore."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from shared.adapters.firestore.notifications import FirestoreNotifications
from shared.adapters.firestore.store import FirestoreStore
from shared.adapters.firestore.timelines import FirestoreTimelines
from shared.adapters.firestore.workload import FirestoreWorkload
from shared.domain.audit import Actor
from shared.domain.notifications import KEPT_FOR, Notification, NotificationKind, ReadRequest
from shared.domain.paging import Cursor
from shared.domain.permissions import Role
from shared.domain.rota import RotaPlan
from shared.domain.taxonomy import Outcome, Status
from shared.domain.timeline import TimelineChange, TimelineEntry, TimelineKind
from shared.ports.notifications import notifications_of
from shared.ports.store import AUDIT, INCIDENTS, OUTBOX, USERS, timeline_of
from shared.ports.timelines import TimelineFilter
from shared.services.audit import AuditTrail
from shared.services.notifications.inbox import NotificationInbox
from shared.services.notifications.incident_notices import IncidentNotices
from shared.services.on_call.rota import OnCallRota
from tests.builders import ADMIN, EMPLOYEE, incident, user
from tests.fakes import START, CountingIds, FakeCipher, FakeClock, FakeStore
from tests.notify_fakes import FakeNotifications, FakeTimelines, FakeWorkload
from tests.unit.notify.support import URL, reply_link


@pytest.fixture(params=["fake", "firestore"])
def kept(request):
    """A store, and what is read from it."""
    if request.param == "fake":
        store = FakeStore()
        return SimpleNamespace(
            store=store,
            workload=FakeWorkload(store),
            timelines=FakeTimelines(store),
            notifications=FakeNotifications(store),
        )
    client = request.getfixturevalue("firestore")
    return SimpleNamespace(
        store=FirestoreStore(client),
        workload=FirestoreWorkload(client),
        timelines=FirestoreTimelines(client),
        notifications=FirestoreNotifications(client),
    )


def test_the_load_is_what_is_open_and_assigned(kept):
    for n, (people, status) in enumerate(
        [
            (["ana"], Status.NEW),
            (["ana", "bo"], Status.POST_INCIDENT),
            (["bo", "ana"], Status.CLOSED),
            ([], Status.NEW),
        ]
    ):
        outcome = Outcome.UNKNOWN if status is Status.CLOSED else None
        confidential = {"confidential": True, "access_ids": people} if n == 1 else {}
        one = incident(id=f"i{n}", assignee_ids=people, status=status, outcome=outcome, **confidential)
        kept.store.create(INCIDENTS, one)
    assert kept.workload.open_incidents(["bo", "ana", "cy"]) == {"bo": 1, "ana": 2, "cy": 0}
    assert kept.workload.open_incidents([]) == {}


def entry(key, minute, kind=TimelineKind.CHANGED, **more):
    values = {"id": key, "incident_id": "abc", "kind": kind, "actor": Actor(kind="user", id="ana")}
    return TimelineEntry.model_validate(values | {"at": START + timedelta(minutes=minute)} | more)


# `c` and `b` are of one moment: their ids tell which comes first.
ENTRIES = [
    entry("d", 1, changes=[TimelineChange(field="assignee_ids", old=[], new=["ana"])]),
    entry("c", 2, TimelineKind.ASSIGNED),
    entry("b", 2, internal=True, note="n"),
    entry("a", 3, TimelineKind.ATTACKER_ACTIVITY, internal=True, technique="T1566.002"),
    entry("e", 4, TimelineKind.ASSIGNED, internal=True),
]


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"public_only": False}, ["d", "b", "c", "a", "e"]),
        ({"public_only": True}, ["d", "c"]),
        ({"public_only": False, "kind": TimelineKind.ASSIGNED}, ["c", "e"]),
        ({"public_only": True, "kind": TimelineKind.ASSIGNED}, ["c"]),
        ({"public_only": True, "kind": TimelineKind.ATTACKER_ACTIVITY}, []),
    ],
)
@pytest.mark.parametrize("oldest_first", [True, False])
def test_a_timeline_is_found_in_its_order_in_pages_either_way(kept, where, ids, oldest_first):
    for one in ENTRIES:
        kept.store.create(timeline_of("abc"), one)
    kept.store.create(timeline_of("other"), entry("x", 1))
    expected = ids if oldest_first else ids[::-1]
    how = TimelineFilter("abc", oldest_first=oldest_first, **where)
    whole = kept.timelines.find(how, 9)
    assert [one.id for one in whole] == expected
    assert all(one.recorded_at is not None for one in whole)
    found, after = [], None
    while page := kept.timelines.find(how, 1, after):
        found += [one.id for one in page]
        after = Cursor(page[-1].at, page[-1].id)
    assert found == expected


def test_an_entry_comes_back_as_it_was_kept(kept):
    for one in ENTRIES:
        kept.store.create(timeline_of("abc"), one)
    found = kept.timelines.find(TimelineFilter("abc", public_only=False), 9)
    assert {one.id: one.model_copy(update={"recorded_at": None}) for one in found} == {one.id: one for one in ENTRIES}


def notification(key, minute, **more):
    values = {"id": key, "kind": NotificationKind.INCIDENT_MESSAGE, "incident_id": "abc", "reference": "INC-0000-0000"}
    at = START + timedelta(minutes=minute)
    return Notification.model_validate(values | {"text": "t", "created_at": at, "expires_at": at + KEPT_FOR} | more)


def test_notifications_are_found_newest_first_and_counted(kept):
    ours = [
        notification("b", 1),
        notification("a", 2, read_at=START),
        notification("d", 3, title="T"),
        notification("c", 3),
    ]
    for one in ours:
        kept.store.create(notifications_of("emp"), one)
    kept.store.create(notifications_of("other"), notification("x", 1))
    lists = kept.notifications
    assert [one.id for one in lists.find("emp", 9)] == ["d", "c", "a", "b"]
    assert lists.find("emp", 1) == [ours[2]]
    assert [one.id for one in lists.find("emp", 2, Cursor(ours[3].created_at, "c"))] == ["a", "b"]
    assert [one.id for one in lists.find("emp", 2, Cursor(ours[3].created_at, "c"), unread_only=True)] == ["b"]
    assert (lists.unread("emp"), lists.unread("other"), lists.unread("nobody")) == (3, 1, 0)
    inbox = NotificationInbox(lists, kept.store, FakeClock())
    assert inbox.read(EMPLOYEE, ReadRequest(ids=["b", "x"])).unread == 2
    assert inbox.read(EMPLOYEE, ReadRequest(all=True)).unread == 0
    assert lists.unread("other") == 1


def test_the_rota_comes_back_as_it_was_set(kept):
    for uid in ("ana", "bo"):
        kept.store.create(USERS, user(uid))
    trail = AuditTrail(FakeCipher(), FakeClock(), CountingIds())
    rota = OnCallRota(kept.store, trail, FakeClock())
    span = {"from": START - timedelta(hours=1), "to": START + timedelta(hours=1)}
    plan = RotaPlan.model_validate(
        {
            "time_zone": "Europe/Berlin",
            "handover": {"weekday": "monday", "time": "09:00"},
            "members": ["ana", "bo"],
            "starts_on": date(2026, 11, 23),
            "overrides": [{"uid": "bo", **span}],
        }
    )
    assert rota.put(ADMIN, plan) == rota.get() == rota.put(ADMIN, plan)
    on_call = rota.on_call()
    assert on_call.now is not None
    assert on_call.next is not None
    assert (on_call.now.uid, on_call.now.override, on_call.next.uid) == ("bo", True, "ana")
    assert len(kept.store.run(lambda work: work.find(AUDIT, 9, action="rota:changed"))) == 1


def test_events_that_come_at_once_tell_everybody_once(firestore):
    store = FirestoreStore(firestore)
    store.create(INCIDENTS, incident(assignee_ids=["ana", "bo"]))
    for uid, role in (("emp", Role.EMPLOYEE), ("ana", Role.SECURITY_TEAM), ("bo", Role.SECURITY_TEAM)):
        store.create(USERS, user(uid, role))
    changes = [TimelineChange(field="assignee_ids", old=[], new=["ana", "bo"])]
    given = entry("given", 1, TimelineKind.ASSIGNED, changes=changes, actor=Actor(kind="user", id="adm"))
    store.create(timeline_of("abc"), given)
    notices = IncidentNotices(store, reply_link, FakeClock(), URL)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: notices.tell("abc", "given"), range(4)))
    assert sorted(made) == [0, 0, 0, 4]
    mails = store.run(lambda work: work.find(OUTBOX, 9))
    assert [mail.message.to for mail in mails] == [["ana@example.org"], ["bo@example.org"]]
    assert [one.id for one in FirestoreNotifications(firestore).find("ana", 9)] == ["given"]
