from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.observables import Observable, ObservableType
from shared.domain.visibility import TEAM, person
from tests.builders import EMPLOYEE, incident
from tests.fakes import START, FakeIncidents, FakeSightings

EVIL = (ObservableType.DOMAIN, "evil.net")
OTHER = (ObservableType.IP, "198.51.100.7")


@pytest.fixture(params=["fake", "firestore"])
def world(request):
    """The incidents, and what looks through them."""
    if request.param == "fake":
        incidents = FakeIncidents()
        return incidents, FakeSightings(incidents)
    from shared.adapters.firestore.collections import FirestoreIncidents  # noqa: PLC0415
    from shared.adapters.firestore.sightings import FirestoreSightings  # noqa: PLC0415

    client = request.getfixturevalue("firestore")
    return FirestoreIncidents(client), FirestoreSightings(client)


def holding(key, *keys, **changes):
    traces = [Observable(type=kind, value=value, first_seen_at=START) for kind, value in keys]
    return incident(id=key, reference=f"INC-{key}", observables=traces, **changes)


def keep(world, *incidents):
    for one in incidents:
        world[0].add(one)


def seen(world, scopes, *keys, limit=6):
    return [(one.count, [each.incident_id for each in one.latest]) for one in world[1].of(scopes, keys, limit)]


def test_each_is_counted_with_the_newest_first(world):
    keep(
        world,
        holding("one", EVIL),
        holding("two", EVIL, OTHER, created_at=START + timedelta(hours=1)),
        holding("three", OTHER, created_at=START + timedelta(hours=2)),
        holding("four"),
    )
    assert seen(world, [TEAM], EVIL, OTHER, (ObservableType.URL, "http://evil.net/")) == [
        (2, ["two", "one"]),
        (2, ["three", "two"]),
        (0, []),
    ]
    (found,) = world[1].of([TEAM], [OTHER], 1)
    assert (found.count, found.latest[0].reference) == (2, "INC-three")
    assert found.latest[0].created_at == START + timedelta(hours=2)
    assert world[1].of([TEAM], [], 6) == []


def test_nothing_outside_of_the_scopes_is_found_or_counted(world):
    keep(
        world,
        holding("open", EVIL),
        holding("secret", EVIL, reporter_id="boss", confidential=True, access_ids=["ana"]),
        holding("others", EVIL, reporter_id="pat"),
    )
    for scopes, expected in [
        ([TEAM, person("bo")], {"open", "others"}),
        ([TEAM, person("ana")], {"open", "others", "secret"}),
        ([person(EMPLOYEE.uid)], {"open"}),
        ([person("boss")], {"secret"}),
        ([person("nobody")], set()),
    ]:
        ((count, found),) = seen(world, scopes, EVIL)
        assert (count, set(found)) == (len(expected), expected)
        ((count, found),) = seen(world, scopes, EVIL, limit=1)
        assert (count, len(found)) == (len(expected), min(1, len(expected)))


def test_more_than_are_shown_are_counted(world):
    keep(world, *(holding(f"i{number}", EVIL, created_at=START + timedelta(hours=number)) for number in range(9)))
    assert seen(world, [TEAM, person("bo")], EVIL) == [(9, ["i8", "i7", "i6", "i5", "i4", "i3"])]
