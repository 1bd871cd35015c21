from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.http.applications_pending import ApplicationQuery
from functions.http.applications_review import _expected_version
from shared.domain.applications import (
    OPEN,
    WAIT_AFTER_REJECTION,
    WINDOW,
    Application,
    ApplicationStatus,
    ApplicationWords,
    Decision,
    ReviewRequest,
    eligibility,
)
from shared.domain.errors import InvalidInputError
from shared.domain.permissions import Role
from tests.builders import user
from tests.fakes import START
from tests.unit.applications.support import MOTIVATION

PENDING, ASKED, APPROVED, REJECTED, WITHDRAWN = ApplicationStatus
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


def application(number: int, status: ApplicationStatus, days_ago: float, decided_days_ago: float | None = None):
    made = START - days_ago * DAY
    decided = None if decided_days_ago is None else START - decided_days_ago * DAY
    return Application(
        id=f"eve-{number}",
        applicant_id="eve",
        applicant_name="Eve",
        motivation=MOTIVATION,
        status=status,
        created_at=made,
        updated_at=decided or made,
        decided_at=decided,
    )


def withdrawn(*days_ago: float) -> list[Application]:
    return [application(number, WITHDRAWN, days) for number, days in enumerate(days_ago, 1)]


@pytest.mark.parametrize(
    ("role", "earlier", "code", "retry_in_days"),
    [
        (Role.EMPLOYEE, [], None, None),
        (Role.SECURITY_TEAM, [], "already_on_team", None),
        (Role.ADMIN, [], "not_an_employee", None),
        (Role.SECURITY_TEAM, [application(1, PENDING, 1)], "already_on_team", None),
        (Role.EMPLOYEE, [application(1, PENDING, 400)], "application_open", None),
        (Role.EMPLOYEE, [application(1, ASKED, 1)], "application_open", None),
        (Role.EMPLOYEE, [application(1, APPROVED, 900, 800)], "approved_before", None),
        (Role.EMPLOYEE, [application(1, APPROVED, 900, 800), application(2, PENDING, 1)], "application_open", None),
        (Role.EMPLOYEE, [application(1, REJECTED, 40, 10)], "wait_after_rejection", 20),
        (Role.EMPLOYEE, [application(1, REJECTED, 90, 30)], None, None),
        (Role.EMPLOYEE, [application(1, REJECTED, 90, 29.5)], "wait_after_rejection", 0.5),
        (Role.EMPLOYEE, [application(1, REJECTED, 9, 5), *withdrawn(3)], "wait_after_rejection", 25),
        (Role.EMPLOYEE, withdrawn(1), None, None),
        (Role.EMPLOYEE, withdrawn(2, 1), None, None),
        (Role.EMPLOYEE, withdrawn(10, 2, 1), "too_many_applications", 20),
        (Role.EMPLOYEE, withdrawn(12, 10, 2, 1), "too_many_applications", 20),
        (Role.EMPLOYEE, withdrawn(30, 2, 1), None, None),
        (Role.EMPLOYEE, [*withdrawn(20, 15), application(3, REJECTED, 10, 1)], "wait_after_rejection", 29),
    ],
)
def test_who_may_apply(role, earlier, code, retry_in_days):
    answer = eligibility(user("eve", role), earlier, START)
    assert (answer.can_apply, answer.code) == (code is None, code)
    assert (answer.reason is None) == (code is None)
    assert answer.retry_at == (None if retry_in_days is None else START + retry_in_days * DAY)
    assert (answer.application_id is not None) == (code == "application_open")


def test_a_disabled_person_may_not():
    assert eligibility(user("eve", Role.EMPLOYEE, disabled=True), [], START).code == "account_disabled"


@given(st.lists(st.tuples(st.sampled_from([REJECTED, WITHDRAWN]), st.floats(0, 90)), min_size=1, max_size=6))
def test_at_the_told_time_one_may_and_an_instant_before_one_may_not(past):
    earlier = [application(number, status, days, days) for number, (status, days) in enumerate(past, 1)]
    person = user("eve", Role.EMPLOYEE)
    retry_at = eligibility(person, earlier, START).retry_at
    if retry_at is None:
        return
    assert eligibility(person, earlier, retry_at).can_apply
    assert not eligibility(person, earlier, retry_at - INSTANT).can_apply
    assert START < retry_at <= START + max(WAIT_AFTER_REJECTION, WINDOW)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"motivation": "x" * 9},
        {"motivation": " " * 60},
        {"motivation": "x" * 5001},
        {"motivation": MOTIVATION, "experience": "x" * 5001},
        {"motivation": MOTIVATION, "certifications": ["x"] * 21},
        {"motivation": MOTIVATION, "certifications": [""]},
        {"motivation": MOTIVATION, "certifications": ["two\nlines"]},
        {"motivation": MOTIVATION, "certifications": "CISSP"},
        {"motivation": MOTIVATION + "\x00"},
        {"motivation": MOTIVATION, "status": "approved"},
        {"motivation": MOTIVATION, "applicant_id": "somebody"},
    ],
)
def test_unusable_words_are_refused(body):
    with pytest.raises(ValidationError):
        ApplicationWords.model_validate(body)


@pytest.mark.parametrize("size", [50, 5000])
def test_the_bounds_themselves_are_usable(size):
    words = ApplicationWords(motivation="x" * size, experience="y" * 5000, certifications=["z" * 200] * 20)
    assert len(words.motivation) == size


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("comment", [{}, {"comment": ""}, {"comment": "  \n "}])
def test_a_comment_is_needed_to_reject_and_to_ask(decision, comment):
    body = {"decision": decision, **comment}
    if decision is Decision.APPROVE:
        assert ReviewRequest.model_validate(body).comment == ""
        return
    with pytest.raises(ValidationError) as refused:
        ReviewRequest.model_validate(body)
    assert [issue["loc"] for issue in refused.value.errors()] == [("comment",)]


def test_if_match_is_a_version_or_left_out():
    assert [_expected_version(text) for text in (None, "*", '"3"', " 3 ")] == [None, None, 3, 3]
    for text in ("", "W/3", '"x"', '"-1"', '"1", "2"', "1" * 10, "٣"):
        with pytest.raises(InvalidInputError):
            _expected_version(text)


def test_the_list_shows_what_is_open_unless_a_status_is_asked_for():
    assert ApplicationQuery().as_filter().statuses == OPEN
    assert ApplicationQuery(status=APPROVED, q="Eve").as_filter().statuses == (APPROVED,)
