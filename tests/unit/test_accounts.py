from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.people import ProfileChange, Registration
from shared.domain.permissions import Role
from shared.services.accounts import AccountRegistration, Profiles
from tests.builders import EMPLOYEE, user
from tests.fakes import CountingIds, FakeAccounts, FakeClock, FakeUsers

REGISTRATION = Registration.model_validate(
    {"email": "Kim@Example.org", "password": "correct horse battery", "display_name": "Kim"}
)


@pytest.fixture
def accounts():
    return FakeAccounts()


@pytest.fixture
def users():
    return FakeUsers()


@pytest.fixture
def registration(accounts, users):
    return AccountRegistration(accounts, users, FakeClock(), CountingIds())


def test_everybody_starts_as_an_employee(registration, accounts, users):
    made = registration.register(REGISTRATION)
    assert made.role is Role.EMPLOYEE
    assert accounts.accounts[made.uid] == ("kim@example.org", Role.EMPLOYEE)
    assert users.kept[made.uid].email == "kim@example.org"


def test_an_address_has_one_account(registration):
    registration.register(REGISTRATION)
    with pytest.raises(ConflictError):
        registration.register(REGISTRATION)
    with pytest.raises(ConflictError):
        registration.register(REGISTRATION, "a key that came later")


def test_a_retry_with_the_same_key_completes_what_a_crash_left(registration, accounts, users):
    made = registration.register(REGISTRATION, "key-1")
    del users.kept[made.uid]  # as if the process had died between the account and the document
    assert registration.register(REGISTRATION, "key-1") == made
    assert users.kept[made.uid].email == "kim@example.org"
    assert len(accounts.accounts) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"password": "short"}, {"password": "x" * 129}, {"email": "nobody"}, {"role": "admin"}, {"display_name": ""}],
    ids=["short password", "long password", "no address", "role in the body", "no name"],
)
def test_unusable_registrations_are_refused_without_repeating_the_password(wrong):
    good = {"email": "kim@example.org", "password": "correct horse battery", "display_name": "Kim"}
    with pytest.raises(ValidationError) as refused:
        Registration.model_validate(good | wrong)
    assert good["password"] not in str(refused.value.errors(include_input=False))


def test_a_profile_change_leaves_out_what_it_leaves_out():
    users = FakeUsers(user(EMPLOYEE.uid, Role.EMPLOYEE, department="Sales"))
    after = Profiles(users, FakeClock()).change(EMPLOYEE, ProfileChange(time_zone="Europe/Berlin"))
    assert (after.time_zone, after.department, after.role) == ("Europe/Berlin", "Sales", Role.EMPLOYEE)


def test_an_account_that_never_registered_has_no_profile():
    with pytest.raises(NotFoundError):
        Profiles(FakeUsers(), FakeClock()).get(EMPLOYEE)


@pytest.mark.parametrize(
    "wrong",
    [{"time_zone": "Mars/Olympus"}, {"language": "klingon!"}, {"phone": "0301234"}, {"role": "admin"}, {"uid": "x"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_unusable_profile_changes_are_refused(wrong):
    with pytest.raises(ValidationError):
        ProfileChange.model_validate(wrong)
