"""The use cases of applications over Firestore: the same suite as over the fakes, and people who act at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from shared.adapters.firestore.applications import FirestoreApplications
from shared.adapters.firestore.store import FirestoreStore
from shared.domain.applications import ApplicationStatus
from shared.domain.errors import ConflictError
from shared.domain.permissions import Role
from shared.ports.applications import APPLICATIONS
from tests.unit.applications import suite
from tests.unit.applications.support import ALEX, APPROVE, BEA, EVE, PEOPLE, REJECT, WORDS, World


@pytest.fixture
def world(firestore):
    made = World(FirestoreStore(firestore), FirestoreApplications(firestore))
    made.keep(*PEOPLE)
    return made


class TestApplying(suite.Applying):
    """Over Firestore."""


class TestReviewing(suite.Reviewing):
    """Over Firestore."""


class TestReading(suite.Reading):
    """Over Firestore."""


def at_once(*acts):
    """What each act returned or raised; they begin together."""
    start = Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        except ConflictError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.parametrize("second", [APPROVE, REJECT])
def test_of_two_administrators_at_once_one_wins_and_the_other_learns_who_did(world, second):
    world.apply()
    results = at_once(lambda: world.review(APPROVE, ALEX), lambda: world.review(second, BEA))
    (lost,) = [result for result in results if isinstance(result, ConflictError)]
    (won,) = [result for result in results if not isinstance(result, ConflictError)]
    assert won.reviews[0].reviewer_name in str(lost)
    decisions = world.actions("application:approved", "application:rejected")
    assert len(decisions) == len(world.mails("application_reviewed")) == 1
    granted = world.person("eve").role is Role.SECURITY_TEAM
    assert granted == (won.status is ApplicationStatus.APPROVED)


def test_one_decision_that_comes_several_times_at_once_is_made_once(world):
    world.apply()
    results = at_once(*[lambda: world.review(APPROVE, ALEX)] * 4)
    assert results == [results[0]] * 4
    assert len(world.mails("application_reviewed")) == len(world.actions("user:role_changed")) == 1


def test_of_several_applications_at_once_one_is_made(world):
    results = at_once(*[world.apply] * 4)
    assert [isinstance(result, ConflictError) for result in results].count(False) == 1
    assert [one.id for one in world.all(APPLICATIONS)] == ["eve-1"]
    assert len(world.mails("application_submitted")) == 1


def test_a_keyed_application_that_is_sent_several_times_at_once_is_one(world):
    results = at_once(*[lambda: world.applying.apply(EVE, WORDS, "k")] * 4)
    assert sorted(result.replayed for result in results) == [False, True, True, True]
    assert len(world.all(APPLICATIONS)) == 1


def test_an_approval_and_a_withdrawal_at_once_do_not_both_hold(world):
    world.apply()
    results = at_once(lambda: world.review(APPROVE), lambda: world.applying.withdraw(EVE))
    assert len([result for result in results if isinstance(result, ConflictError)]) == 1
    granted = world.person("eve").role is Role.SECURITY_TEAM
    assert granted == (world.application().status is ApplicationStatus.APPROVED)
