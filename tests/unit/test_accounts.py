from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.adapters.zxcvbn_passwords import ZxcvbnJudge
from shared.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from shared.domain.people import Channels, Notifications, Origin, ProfileChange, Registration
from shared.domain.permissions import Role
from shared.ports.store import AUDIT, OUTBOX, USERS
from shared.services.accounts.profiles import Profiles
from shared.services.accounts.registration import AccountRegistration
from shared.services.accounts.verification import AddressVerification
from tests.builders import EMPLOYEE, user
from tests.fakes import FakeUsers
from tests.people import World

REGISTRATION = Registration.model_validate(
    {"email": "Kim@Example.org", "password": "correct horse battery", "display_name": "Kim"}
)
HOME = Origin(address="192.0.2.7", user_agent="Test/1.0", request_id="r1")


@pytest.fixture
def world():
    return World()


@pytest.fixture
def registration(world):
    return AccountRegistration(world.accounts, world.store, ZxcvbnJudge(), world.trail, world.clock, world.ids)


def test_everybody_starts_as_an_employee_whose_address_is_not_verified(world, registration):
    made = registration.register(REGISTRATION, origin=HOME)
    account = world.accounts.accounts[made.uid]
    assert (account.email, account.role, account.email_verified) == ("kim@example.org", Role.EMPLOYEE, False)
    assert world.user(made.uid).role is Role.EMPLOYEE
    (entry,) = world.entries("user:registered")
    assert (entry.actor.id, entry.request_id) == (made.uid, "r1")
    assert "192.0.2.7" not in entry.model_dump_json()
    assert "kim@example.org" not in entry.model_dump_json()


def test_an_address_that_has_an_account_gets_the_same_answer_and_its_owner_one_mail(world, registration):
    first = registration.register(REGISTRATION)
    before = world.user(first.uid)
    for _ in range(3):
        again = registration.register(REGISTRATION.model_copy(update={"display_name": "Mallory"}))
        assert (again.email, again.role) == (first.email, first.role)
        assert again.uid != first.uid
    assert world.user(first.uid) == before
    assert [mail.message.to for mail in world.mails("registered_again")] == [["kim@example.org"]]
    assert len(world.accounts.accounts) == 1


def test_a_retry_with_the_same_key_completes_what_a_crash_left(world, registration):
    made = registration.register(REGISTRATION, "key-1")
    world.store.run(lambda work: work.delete(USERS, made.uid))  # as if the process had died before the document
    assert registration.register(REGISTRATION, "key-1") == made
    assert registration.register(REGISTRATION, "key-1") == made
    assert world.user(made.uid).email == "kim@example.org"
    assert len(world.accounts.accounts) == 1
    assert world.mails("registered_again") == []


def test_an_account_without_a_person_can_still_join(world, registration):
    world.accounts.create("sdk", "kim@example.org", "x", "Kim")
    registration.register(REGISTRATION)
    assert world.user("sdk").role is Role.EMPLOYEE
    assert world.accounts.accounts["sdk"].role is Role.EMPLOYEE


@pytest.mark.parametrize(
    "password",
    ["password12345", "qwertyuiopasdf", "aaaaaaaaaaaaaa", "kim@example.org", "1234567890123"],
)
def test_passwords_that_attackers_try_are_refused(world, registration, password):
    with pytest.raises(InvalidInputError) as refused:
        registration.register(Registration(email="kim@example.org", password=password, display_name="Kim"))
    assert "password" in refused.value.fields
    assert password not in str(refused.value.fields)
    assert world.accounts.accounts == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "short"},
        {"password": "x" * 129},
        {"email": "nobody"},
        {"email": "k\u0456m@example.org"},
        {"email": "kim@ex\u0430mple.org"},
        {"email": "\uff4bim@example.org"},
        {"role": "admin"},
        {"is_lead": True},
        {"email_verified": True},
        {"display_name": ""},
        {"display_name": "Kim\u0000"},
    ],
    ids=str,
)
def test_unusable_registrations_are_refused_without_repeating_the_password(wrong):
    good = {"email": "kim@example.org", "password": "correct horse battery", "display_name": "Kim"}
    with pytest.raises(ValidationError) as refused:
        Registration.model_validate(good | wrong)
    assert good["password"] not in str(refused.value.errors(include_input=False))


def test_a_verification_mail_is_sent_once_in_ten_minutes_and_not_to_the_verified(world, registration):
    made = registration.register(REGISTRATION)
    verification = AddressVerification(world.accounts, world.store, world.clock)
    assert verification.send(made.uid)
    assert verification.send(made.uid)
    (mail,) = world.mails("verify_email")
    assert "https://auth.example.org/verify" in mail.message.text
    world.accounts.change(made.uid, email_verified=True)
    assert not verification.send(made.uid)
    with pytest.raises(NotFoundError):
        verification.send("nobody")


def test_who_was_invited_gets_no_second_mail(world):
    world.store.add(USERS, user("inv", Role.EMPLOYEE, invited=True), user("own", Role.EMPLOYEE))
    verification = AddressVerification(world.accounts, world.store, world.clock)
    for uid in ("inv", "own"):
        world.accounts.create(uid, f"{uid}@example.org", "x", "X")
        verification.welcome(uid)
    verification.welcome("nobody")
    assert [mail.message.to for mail in world.mails()] == [["own@example.org"]]


def test_nothing_is_half_done_when_the_provider_does_not_answer(world, registration):
    world.accounts.down = True
    with pytest.raises(UnavailableError):
        registration.register(REGISTRATION)
    assert world.store.all(USERS) == []
    assert world.store.all(AUDIT) == []
    assert world.store.all(OUTBOX) == []


def test_a_profile_change_leaves_out_what_it_leaves_out(world):
    users = FakeUsers(user(EMPLOYEE.uid, Role.EMPLOYEE, department="Sales"))
    profiles = Profiles(users, world.trail, world.clock)
    change = ProfileChange.model_validate(
        {"time_zone": "Europe/Berlin", "notifications": {"incident_analyzed": {"email": False}}}
    )
    after = profiles.change(EMPLOYEE, change)
    assert (after.time_zone, after.department, after.role) == ("Europe/Berlin", "Sales", Role.EMPLOYEE)
    assert after.notifications == Notifications(incident_analyzed=Channels(email=False, in_app=True))
    assert [entry.action for entry in users.store.all(AUDIT)] == ["user:profile_changed"]
    assert profiles.change(EMPLOYEE, change) == after
    assert len(users.store.all(AUDIT)) == 1


def test_an_account_that_never_registered_has_no_profile(world):
    with pytest.raises(NotFoundError):
        Profiles(FakeUsers(), world.trail, world.clock).get(EMPLOYEE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"language": "klingon!"},
        {"phone": "0301234"},
        {"role": "admin"},
        {"uid": "x"},
        {"is_lead": True},
        {"second_factor_required": False},
        {"disabled": False},
        {"sessions_valid_from": None},
        {"notifications": {"safety": {"email": False}}},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_unusable_profile_changes_are_refused(wrong):
    with pytest.raises(ValidationError):
        ProfileChange.model_validate(wrong)
