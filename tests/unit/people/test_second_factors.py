from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.audit import Actor
from shared.domain.errors import NotFoundError, UnavailableError
from shared.domain.permissions import Role
from shared.ports.revocations import REVOCATIONS
from shared.services.accounts.second_factors import SecondFactorReset
from tests.fakes import START, FakeAccounts
from tests.people import World

SCRIPT = Actor(kind="script", id="reset_mfa")
REASON = "lost the phone, seen in person"


class StoppingAccounts(FakeAccounts):
    """Stops answering in the middle of a reset: at the call with this name."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self.at = at

    def revoke(self, uid: str) -> None:
        self._stop("revoke")
        super().revoke(uid)

    def remove_second_factors(self, uid: str) -> int:
        self._stop("remove")
        return super().remove_second_factors(uid)

    def _stop(self, name: str) -> None:
        if self.at == name:
            self.at = ""
            raise UnavailableError("The identity provider does not answer")


@pytest.fixture
def world():
    return prepared(World())


def prepared(world: World) -> World:
    world.join("ana", Role.SECURITY_TEAM, second_factor_required=True)
    world.accounts.change("ana", second_factors=("totp", "phone"))
    return world


def reset(world: World) -> int:
    return SecondFactorReset(world.store, world.accounts, world.trail, world.clock).reset(SCRIPT, "ana", REASON)


def test_factors_go_sessions_end_and_it_is_in_the_trail_and_mailed(world):
    world.clock.advance(timedelta(seconds=10.4))
    assert reset(world) == 2
    assert world.accounts.accounts["ana"].second_factors == ()
    assert world.accounts.revoked == ["ana"]
    (entry,) = world.entries("user:second_factor_reset")
    assert (entry.actor, entry.subject, entry.target.id) == (SCRIPT, "ana", "ana")
    assert [(one.field, one.old, one.new) for one in entry.changes] == [("second_factors", '["totp","phone"]', "[]")]
    assert entry.reason is not None
    assert "phone, seen" not in entry.reason
    assert [mail.message.to for mail in world.mails("second_factor_reset")] == [["ana@example.org"]]


def test_sessions_begun_while_it_ran_are_over_and_those_begun_after_it_hold(world):
    world.clock.advance(timedelta(seconds=10.4))
    reset(world)
    over = world.user("ana").sessions_valid_from
    assert over == START + timedelta(seconds=11)
    assert world.store.get(REVOCATIONS, "ana").valid_from == over
    assert world.clock.now() >= over


def test_a_second_factor_is_still_required_of_the_role(world):
    before = world.user("ana")
    reset(world)
    after = world.user("ana")
    assert after.second_factor_required
    assert after.model_copy(update={"sessions_valid_from": None}) == before


def test_with_nothing_enrolled_nothing_happens(world):
    reset(world)
    world.clock.advance(timedelta(hours=1))
    before = world.user("ana")
    assert reset(world) == 0
    assert world.user("ana") == before
    assert len(world.entries()) == len(world.mails()) == len(world.accounts.revoked) == 1


@pytest.mark.parametrize("at", ["revoke", "remove"])
def test_what_stopped_half_way_is_in_the_trail_and_completed_by_a_second_try(at):
    world = World()
    world.accounts = StoppingAccounts(at)
    prepared(world)
    with pytest.raises(UnavailableError):
        reset(world)
    assert len(world.entries("user:second_factor_reset")) == 1
    assert world.user("ana").sessions_valid_from == START
    assert reset(world) == 2
    assert world.accounts.accounts["ana"].second_factors == ()


def test_before_it_is_in_the_trail_nothing_is_done(world):
    world.store.documents["users"].clear()
    with pytest.raises(NotFoundError):
        reset(world)
    assert world.accounts.accounts["ana"].second_factors == ("totp", "phone")
    world.accounts.delete("ana")
    with pytest.raises(NotFoundError):
        reset(world)
