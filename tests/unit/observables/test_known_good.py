from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.known_good import MAX_ENTRIES, KnownGoodAddition, KnownGoodEntry, OwnKnownGood, marked, packaged
from shared.domain.observables import Observable, ObservableType
from shared.ports.store import AUDIT
from shared.services.audit import AuditTrail
from shared.services.incidents.known_good import KNOWN_GOOD, LIFETIME, KnownGoodLists, KnownGoodManaging
from tests.builders import ADMIN
from tests.fakes import START, CountingIds, FakeCipher, FakeClock, FakeStore

T = ObservableType


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (T.IP, "10.1.2.3"),
        (T.IP, "192.0.2.1"),
        (T.IP, "127.0.0.1"),
        (T.IP, "224.0.0.1"),
        (T.IP, "8.8.8.8"),
        (T.IP, "fe80::1"),
        (T.IP, "2001:db8::1"),
        (T.DOMAIN, "www.example.com"),
        (T.DOMAIN, "google.com"),
        (T.URL, "http://example.org/a"),
        (T.URL, "http://10.0.0.1/"),
        (T.URL, "http://[::1]/"),
        (T.MAIL, "a@example.net"),
        (T.HASH, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_what_comes_with_the_platform(kind, value):
    assert packaged().covers(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (T.IP, "93.184.216.34"),
        (T.IP, "2606:2800::1"),
        (T.DOMAIN, "notexample.com"),
        (T.DOMAIN, "sites.google.com"),
        (T.URL, "https://www.google.com/"),
        (T.MAIL, "a@google.com"),
        (T.FILENAME, "example.com"),
        (T.URL, "http://[bad/"),
    ],
)
def test_what_is_no_harmless_trace(kind, value):
    assert not packaged().covers(kind, value)


def entry(kind, value):
    return KnownGoodEntry(id=f"{kind}-{value}", type=kind, value=value, created_by="adm", created_at=START)


def test_own_entries_cover_subdomains_and_networks_and_nothing_beside():
    own = OwnKnownGood(
        [
            entry(T.DOMAIN, "corp.de"),
            entry(T.IP, "93.184.0.0/16"),
            entry(T.IP, "5.5.5.5"),
            entry(T.IP, "2606:2800::/32"),
            entry(T.FILENAME, "setup.exe"),
        ]
    )
    for kind, value in [
        (T.DOMAIN, "corp.de"),
        (T.DOMAIN, "a.b.corp.de"),
        (T.IP, "93.184.216.34"),
        (T.IP, "5.5.5.5"),
        (T.IP, "2606:2800::7"),
        (T.FILENAME, "setup.exe"),
        (T.IP, "10.0.0.1"),
    ]:
        assert own.covers(kind, value), value
    for kind, value in [
        (T.DOMAIN, "evilcorp.de"),
        (T.URL, "http://corp.de/"),
        (T.MAIL, "a@corp.de"),
        (T.IP, "93.185.0.1"),
        (T.IP, "5.5.5.6"),
        (T.IP, "2606:2801::7"),
        (T.FILENAME, "setup.ex"),
    ]:
        assert not own.covers(kind, value), value


def test_marks_follow_the_lists_as_they_are_now():
    one = Observable(type=T.DOMAIN, value="corp.de", first_seen_at=START)
    stale = Observable(type=T.DOMAIN, value="evil.net", known_good=True, first_seen_at=START)
    shown = marked([one, stale], OwnKnownGood([entry(T.DOMAIN, "corp.de")]))
    assert [mark.known_good for mark in shown] == [True, False]


class World:
    def __init__(self):
        self.store, self.clock = FakeStore(), FakeClock()
        self.lists = KnownGoodLists(self.store, self.clock)
        trail = AuditTrail(FakeCipher(), self.clock, CountingIds())
        self.managing = KnownGoodManaging(self.store, self.lists, trail, self.clock)

    def add(self, kind, value, note=""):
        return self.managing.add(ADMIN, KnownGoodAddition(type=kind, value=value, note=note))

    def actions(self):
        return [one.action for one in self.store.all(AUDIT)]


@pytest.fixture
def world():
    return World()


def test_an_entry_is_kept_once_in_its_canonical_spelling_and_recorded(world):
    kept, added = world.add(T.DOMAIN, "Corp[.]DE", "ours")
    assert (kept.value, kept.note, kept.created_by, added) == ("corp.de", "ours", ADMIN.uid, True)
    assert world.add(T.DOMAIN, "corp.de", "again") == (kept, False)
    assert world.store.all(KNOWN_GOOD) == [kept]
    (audit,) = world.store.all(AUDIT)
    assert (audit.action, audit.target.id) == ("known_good:added", kept.id)
    personal = {change.field for change in audit.changes if change.personal}
    assert personal == {"value", "note"}
    world.managing.remove(ADMIN, kept.id)
    assert world.store.all(KNOWN_GOOD) == []
    assert world.actions() == ["known_good:added", "known_good:removed"]
    with pytest.raises(NotFoundError):
        world.managing.remove(ADMIN, kept.id)
    assert len(world.actions()) == 2


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (T.DOMAIN, "com"),
        (T.DOMAIN, "co.uk"),
        (T.IP, "0.0.0.0/0"),
        (T.IP, "2000::/3"),
        (T.IP, "10.0.0.0/99"),
        (T.IP, "corp.de"),
        (T.HASH, "xyz"),
    ],
)
def test_what_is_no_such_value_or_covers_too_much_is_refused(world, kind, value):
    with pytest.raises(InvalidInputError):
        world.add(kind, value)
    assert world.store.documents == {}


@pytest.mark.parametrize(
    ("value", "kept"),
    [("93.184.216.34/16", "93.184.0.0/16"), ("5.5.5.5/32", "5.5.5.5"), ("2606:2800::1/32", "2606:2800::/32")],
)
def test_networks_are_kept_as_networks(world, value, kept):
    assert world.add(T.IP, value)[0].value == kept


def test_an_instance_knows_of_a_change_after_a_minute_and_of_its_own_at_once(world):
    elsewhere = KnownGoodLists(world.store, world.clock)
    assert not elsewhere.current().covers(T.DOMAIN, "corp.de")
    world.add(T.DOMAIN, "corp.de")
    assert world.lists.current().covers(T.DOMAIN, "corp.de")
    world.clock.advance(LIFETIME - timedelta(seconds=1))
    assert not elsewhere.current().covers(T.DOMAIN, "corp.de")
    world.clock.advance(timedelta(seconds=1))
    assert elsewhere.current().covers(T.DOMAIN, "corp.de")


def test_pages_go_through_all_of_them_in_order(world):
    for number in range(7):
        world.add(T.DOMAIN, f"corp{number}.de")
    world.add(T.CVE, "CVE-2021-44228")
    seen, cursor = [], None
    while True:
        page = world.managing.page(3, cursor)
        seen += [one.value for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["CVE-2021-44228", *(f"corp{number}.de" for number in range(7))]
    for wrong in ("%", "bm8", "WzEsMl0"):
        with pytest.raises(InvalidInputError):
            world.managing.page(3, wrong)


def test_the_list_has_an_end(world):
    full = [entry(T.DOMAIN, f"corp{number}.de") for number in range(MAX_ENTRIES)]
    world.store.add(KNOWN_GOOD, *full)
    with pytest.raises(ConflictError):
        world.add(T.DOMAIN, "one-more.de")
