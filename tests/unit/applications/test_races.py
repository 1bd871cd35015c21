"""Others who act just before a commit, commits that are cut off, and long histories of several people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.applications import ApplicationStatus
from shared.domain.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from shared.domain.permissions import Role
from shared.ports.applications import APPLICATIONS
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import AUDIT, OUTBOX, Kind
from tests.fakes import FakeStore, FakeWork
from tests.unit.applications.support import (
    ALEX,
    APPROVE,
    ASK,
    BEA,
    EVE,
    FRED,
    OTHER_WORDS,
    REJECT,
    WORDS,
    FailingStore,
    RacingStore,
    World,
    fake_world,
    who,
)

APPLICANTS = {"eve": EVE, "fred": FRED, "ana": who("ana", Role.SECURITY_TEAM)}


def racing(*meanwhile: Callable[[World], object]) -> World:
    """A world with Eve's application, and the others' acts in front of the next commit."""
    store = RacingStore()
    world = fake_world(store)
    world.apply()
    store.meanwhile = [partial(act, world) for act in meanwhile]
    return world


def test_an_approval_in_front_of_an_approval():
    world = racing(lambda world: world.review(APPROVE, BEA))
    with pytest.raises(ConflictError, match="Bea Boss approved it at 2026-11-23 09:00 UTC"):
        world.review(APPROVE, ALEX)
    assert len(world.mails("application_reviewed")) == len(world.actions("application:approved")) == 1


def test_a_disabling_in_front_of_an_approval():
    world = racing(lambda world: world.change("eve", disabled=True))
    with pytest.raises(ConflictError, match="disabled"):
        world.review(APPROVE)
    assert world.application().status is ApplicationStatus.PENDING
    assert world.mails("application_reviewed") == []


def test_a_change_of_the_profile_in_front_of_an_approval_is_kept():
    world = racing(lambda world: world.change("eve", department="Sales"))
    world.review(APPROVE)
    eve = world.person("eve")
    assert (eve.role, eve.department) == (Role.SECURITY_TEAM, "Sales")


def test_the_reviewers_own_demotion_in_front_of_their_approval():
    world = racing(lambda world: world.change("alex", role=Role.EMPLOYEE))
    with pytest.raises(ForbiddenError):
        world.review(APPROVE, ALEX)
    assert world.person("eve").role is Role.EMPLOYEE


def test_other_words_in_front_of_an_approval_of_the_older_ones():
    world = racing(lambda world: world.applying.change(EVE, OTHER_WORDS))
    with pytest.raises(Exception, match="it is at version 2: Eve Miller wrote it"):
        world.reviewing.review(ALEX, "eve-1", APPROVE, 1)
    assert world.person("eve").role is Role.EMPLOYEE


def test_a_second_application_in_front_of_an_application():
    store = RacingStore()
    world = fake_world(store)
    store.meanwhile = [world.apply]
    with pytest.raises(ConflictError, match="open application"):
        world.apply()
    assert [one.id for one in world.all(APPLICATIONS)] == ["eve-1"]
    assert len(world.mails("application_submitted")) == 1


def test_an_id_that_another_call_took_is_seen_at_the_second_look():
    class Blind(FakeStore):
        """Lets the other call in where no query has seen it: the id alone stands against it."""

        def __init__(self) -> None:
            super().__init__()
            self.meanwhile: list[Callable[[], object]] = []

        def run(self, body: Callable[[FakeWork], Any]) -> Any:
            work = FakeWork(self.documents)
            result = body(work)
            if self.meanwhile:
                self.meanwhile.pop()()
            work.apply()
            return result

    store = Blind()
    world = fake_world(store)
    store.meanwhile = [lambda: world.applying.apply(EVE, WORDS, "k")]
    result = world.applying.apply(EVE, WORDS, "k")
    assert (result.replayed, result.application.id) == (True, "eve-1")
    assert len(world.mails("application_submitted")) == 1


ACTS = {
    "apply": lambda world: world.applying.apply(EVE, WORDS, "k").application,
    "change": lambda world: world.applying.change(EVE, OTHER_WORDS),
    "withdraw": lambda world: world.applying.withdraw(EVE),
    "approve": lambda world: world.review(APPROVE),
    "reject": lambda world: world.review(REJECT),
    "ask": lambda world: world.review(ASK),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("failures", [["before"], ["after"], ["before", "after", "after"]])
def test_an_act_that_is_cut_off_and_tried_again_is_done_once_and_wholly(act, failures):
    def history(*, cut_off: bool) -> dict[str, int]:
        store = FailingStore()
        world = fake_world(store)
        if act != "apply":
            ACTS["apply"](world)
        if cut_off:
            store.failures = list(failures)
            for _ in failures:
                with pytest.raises(UnavailableError):
                    ACTS[act](world)
        ACTS[act](world)
        kinds: tuple[Kind[Any], ...] = (APPLICATIONS, AUDIT, OUTBOX, REVOCATIONS)
        counted = {kind.collection: len(world.all(kind)) for kind in kinds}
        return counted | {"version": world.application().version}

    assert history(cut_off=True) == history(cut_off=False)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["apply", "change", "withdraw", "approve", "reject", "ask", "wait", "disable", "enable"]),
        st.sampled_from(sorted(APPLICANTS)),
        st.sampled_from([ALEX, BEA]),
        st.integers(1, 3),
        st.booleans(),
    ),
    max_size=40,
)


def step(world: World, act: str, uid: str, admin, number: int, twice: bool) -> None:
    person = APPLICANTS[uid]
    made = sum(one.applicant_id == uid for one in world.all(APPLICATIONS))
    key = f"{uid}-{made or 1}"
    acts = {
        "apply": lambda: world.applying.apply(person, WORDS, f"k{made // 2}"),
        "change": lambda: world.applying.change(person, (WORDS, OTHER_WORDS)[number % 2]),
        "withdraw": lambda: world.applying.withdraw(person),
        "approve": lambda: world.review(APPROVE, admin, key),
        "reject": lambda: world.review(REJECT, admin, key),
        "ask": lambda: world.review(ASK, admin, key),
        "wait": lambda: world.clock.advance(timedelta(days=number * 10)),
        "disable": lambda: world.change(uid, disabled=True),
        "enable": lambda: world.change(uid, disabled=False),
    }
    for _ in range(2 if twice else 1):
        try:
            acts[act]()
        except (ConflictError, NotFoundError):
            continue


@given(STEPS)
def test_whatever_people_do_the_books_agree(steps):
    world = fake_world()
    disabled_decisions = 0
    for act, uid, admin, number, twice in steps:
        before = len(world.actions("application:rejected"))
        step(world, act, uid, admin, number, twice)
        if world.person(uid).disabled:
            disabled_decisions += len(world.actions("application:rejected")) - before
    applications = world.all(APPLICATIONS)
    for uid in APPLICANTS:
        own = [one for one in applications if one.applicant_id == uid]
        assert len([one for one in own if one.is_open]) <= 1
        approved = any(one.status is ApplicationStatus.APPROVED for one in own)
        joined = world.person(uid).role is Role.SECURITY_TEAM
        assert joined == (approved or uid == "ana")
        assert (world.get(REVOCATIONS, uid) is not None) == approved
    reviews = sum(len(one.reviews) for one in applications)
    decided = ("application:approved", "application:rejected", "application:info_requested")
    assert len(world.actions(*decided)) == reviews
    # Somebody who is disabled can be rejected, and is not mailed.
    assert len(world.mails("application_reviewed")) == reviews - disabled_decisions
    approvals = len(world.actions("application:approved"))
    assert len(world.actions("user:role_changed")) == approvals
    made = world.actions("application:submitted", "application:changed", "application:withdrawn", *decided)
    assert len(made) == sum(one.version for one in applications)
