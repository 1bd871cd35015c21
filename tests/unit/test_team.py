from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.audit import Actor
from shared.domain.errors import ConflictError, NotFoundError, SecuraError, UnavailableError
from shared.domain.permissions import Role
from shared.domain.team import TeamAction, is_active_admin
from shared.ports.accounts import AccountState
from shared.ports.revocations import REVOCATIONS
from tests.builders import ADMIN
from tests.fakes import START, FakeAccounts
from tests.people import World

SCRIPT = Actor(kind="script", id="test")
REASON = "as agreed with HR"


@pytest.fixture
def world():
    world = World()
    world.join("adm", Role.ADMIN)
    world.join("emp")
    world.join("ana", Role.SECURITY_TEAM)
    return world


def test_adding_makes_a_member_in_one_transaction_and_the_claims_follow(world):
    after = world.team().act(ADMIN, "emp", TeamAction.ADD, REASON)
    assert after.role is Role.SECURITY_TEAM
    assert world.accounts.accounts["emp"].role is Role.SECURITY_TEAM
    (entry,) = world.entries("team:add")
    assert (entry.actor.id, entry.subject, entry.target.id) == ("adm", "emp", "emp")
    assert [(c.field, c.old, c.new) for c in entry.changes] == [("role", '"employee"', '"security_team"')]
    assert entry.reason is not None
    assert REASON not in entry.reason
    assert [mail.message.to for mail in world.mails("team_change")] == [["emp@example.org"]]


def test_sessions_end_when_the_role_changes_and_end_again_when_the_claims_are_set(world):
    world.clock.advance(timedelta(seconds=10.4))
    world.team().act(ADMIN, "ana", TeamAction.REMOVE, REASON)
    valid_from = world.user("ana").sessions_valid_from
    assert valid_from == START + timedelta(seconds=11)
    assert world.store.get(REVOCATIONS, "ana").valid_from == valid_from
    assert world.accounts.revoked == ["ana"]
    assert world.clock.now() >= valid_from  # who signs in after the answer gets a session that holds


def test_doing_it_again_changes_nothing(world):
    for _ in range(2):
        world.team().act(ADMIN, "emp", TeamAction.ADD, REASON)
    assert len(world.entries()) == len(world.mails()) == 1
    assert world.accounts.revoked == ["emp"]


def test_what_failed_behind_the_commit_is_made_up_for(world):
    world.accounts.down = True
    with pytest.raises(UnavailableError):
        world.team().act(ADMIN, "ana", TeamAction.DISABLE, REASON)
    assert world.user("ana").disabled  # the truth is written: sensitive endpoints and the rules go by it already
    world.accounts.down = False
    world.sync.follow("ana")
    world.sync.follow("ana")
    assert world.accounts.accounts["ana"].disabled
    assert world.accounts.revoked == ["ana"]
    assert len(world.entries()) == 1


def test_a_provider_that_was_not_told_of_the_end_of_sessions_is_told_by_the_trigger(world):
    after = world.team().act(ADMIN, "ana", TeamAction.REMOVE, REASON)
    assert after.sessions_valid_from is not None
    world.accounts.change("ana", sessions_valid_from=START - timedelta(days=1))  # as if the handler had died before
    world.sync.follow("ana")
    assert world.accounts.accounts["ana"].sessions_valid_from >= world.user("ana").sessions_valid_from
    assert world.accounts.revoked == ["ana", "ana"]
    world.sync.follow("ana")
    assert world.accounts.revoked == ["ana", "ana"]


@pytest.mark.parametrize("action", [TeamAction.REMOVE, TeamAction.DISABLE])
def test_the_last_administrator_stays(world, action):
    world.join("off", Role.ADMIN, disabled=True)
    with pytest.raises(ConflictError):
        world.team().act(SCRIPT, "adm", action, REASON)
    assert is_active_admin(world.user("adm"))


def test_nobody_disables_themselves(world):
    world.join("two", Role.ADMIN)
    with pytest.raises(ConflictError):
        world.team().act(ADMIN, "adm", TeamAction.DISABLE, REASON)


def test_of_two_administrators_one_can_go(world):
    world.join("two", Role.ADMIN)
    assert world.team().act(ADMIN, "two", TeamAction.REMOVE, REASON).role is Role.EMPLOYEE


def test_a_lead_who_leaves_leads_no_more(world):
    assert world.team().act(ADMIN, "ana", TeamAction.PROMOTE, REASON).is_lead
    assert not world.team().act(ADMIN, "ana", TeamAction.REMOVE, REASON).is_lead
    with pytest.raises(ConflictError):
        world.team().act(ADMIN, "emp", TeamAction.PROMOTE, REASON)


def test_nobody_is_added_who_cannot_sign_in(world):
    world.join("gone", disabled=True)
    with pytest.raises(ConflictError):
        world.team().act(ADMIN, "gone", TeamAction.ADD, REASON)
    with pytest.raises(NotFoundError):
        world.team().act(ADMIN, "nobody", TeamAction.ADD, REASON)


def test_a_second_factor_is_asked_of_the_roles_that_need_one(world):
    team = world.team(Role.SECURITY_TEAM)
    assert team.act(ADMIN, "emp", TeamAction.ADD, REASON).second_factor_required
    assert not team.act(ADMIN, "emp", TeamAction.REMOVE, REASON).second_factor_required


def test_the_trigger_leaves_an_account_alone_that_is_as_it_should_be(world):
    world.sync.follow("ana")
    world.sync.follow("nobody")
    assert world.accounts.revoked == []
    assert world.user("ana").sessions_valid_from is None


class Interleaved(FakeAccounts):
    """Another follower does everything between our look at the account and what we do about it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def state(self, uid: str) -> AccountState | None:
        found = super().state(uid)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return found


def test_of_handler_and_trigger_at_once_one_ends_the_sessions():
    accounts = Interleaved()
    world = World(accounts)
    world.join("adm", Role.ADMIN)
    world.join("ana", Role.SECURITY_TEAM)
    accounts.meanwhile = lambda: world.sync.follow("ana")
    world.team().act(ADMIN, "ana", TeamAction.REMOVE, REASON)
    assert world.accounts.revoked == ["ana"]
    assert world.user("ana").sessions_valid_from == START + timedelta(seconds=1)


@pytest.mark.parametrize("slower_by", [0.0, 0.3, 0.9, 1.5])
def test_when_the_trigger_is_faster_the_answer_still_waits_for_the_end_of_sessions(slower_by):
    world = World()
    world.join("adm", Role.ADMIN)
    world.join("ana", Role.SECURITY_TEAM)
    settle = world.sync.settle

    def trigger_first(uid: str) -> None:
        world.sync.follow(uid)
        world.clock.advance(timedelta(seconds=slower_by))
        settle(uid)

    world.sync.settle = trigger_first  # type: ignore[method-assign]  # what happens between two lines of the handler
    world.team().act(ADMIN, "ana", TeamAction.REMOVE, REASON)
    valid_from = world.user("ana").sessions_valid_from
    assert valid_from is not None
    assert valid_from <= world.clock.now()


PEOPLE = ["adm", "two", "ana", "emp"]


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.sampled_from(TeamAction)), max_size=25))
def test_whatever_administrators_do_there_is_one_left_and_accounts_say_what_documents_say(steps):
    world = World()
    for uid, role in zip(PEOPLE, [Role.ADMIN, Role.ADMIN, Role.SECURITY_TEAM, Role.EMPLOYEE], strict=True):
        world.join(uid, role)
    written = 0
    for by, uid, action in steps:
        before = world.user(uid)
        try:
            after = world.team().act(ADMIN if by == "adm" else world.identity(by), uid, action, REASON)
        except SecuraError:
            after = before
        written += (after.role, after.is_lead, after.disabled) != (before.role, before.is_lead, before.disabled)
        assert any(is_active_admin(world.user(one)) for one in PEOPLE)
    assert len(world.entries()) == len(world.mails()) == written
    for uid in PEOPLE:
        account = world.accounts.accounts[uid]
        assert (account.role, account.disabled) == (world.user(uid).role, world.user(uid).disabled)
