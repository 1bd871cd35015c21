from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import (
    ConflictError,
    ForbiddenError,
    IllegalTransitionError,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from shared.domain.incident import IncidentChange, Source
from shared.domain.lifecycle import TRANSITIONS
from shared.domain.taxonomy import Category, Outcome, Severity, Status
from shared.services.incidents import IncidentChanging
from shared.services.incidents.changing import Rules
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, RECORD, incident
from tests.fakes import START, FakeClock, FakeIncidents

SUMMARY = "A newsletter that looked like a trap; nothing was done."
RULES = Rules(lambda values, _: values, lambda incident, *_: incident)


@pytest.fixture
def clock():
    return FakeClock(START + timedelta(hours=1))


@pytest.fixture
def incidents():
    kept = FakeIncidents()
    kept.add(incident())
    return kept


@pytest.fixture
def changing(incidents, clock):
    return IncidentChanging(incidents, incidents.store, RECORD, clock, RULES)


def test_a_change_makes_the_next_version(changing, clock):
    after = changing.change(ANALYST, "abc", IncidentChange(severity=Severity.HIGH), 1)
    assert (after.severity, after.version, after.updated_at) == (Severity.HIGH, 2, clock.now())
    assert after.provenance.severity is Source.TEAM


def test_a_change_that_changes_nothing_keeps_the_version(changing, incidents):
    assert changing.change(ANALYST, "abc", IncidentChange(title=incident().title), 1) is incidents.get("abc")


def test_the_second_of_two_editors_learns_of_the_first(changing):
    changing.change(ANALYST, "abc", IncidentChange(title="First word"), 1)
    with pytest.raises(VersionConflictError) as conflict:
        changing.change(ANALYST, "abc", IncidentChange(title="Second word"), 1)
    assert (conflict.value.expected, conflict.value.actual) == (1, 2)


def test_a_category_brings_its_tag_along_and_can_be_cleared(changing):
    assert changing.change(ANALYST, "abc", IncidentChange(category=Category.MALWARE), 1).category_tag
    cleared = changing.change(ANALYST, "abc", IncidentChange(category=None), 2)
    assert (cleared.category, cleared.category_tag, cleared.provenance.category) == (None, None, None)


def test_other_fields_cannot_be_emptied(changing):
    with pytest.raises(InvalidInputError) as refused:
        changing.change(ANALYST, "abc", IncidentChange(title=None), 1)
    assert set(refused.value.fields) == {"title"}


def test_the_reporter_corrects_their_words_while_it_is_new(changing):
    assert changing.change(EMPLOYEE, "abc", IncidentChange(title="Better title"), 1).title == "Better title"
    with pytest.raises(ForbiddenError):
        changing.change(EMPLOYEE, "abc", IncidentChange(severity=Severity.LOW), 2)
    changing.change(ANALYST, "abc", IncidentChange(status=Status.ANALYSIS), 2)
    with pytest.raises(ForbiddenError):
        changing.change(EMPLOYEE, "abc", IncidentChange(title="Too late"), 3)


def test_nobody_else_learns_that_it_exists(changing):
    with pytest.raises(NotFoundError):
        changing.change(OTHER_EMPLOYEE, "abc", IncidentChange(title="Not mine"), 1)


def test_closing_asks_for_an_outcome_and_stamps_the_time(changing, clock):
    with pytest.raises(ConflictError):
        changing.change(ANALYST, "abc", IncidentChange(status=Status.CLOSED), 1)
    closing = IncidentChange(status=Status.CLOSED, outcome=Outcome.FALSE_POSITIVE, summary=SUMMARY)
    closed = changing.change(ANALYST, "abc", closing, 1)
    assert closed.closed_at == closed.triaged_at == clock.now()
    reopening = IncidentChange(status=Status.ANALYSIS, reason="It came again")
    assert changing.change(ANALYST, "abc", reopening, 2).closed_at is None


@given(st.lists(st.sampled_from(Status), max_size=12))
def test_only_legal_moves_are_made_and_refusals_name_them(moves):
    incidents = FakeIncidents()
    incidents.add(incident())
    changing = IncidentChanging(incidents, incidents.store, RECORD, FakeClock(), RULES)
    for wanted in moves:
        before = incidents.kept["abc"]
        change = IncidentChange(status=wanted, outcome=Outcome.UNKNOWN, summary=SUMMARY, reason="Moving on")
        if wanted == before.status or wanted in TRANSITIONS[before.status]:
            assert changing.change(ANALYST, "abc", change, before.version).status is wanted
        else:
            with pytest.raises(IllegalTransitionError) as refused:
                changing.change(ANALYST, "abc", change, before.version)
            assert all(legal in str(refused.value) for legal in TRANSITIONS[before.status])
            assert incidents.kept["abc"] is before
