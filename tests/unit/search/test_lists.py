"""Lists: what is found is exactly what fits and may be seen, in order, each once, however it is paged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.incident import MAX_PEOPLE
from shared.domain.listing import IncidentFilter
from shared.domain.observables import Observable, ObservableType
from shared.domain.query import parse
from shared.domain.search import MAX_WORDS, terms_of
from shared.domain.taxonomy import Outcome, Priority, Status
from shared.domain.visibility import scopes_for, scopes_of
from shared.services.incidents.reading import MAX_SCAN, IncidentReading
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, RECORD, incident
from tests.fakes import START, FakeIncidents, FakeStore

ADDRESS = Observable(type=ObservableType.IP, value="192.0.2.1", first_seen_at=START)
WORDS = ["mail", "password", "printer", "locked", "door", "Zürich"]
PEOPLE = [EMPLOYEE, OTHER_EMPLOYEE, ANALYST]


@st.composite
def incidents(draw):
    count = draw(st.integers(0, 25))
    return [
        incident(
            id=f"i{n:02d}",
            created_at=START + timedelta(minutes=draw(st.integers(0, 5))),
            description="Words: " + " ".join(draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=5))),
            tags=draw(st.lists(st.sampled_from(["vip", "hr"]), max_size=2)),
            assignee_ids=draw(st.lists(st.sampled_from(["ana", "bo"]), max_size=2)),
            observables=draw(st.sampled_from([[], [ADDRESS]])),
            custom_fields=draw(st.sampled_from([{}, {"unit": "Sales"}, {"unit": 3}])),
            priority=draw(st.sampled_from(Priority)),
            outcome=draw(st.sampled_from([None, *Outcome])),
            status=draw(st.sampled_from(Status)),
            confidential=draw(st.booleans()),
            reporter_id=draw(st.sampled_from(PEOPLE)).uid,
            access_ids=[],
        )
        for n in range(count)
    ]


@st.composite
def filters(draw):
    text = draw(
        st.sampled_from([None, "mail", "pass*", '"mail password"', "zurich locked", "INC-0000-0000", "nothing"])
    )
    return {
        "status": draw(st.none() | st.sampled_from(Status)),
        "tag": draw(st.sampled_from([None, "vip", "VIP"])),
        "assignee": draw(st.sampled_from([None, "ana"])),
        "observable": draw(st.sampled_from([None, ADDRESS.key])),
        "field": draw(st.sampled_from([None, ("unit", "sales"), ("unit", "3")])),
        "priority": draw(st.none() | st.sampled_from(Priority)),
        "outcome": draw(st.none() | st.sampled_from(Outcome)),
        "confidential": draw(st.none() | st.booleans()),
        "text": parse(text) if text else None,
        "oldest_first": draw(st.booleans()),
    }


def fits(one, where, scopes):
    return (
        not set(scopes).isdisjoint(scopes_of(one))
        and where["status"] in {None, one.status}
        and (where["tag"] is None or "vip" in one.tags)
        and (where["assignee"] is None or where["assignee"] in one.assignee_ids)
        and (where["observable"] is None or ADDRESS in one.observables)
        and (where["field"] is None or str(one.custom_fields.get("unit", "")).lower() == where["field"][1])
        and where["priority"] in {None, one.priority}
        and where["outcome"] in {None, one.outcome}
        and where["confidential"] in {None, one.confidential}
        and (where["text"] is None or where["text"].fits(one))
    )


@given(incidents(), filters(), st.sampled_from(PEOPLE), st.integers(1, 7))
def test_what_is_found_is_what_fits_and_may_be_seen(there, where, who, limit):
    kept = FakeIncidents()
    for one in there:
        kept.add(one)
    reading = IncidentReading(kept, FakeStore(), RECORD)
    scopes = scopes_for(who)
    wanted = IncidentFilter(scopes, **where)
    seen, cursor = [], None
    while True:
        page = reading.find(wanted, limit, cursor)
        assert len(page.items) <= limit
        seen += page.items
        if (cursor := page.next_cursor) is None:
            break
    expected = [one for one in there if fits(one, where, scopes)]
    expected.sort(key=lambda one: (one.created_at, one.id), reverse=not where["oldest_first"])
    assert seen == expected


def test_a_search_that_finds_little_looks_through_a_bounded_number_for_each_page():
    kept = FakeIncidents()
    for n in range(2 * MAX_SCAN):
        words = "mail printer" if n == 5 else "mail then printer"
        kept.add(incident(id=f"i{n:04d}", created_at=START + timedelta(minutes=n), description=f"Words: {words}"))
    reading = IncidentReading(kept, FakeStore(), RECORD)
    where = IncidentFilter(scopes_for(ANALYST), text=parse('"mail printer"'))
    first = reading.find(where, 20)
    assert (first.items, first.next_cursor is None) == ([], False)
    pages = [first]
    while pages[-1].next_cursor:
        pages.append(reading.find(where, 20, pages[-1].next_cursor))
    assert [one.id for page in pages for one in page.items] == ["i0005"]
    assert len(pages) == 3


@pytest.mark.parametrize("people", [0, MAX_PEOPLE])
def test_the_index_of_the_largest_incident_stays_far_below_what_firestore_takes(people):
    # Constraints on documents: 40,000 index entries, 1 MiB. Each element is in three composite indexes and its own one.
    words = " ".join(f"word{n:05d}x" for n in range(2_500))[:20_000]
    trace = [
        Observable(type=ObservableType.DOMAIN, value=f"host{n}.example.org", first_seen_at=START) for n in range(200)
    ]
    one = incident(
        description=words,
        observables=trace,
        tags=[f"tag {n}" for n in range(50)],
        assignee_ids=[f"person{n}" for n in range(MAX_PEOPLE)],
        access_ids=[f"person{n}" for n in range(people)],
        confidential=bool(people),
        custom_fields={f"field{n}": f"value {n}" for n in range(50)},
    )
    terms = terms_of(one)
    assert len(terms) > (300 * people or MAX_WORDS)
    assert len(terms) * 4 < 35_000
    assert sum(len(element) + 1 for element in terms) < 300_000
