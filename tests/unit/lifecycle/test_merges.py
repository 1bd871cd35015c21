"""Any sequence of merges and undos: nothing is lost, and when all are undone everything is what it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import ConflictError
from shared.domain.incident import Incident
from shared.domain.links import is_connected
from shared.domain.merging import MAX_MERGED
from shared.domain.taxonomy import Outcome, Pap, Status, Tlp
from tests.fakes import START, FakeIncidents, FakeStore
from tests.unit.lifecycle.support import World, observable

NAMES = ["a", "b", "c", "d"]
WORDS = st.lists(st.sampled_from(["red", "green", "blue", "grey"]), unique=True, max_size=3)
STATES = st.sampled_from([{"status": Status.NEW}, {"status": Status.CONTAINMENT}])
INCIDENTS = st.fixed_dictionaries(
    {
        "tags": WORDS,
        "affected_assets": WORDS,
        "techniques": st.lists(st.sampled_from(["T1566", "T1078"]), unique=True),
        "observables": st.lists(
            st.builds(observable, st.sampled_from(["192.0.2.1", "192.0.2.2"]), tlp=st.sampled_from(Tlp)),
            unique_by=lambda one: one.value,
            max_size=2,
        ),
        "tlp": st.sampled_from(Tlp),
        "pap": st.sampled_from(Pap),
        "detected_at": st.integers(0, 5).map(lambda hours: START - timedelta(hours=hours)),
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "undo"]), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12
)


def world_with(contents) -> World:
    store = FakeStore()
    world = World(store, FakeIncidents(store))
    for name, values in zip(NAMES, contents, strict=True):
        world.has(name, **values)
    return world


def content(incident: Incident):
    return incident.model_dump(exclude={"version", "updated_at"})


def collected(incident: Incident) -> set[tuple[str, str]]:
    fields = {name: getattr(incident, name) for name in ("tags", "affected_assets", "techniques")}
    found = {(name, value) for name, values in fields.items() for value in values}
    return found | {("observables", one.value) for one in incident.observables}


def take(world: World, step) -> None:
    what, one, other = step
    try:
        if what == "merge":
            world.merge(one, other)
        else:
            world.undo(one)
    except ConflictError:
        pass  # what makes no sense is refused, and changes nothing
    world.clock.advance(timedelta(minutes=1))


def check(world: World, before: dict[str, Incident]) -> None:
    for name in NAMES:
        now = world.get(name)
        assert collected(before[name]) <= collected(now)
        if now.merged_into is None:
            assert now.status is before[name].status
        else:
            target = world.get(now.merged_into)
            assert name in target.merged_ids
            assert (now.status, now.outcome) == (Status.CLOSED, Outcome.DUPLICATE)
            assert collected(before[name]) <= collected(target)
            assert list(Tlp).index(target.tlp) >= list(Tlp).index(before[name].tlp)
            assert target.detected_at <= before[name].detected_at
        assert all(world.get(one).merged_into == name for one in now.merged_ids)
        assert is_connected(now) == bool(now.merged_into or now.merged_ids)


@settings(max_examples=150)
@given(st.lists(INCIDENTS, min_size=4, max_size=4), STEPS, st.randoms(use_true_random=False))
def test_any_sequence_keeps_everything_and_can_be_undone(contents, steps, order):
    world = world_with(contents)
    before = {name: world.get(name) for name in NAMES}
    for step in steps:
        take(world, step)
        check(world, before)
    left = [name for name in NAMES if world.get(name).merged_into]
    order.shuffle(left)
    for name in left:
        world.undo(name)
        check(world, before)
    assert {name: content(world.get(name)) for name in NAMES} == {name: content(one) for name, one in before.items()}


def test_circles_do_not_come_about():
    world = world_with([{}] * 4)
    world.merge("a", "b")
    world.merge("b", "c")
    for source, into in (("c", "a"), ("c", "b")):
        with pytest.raises(ConflictError):
            world.merge(source, into)
    # The one in the middle can go its way again before the one above it does.
    assert world.undo("a").source.merged_into is None
    assert world.undo("b").source.status is Status.NEW


def test_there_is_an_end_to_merging():
    world = world_with([{"merged_ids": [f"x{n}" for n in range(MAX_MERGED)]}, {}, {}, {}])
    with pytest.raises(ConflictError, match=str(MAX_MERGED)):
        world.merge("b", "a")
