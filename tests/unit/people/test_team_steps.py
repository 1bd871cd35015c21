from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.people.create_admin import Step, step_for
from scripts.people.create_team import Report, work_off
from scripts.people.errors import RefusedError
from scripts.people.standing import Standing, provisioned_uid, standing
from scripts.people.team_file import Member
from scripts.people.team_steps import Steps, do, steps_for
from shared.domain.audit import Actor
from shared.domain.permissions import Role
from shared.ports.store import USERS
from shared.services.accounts.provisioning import AccountProvisioning
from tests.people import World

SCRIPT = Actor(kind="script", id="create_security_team")
REASON = "the new team"


class Office(World):
    """A platform on which a team file is worked off."""

    def work(self, *members: Member) -> list[tuple[str, ...]]:
        """What was done for each, by its words."""
        provisioning = AccountProvisioning(self.accounts, self.store, self.team(), self.trail, self.clock, self.ids)
        said = []
        for member in members:
            steps = steps_for(member, self.standing(member.email))
            said.append((steps.refused,) if steps.refused else steps.words)
            if steps.changes:
                do(steps, SCRIPT, REASON, provisioning, self.team())
        return said

    def work_off(self, plan: list[Steps]) -> Report:
        """What the command makes of the plan."""
        provisioning = AccountProvisioning(self.accounts, self.store, self.team(), self.trail, self.clock, self.ids)
        return work_off(plan, REASON, provisioning, self.team())

    def standing(self, email: str) -> Standing:
        return standing(self.accounts, self.store, email)


@pytest.fixture
def office():
    return Office()


def member(uid: str, *, lead: bool = False) -> Member:
    return Member(email=f"{uid}@example.org", name=uid.title(), lead=lead)


def test_a_new_person_is_created_invited_and_leads_if_the_file_says_so(office):
    assert office.work(member("new"), member("lea", lead=True)) == [("created",), ("created", "promoted")]
    new = office.user(provisioned_uid("new@example.org"))
    assert (new.role, new.is_lead) == (Role.SECURITY_TEAM, False)
    assert office.user(provisioned_uid("lea@example.org")).is_lead
    assert [mail.kind for mail in office.mails() if mail.message.to == ["new@example.org"]] == ["invitation"]


def test_who_is_known_keeps_everything_but_the_role(office):
    office.join("emp", department="Sales")
    office.join("ana", Role.SECURITY_TEAM)
    office.join("adm", Role.ADMIN)
    assert office.work(member("emp"), member("ana"), member("adm")) == [
        ("added",),
        ("already there",),
        ("already admin",),
    ]
    assert (office.user("emp").role, office.user("emp").department) == (Role.SECURITY_TEAM, "Sales")
    assert office.user("adm").role is Role.ADMIN


def test_leads_are_promoted_and_nobody_is_demoted_by_what_the_file_leaves_out(office):
    office.join("ana", Role.SECURITY_TEAM)
    office.join("lea", Role.SECURITY_TEAM, is_lead=True)
    office.join("adm", Role.ADMIN)
    assert office.work(member("ana", lead=True), member("lea"), member("adm", lead=True)) == [
        ("already there", "promoted"),
        ("already there",),
        ("already admin", "promoted"),
    ]
    assert office.user("lea").is_lead
    assert (office.user("adm").role, office.user("adm").is_lead) == (Role.ADMIN, True)


def test_disabled_and_unverified_people_are_refused(office):
    office.join("off", disabled=True)
    office.join("emp")
    office.accounts.change("emp", email_verified=False)
    office.accounts.create("stranger", "new@example.org", "a stranger's password", "New")
    said = office.work(member("off"), member("emp"), member("new"))
    assert [("disabled" in why[0], "not verified" in why[0]) for why in said] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert office.entries() == []


def test_an_account_that_an_interrupted_run_made_is_gone_on_with(office):
    uid = provisioned_uid("new@example.org")
    office.accounts.create(uid, "new@example.org", "random", "New")
    assert office.work(member("new")) == [("created",)]
    assert office.user(uid).role is Role.SECURITY_TEAM


@given(
    st.lists(st.tuples(st.sampled_from(["emp", "ana", "adm", "new", "two"]), st.booleans()), max_size=8),
    st.sampled_from(Role),
)
def test_whatever_the_file_says_nobody_loses_rights_and_a_second_run_changes_nothing(rows, role):
    office = Office()
    for uid, has in zip(
        ["emp", "ana", "adm", "two"], [Role.EMPLOYEE, Role.SECURITY_TEAM, Role.ADMIN, role], strict=True
    ):
        office.join(uid, has)
    members = [member(uid, lead=lead) for uid, lead in dict(rows).items()]
    office.work(*members)
    written = len(office.entries()), len(office.mails())
    assert office.user("adm").role is Role.ADMIN
    for one in members:
        found = office.standing(one.email).user
        assert found is not None
        assert found.role in {Role.SECURITY_TEAM, Role.ADMIN}
        assert found.is_lead or not one.lead
    assert {word for words in office.work(*members) for word in words} <= {"already there", "already admin"}
    assert (len(office.entries()), len(office.mails())) == written


def test_one_who_fails_holds_up_nobody(office):
    office.join("off")
    plan = [steps_for(member(uid), office.standing(f"{uid}@example.org")) for uid in ("off", "new")]
    office.accounts.change("off", disabled=True)
    office.store.add(USERS, office.user("off").model_copy(update={"disabled": True}))
    report = office.work_off(plan)
    assert [(one.email, "disabled" in why) for one, why in report.failed] == [("off@example.org", True)]
    assert report.counts() == "1 created, 1 failed"


def test_when_nothing_answers_the_rest_is_not_tried(office):
    plan = [steps_for(member(f"p{n}"), office.standing(f"p{n}@example.org")) for n in range(5)]
    office.accounts.down = True
    report = office.work_off(plan)
    assert report.done == []
    assert ["not tried" in why for _, why in report.failed] == [False, False, False, True, True]


def test_what_making_an_administrator_takes(office):
    assert step_for(office.standing("new@example.org")) is Step.CREATE
    office.join("emp")
    assert step_for(office.standing("emp@example.org")) is Step.RAISE
    office.join("adm", Role.ADMIN)
    assert step_for(office.standing("adm@example.org")) is Step.NOTHING
    office.accounts.change("adm", role=Role.EMPLOYEE)
    assert step_for(office.standing("adm@example.org")) is Step.FINISH
    office.accounts.create("acc", "acc@example.org", "a long password", "Acc", verified=True)
    assert step_for(office.standing("acc@example.org")) is Step.JOIN


def test_nobody_disabled_or_unverified_becomes_an_administrator(office):
    office.join("off", disabled=True)
    office.join("emp")
    office.accounts.change("emp", email_verified=False)
    office.accounts.create("stranger", "boss@example.org", "a stranger's password", "Boss")
    for uid in ("off", "emp", "boss"):
        with pytest.raises(RefusedError):
            step_for(office.standing(f"{uid}@example.org"))
