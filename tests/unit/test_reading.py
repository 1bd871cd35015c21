from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInputError, NotFoundError
from shared.domain.listing import IncidentFilter
from shared.domain.paging import Cursor
from shared.domain.visibility import scopes_for
from shared.services.incidents import IncidentReading
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, RECORD, incident
from tests.fakes import START, FakeIncidents, FakeStore


@pytest.fixture
def reading():
    incidents = FakeIncidents()
    for n in range(7):
        incidents.add(
            incident(
                id=f"i{n}",
                created_at=START + timedelta(minutes=n // 2),
                reporter_id=EMPLOYEE.uid if n % 2 else OTHER_EMPLOYEE.uid,
            )
        )
    return IncidentReading(incidents, FakeStore(), RECORD)


@pytest.mark.parametrize("who", [ANALYST, ADMIN, OTHER_EMPLOYEE])
def test_the_team_and_the_reporter_see_an_incident(reading, who):
    assert reading.get(who, "i0").id == "i0"


def test_what_one_may_not_see_looks_like_what_is_not_there(reading):
    with pytest.raises(NotFoundError) as foreign:
        reading.get(EMPLOYEE, "i0")
    with pytest.raises(NotFoundError) as absent:
        reading.get(EMPLOYEE, "nowhere")
    assert str(foreign.value) == str(absent.value)


def test_an_employees_list_holds_their_own_reports_only(reading):
    assert {i.reporter_id for i in reading.find(IncidentFilter(scopes_for(EMPLOYEE)), 100).items} == {EMPLOYEE.uid}
    assert reading.find(IncidentFilter(scopes_for(EMPLOYEE), reporter=OTHER_EMPLOYEE.uid), 100).items == []


@pytest.mark.parametrize("oldest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_give_every_incident_once_and_in_order(reading, limit, oldest_first):
    seen, cursor = [], None
    while True:
        page = reading.find(IncidentFilter(scopes_for(ANALYST), oldest_first=oldest_first), limit, cursor)
        assert len(page.items) <= limit
        seen += [(i.created_at, i.id) for i in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=not oldest_first)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
def test_a_foreign_cursor_is_refused(text):
    with pytest.raises(InvalidInputError):
        Cursor.decode(text)


@given(st.datetimes(timezones=st.just(UTC)), st.from_regex(r"[A-Za-z0-9]{1,20}", fullmatch=True))
def test_a_cursor_comes_back_as_it_went(at, incident_id):
    assert Cursor.decode(Cursor(at, incident_id).encode()) == Cursor(at, incident_id)
