"""Who is told of which incident that looks the same, and of how much of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.duplicates import MAX_DUPLICATES, WINDOW, DuplicateQuery
from shared.domain.errors import UnavailableError
from shared.domain.incident import IncidentReport
from shared.domain.observables import Observable, ObservableType
from shared.domain.taxonomy import Status, Tlp
from shared.services.incidents.duplicates import MAX_CANDIDATES, DuplicateSearch
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident
from tests.fakes import START, FakeCandidates, FakeClock, FakeIncidents

TITLE = "Strange mail about payroll"
WORDS = "A mail from payroll-update.net says that I have to confirm my bank account before Friday or get no salary."
SAME = "Got a mail by payroll-update.net, confirm the bank account before friday to get the salary. Not clicked."
UNLIKE = "Somebody left the door of the archive open over the weekend, the lamps were on."
TRACE = Observable(type=ObservableType.DOMAIN, value="payroll-update.net", first_seen_at=START)


@pytest.fixture
def world():
    incidents = FakeIncidents()
    candidates = FakeCandidates(incidents)
    return incidents, candidates, DuplicateSearch(candidates, FakeClock())


def known(world, **changes):
    one = incident(**({"title": "Payroll mail", "description": SAME, "observables": [TRACE]} | changes))
    world[0].add(one)
    return one


def found(world, who=OTHER_EMPLOYEE, title=TITLE, description=WORDS):
    return world[2].find(who, DuplicateQuery(title=title, description=description))


def test_whoever_may_not_see_it_learns_the_reference_and_no_word(world):
    one = known(world)
    (told,) = found(world)
    assert (told.incident_id, told.reference, told.reported_at) == (one.id, one.reference, one.reported_at)
    assert (told.title, told.status) == (None, None)
    assert told.similarity == round(told.similarity, 1)
    assert told.reasons == ["both name the same domain", "similar words"]


@pytest.mark.parametrize("who", [EMPLOYEE, ANALYST])
def test_whoever_may_see_it_learns_why(world, who):
    known(world)
    (told,) = found(world, who)
    assert (told.title, told.status) == ("Payroll mail", Status.NEW)
    assert "both name payroll-update.net" in told.reasons
    assert any(reason.startswith("words of both: ") and "salary" in reason.lower() for reason in told.reasons)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.CLOSED},
        {"merged_into": "another"},
        {"created_at": START - WINDOW - timedelta(seconds=1)},
        {"confidential": True, "access_ids": ["ana"]},
        {"description": UNLIKE, "title": "Door of the archive", "observables": []},
    ],
)
def test_nobody_is_told_of_what_is_over_old_secret_or_something_else(world, changes):
    known(world, **changes)
    assert found(world) == found(world, EMPLOYEE) == found(world, ANALYST) == []


@pytest.mark.parametrize(("tlp", "told"), [(Tlp.CLEAR, 1), (Tlp.AMBER, 1), (Tlp.AMBER_STRICT, 0), (Tlp.RED, 0)])
def test_the_marking_decides_what_others_are_told(world, tlp, told):
    known(world, tlp=tlp)
    assert len(found(world, OTHER_EMPLOYEE)) == told
    assert len(found(world, ANALYST)) == 1


def test_the_likeliest_come_first_and_at_most_so_many(world):
    for number in range(MAX_DUPLICATES + 2):
        known(world, id=f"i{number}", description=f"{SAME} {'And something more of no weight. ' * number}")
    told = found(world)
    assert len(told) == MAX_DUPLICATES
    assert [one.similarity for one in told] == sorted((one.similarity for one in told), reverse=True)
    assert told[0].incident_id == "i0"


def test_an_incident_is_no_duplicate_of_itself_and_imports_are_not_compared(world):
    one = known(world)
    other = known(world, id="earlier")
    report = IncidentReport(title=TITLE, description=WORDS)
    assert [told.incident_id for told in world[2].beside(EMPLOYEE, report)(one.id)] == [other.id]
    asked = len(world[1].asked)
    assert world[2].beside(ANALYST, report.model_copy(update={"notify": False}))(one.id) == []
    assert len(world[1].asked) == asked


def test_a_question_has_as_many_terms_as_firestore_takes(world):
    addresses = " ".join(f"198.51.{n}.7" for n in range(60))
    found(world, description=f"{addresses} {' '.join(f'word{n}x' for n in range(500))}")
    assert len(world[1].asked[0]) <= 30
    assert len(set(world[1].asked[0])) == len(world[1].asked[0])
    assert MAX_CANDIDATES <= 25


def test_a_database_that_does_not_answer_is_told(world):
    world[1].fails = UnavailableError("gone")
    with pytest.raises(UnavailableError):
        found(world)
    later = world[2].beside(EMPLOYEE, IncidentReport(title=TITLE, description=WORDS))
    with pytest.raises(UnavailableError):
        later("own")
