"""The use cases of an incident's life over Firestore: the same suite as over the fakes, and people who act at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.adapters.firestore.collections import FirestoreIncidents
from shared.adapters.firestore.store import FirestoreStore
from shared.domain.errors import SecuraError
from shared.domain.taxonomy import Status
from shared.ports.store import INCIDENTS
from tests.unit.lifecycle import suite
from tests.unit.lifecycle.support import World


@pytest.fixture
def world(firestore):
    return World(FirestoreStore(firestore), FirestoreIncidents(firestore))


class TestClosing(suite.Closing):
    """Over Firestore."""


class TestStale(suite.Stale):
    """Over Firestore."""


class TestAccess(suite.Access):
    """Over Firestore."""


class TestCustomFields(suite.CustomFields):
    """Over Firestore."""


class TestLinking(suite.Linking):
    """Over Firestore."""


class TestMerging(suite.Merging):
    """Over Firestore."""


class TestJoining(suite.Joining):
    """Over Firestore."""


class TestSplitting(suite.Splitting):
    """Over Firestore."""


def at_once(*acts):
    """What each act returned or raised; they begin together."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        except SecuraError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refused(results):
    return [one for one in results if isinstance(one, SecuraError)]


def test_two_merges_of_each_into_the_other_at_once_make_no_circle(world):
    world.has("a")
    world.has("b")
    results = at_once(lambda: world.merge("a", "b"), lambda: world.merge("b", "a"))
    assert len(refused(results)) == 1
    assert [world.get(one).merged_into is None for one in "ab"].count(True) == 1


def test_one_merge_that_is_asked_for_several_times_at_once_is_made_once(world):
    world.has("a", tags=["x"])
    world.has("b")
    results = at_once(*[lambda: world.merge("a", "b")] * 4)
    assert results == [results[0]] * 4
    assert (world.get("b").version, world.get("b").tags) == (2, ["x"])
    assert len(world.timeline("b")) == 1


def test_several_merges_into_one_at_once_all_hold(world):
    for name in "abcd":
        world.has(name, tags=[name])
    results = at_once(*[lambda name=name: world.merge(name, "d") for name in "abc"])
    assert not refused(results)
    assert set(world.get("d").merged_ids) == set("abc")
    assert set(world.get("d").tags) == set("abcd")
    assert not refused(at_once(*[lambda name=name: world.undo(name) for name in "abc"]))
    assert (world.get("d").merged_ids, world.get("d").tags, world.get("d").links) == ([], ["d"], [])
    assert {world.get(name).status for name in "abcd"} == {Status.NEW}


def test_links_in_a_circle_at_once_do_not_come_about(world):
    world.has("a")
    world.has("b")
    results = at_once(lambda: world.link("a", "parent", "b"), lambda: world.link("b", "parent", "a"))
    kinds = {name: [link.kind for link in world.get(name).links] for name in "ab"}
    # The later of the two turns the link of the earlier one round.
    assert not refused(results)
    assert sorted(kind for found in kinds.values() for kind in found) == ["child", "parent"]


def test_a_keyed_split_that_is_sent_several_times_at_once_is_one(world):
    world.has("a", tags=["x"])
    results = at_once(*[lambda: world.split("a", key="k", tags=["x"])] * 4)
    assert results == [results[0]] * 4
    assert len(world.store.run(lambda work: work.find(INCIDENTS, 10))) == 2
    assert world.get("a").version == 2


def test_a_change_and_a_merge_at_once_lose_nothing(world):
    world.has("a", tags=["x"])
    world.has("b", tags=["y"])
    results = at_once(lambda: world.merge("a", "b"), lambda: world.change("b", description="Other words about it."))
    assert world.get("b").tags == ["y", "x"]
    if not refused(results):
        assert world.get("b").description == "Other words about it."
