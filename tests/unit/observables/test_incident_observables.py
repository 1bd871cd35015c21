from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.domain.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from shared.domain.known_good import packaged
from shared.domain.observables import MAX_OBSERVABLES, Observable, ObservableSource, ObservableType
from shared.domain.stix import stix_bundle
from shared.domain.taxonomy import Tlp
from shared.domain.timeline import TimelineKind
from shared.ports.store import AUDIT, timeline_of
from shared.services.incidents.observable_views import ObservableAddition, with_defanged_values
from shared.services.incidents.observables import IncidentObservables
from shared.services.incidents.reading import IncidentReading
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, RECORD, incident
from tests.fakes import START, FakeClock, FakeIncidents, FakeSightings

T = ObservableType


def traces(*values, kind=T.DOMAIN):
    return [Observable(type=kind, value=value, first_seen_at=START) for value in values]


class World:
    def __init__(self):
        self.clock = FakeClock(START + timedelta(days=1))
        self.incidents = FakeIncidents()
        self.store = self.incidents.store
        read = IncidentReading(self.incidents, self.store, RECORD).get
        sightings = FakeSightings(self.incidents)
        self.observables = IncidentObservables(self.incidents, read, sightings, packaged, RECORD, self.clock)

    def keep(self, **changes):
        one = incident(**changes)
        self.incidents.add(one)
        return one

    def page(self, who=ANALYST, incident_id="abc", limit=20, cursor=None):
        return self.observables.page(who, incident_id, limit, cursor)

    def add(self, value, who=ANALYST, **more):
        return self.observables.add(who, "abc", ObservableAddition(value=value, **more))


@pytest.fixture
def world():
    return World()


def test_sightings_count_what_the_caller_may_see_and_nothing_more(world):
    world.keep(observables=traces("evil.net"))
    world.keep(id="two", reference="INC-2", observables=traces("evil.net"), created_at=START + timedelta(hours=1))
    world.keep(id="secret", reporter_id="boss", confidential=True, observables=traces("evil.net"))
    world.keep(id="own", reporter_id=OTHER_EMPLOYEE.uid, observables=traces("evil.net"))

    (shown,) = world.page(ANALYST).items
    assert shown.sightings.count == 3
    assert {one.incident_id for one in shown.sightings.others} == {"two", "own"}
    (shown,) = world.page(EMPLOYEE).items
    assert (shown.sightings.count, [one.incident_id for one in shown.sightings.others]) == (2, ["two"])
    (shown,) = world.page(OTHER_EMPLOYEE, "own").items
    assert (shown.sightings.count, shown.sightings.others) == (1, [])


def test_at_most_five_others_are_named_newest_first(world):
    for number in range(9):
        at = START + timedelta(hours=number)
        world.keep(id=f"i{number}", reference=f"INC-{number}", observables=traces("evil.net"), created_at=at)
    (shown,) = world.page(incident_id="i7").items
    assert shown.sightings.count == 9
    assert [one.reference for one in shown.sightings.others] == ["INC-8", "INC-6", "INC-5", "INC-4", "INC-3"]


def test_what_is_known_good_is_marked_and_not_counted(world):
    world.keep(observables=traces("example.com", "evil.net"))
    shown = {one.value: one for one in world.page().items}
    assert shown["example.com"].known_good
    assert shown["example.com"].sightings is None
    assert shown["evil.net"].sightings.count == 1


def test_pages_hold_all_of_them_in_order_whatever_comes_between(world):
    world.keep(observables=[*traces("b.net", "d.net", "a.net"), *traces("8.8.4.9", kind=T.IP)])
    first = world.page(limit=2)
    assert [one.value for one in first.items] == ["a.net", "b.net"]
    world.observables.remove(ANALYST, "abc", T.DOMAIN, "b.net")
    world.add("c.net")
    second = world.page(limit=9, cursor=first.next_cursor)
    assert [one.value for one in second.items] == ["c.net", "d.net", "8.8.4.9"]
    assert second.next_cursor is None


def test_nobody_learns_of_what_they_may_not_see(world):
    world.keep(reporter_id="boss", confidential=True, observables=traces("evil.net"))
    for call in (
        lambda: world.page(ANALYST),
        lambda: world.add("x.net", ANALYST),
        lambda: world.observables.remove(ANALYST, "abc", T.DOMAIN, "evil.net"),
        lambda: world.page(ANALYST, "no-such"),
    ):
        with pytest.raises(NotFoundError, match="There is no such incident"):
            call()


def test_a_reporter_reads_and_does_not_change(world):
    world.keep(observables=traces("evil.net"))
    assert len(world.page(EMPLOYEE).items) == 1
    with pytest.raises(ForbiddenError):
        world.add("x.net", EMPLOYEE)
    with pytest.raises(ForbiddenError):
        world.observables.remove(EMPLOYEE, "abc", T.DOMAIN, "evil.net")


def test_one_that_is_added_is_typed_and_recorded(world):
    world.keep(tlp=Tlp.RED)
    after, added, new = world.add("hxxps://Evil[.]net")
    assert (added.type, added.value, added.tlp, added.source) == (
        T.URL,
        "https://evil.net/",
        Tlp.RED,
        ObservableSource.TEAM,
    )
    assert (new, after.version, after.updated_at) == (True, 2, world.clock.now())
    assert world.incidents.get("abc").observables == [added]
    (audit,) = world.store.all(AUDIT)
    assert (audit.action, audit.target.id, audit.changes[0].personal) == ("observable:added", "abc", True)
    (entry,) = world.store.all(timeline_of("abc"))
    assert entry.kind is TimelineKind.OBSERVABLES
    assert [(one.old, one.new) for one in entry.changes] == [
        (None, {"type": "url", "value": "https://evil.net/", "tlp": "RED"})
    ]
    again, kept, new = world.add("https://evil.net/", tlp=Tlp.CLEAR)
    assert (again.version, kept, new) == (2, added, False)
    assert len(world.store.all(AUDIT)) == 1


def test_the_named_type_holds_or_is_refused(world):
    world.keep()
    assert world.add("DC01.corp.local", type=T.DOMAIN)[1].value == "dc01.corp.local"
    with pytest.raises(InvalidInputError):
        world.add("evil.net", type=T.IP)


def test_one_that_is_removed_is_gone_and_recorded(world):
    world.keep(observables=traces("evil.net", "other.net"))
    after = world.observables.remove(ANALYST, "abc", T.DOMAIN, "Evil[.]NET")
    assert ([one.value for one in after.observables], after.version) == (["other.net"], 2)
    assert [one.action for one in world.store.all(AUDIT)] == ["observable:removed"]
    (entry,) = world.store.all(timeline_of("abc"))
    assert entry.changes[0].old == {"type": "domain", "value": "evil.net", "tlp": "AMBER"}
    with pytest.raises(NotFoundError, match="holds no such observable"):
        world.observables.remove(ANALYST, "abc", T.DOMAIN, "evil.net")


def test_a_full_incident_takes_no_more(world):
    world.keep(observables=traces(*(f"h{number}.evil.net" for number in range(MAX_OBSERVABLES))))
    with pytest.raises(ConflictError):
        world.add("one-more.net")


def test_values_can_be_shown_defanged(world):
    world.keep(observables=[*traces("evil.net"), *traces("http://evil.net/a.b", kind=T.URL)])
    shown = with_defanged_values(world.page())
    assert [one.value for one in shown.items] == ["evil[.]net", "hxxp[:]//evil[.]net/a.b"]


def test_a_stix_bundle_says_the_same_with_the_same_ids():
    kept = [
        *traces("198.51.100.7", "2606:2800::1", kind=T.IP),
        *traces("evil.net"),
        *traces("http://evil.net/", kind=T.URL),
        *traces("a@evil.net", kind=T.MAIL),
        *traces("d41d8cd98f00b204e9800998ecf8427e", kind=T.HASH),
        *traces("a.exe", kind=T.FILENAME),
        *traces("CVE-2021-44228", kind=T.CVE),
        *traces(r"HKEY_USERS\x", kind=T.REGISTRY),
        *traces("mutex", kind=T.OTHER),
    ]
    known = kept[0].model_copy(update={"value": "8.8.8.8", "known_good": True})
    text = stix_bundle([*kept, known])
    assert text == stix_bundle([*kept, known])
    marking, *objects = json.loads(text)["objects"]
    assert (marking["type"], marking["name"]) == ("marking-definition", "TLP:AMBER")
    assert [one["type"] for one in objects] == [
        *("ipv4-addr", "ipv6-addr", "domain-name", "url", "email-addr", "file", "file", "vulnerability"),
        *("windows-registry-key", "x-secura-observable"),
    ]
    # The id of STIX 2.1's own example in section 2.9 and of every other producer: UUIDv5 of {"value":"198.51.100.3"}.
    address = json.loads(stix_bundle(traces("198.51.100.3", kind=T.IP)))["objects"][1]
    assert address["id"] == "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
    assert "objects" not in json.loads(stix_bundle([known]))
