"""Saved filters: one's own, those the team shares, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.services.incidents.asking import IncidentQuery
from shared.services.incidents.filters import INCIDENT_FILTERS, MAX_FILTERS, MAX_SHARED, FilterRequest, IncidentFilters
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE
from tests.fakes import START, CountingIds, FakeClock, FakeStore


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def filters(store):
    return IncidentFilters(store, FakeClock(), CountingIds())


def wanted(name="Phishing", shared=False, **query):
    query = query or {"category": "phishing_social", "from": "2026-01-01T01:00:00+01:00", "last_days": 7}
    return FilterRequest.model_validate({"name": name, "query": query, "shared": shared})


def names(filters, who):
    return [one.name for one in filters.all(who).items]


def test_a_filter_is_kept_in_the_words_of_the_list(filters):
    kept, added = filters.add(EMPLOYEE, wanted())
    assert added
    assert kept.query == {"category": "phishing_social", "from": "2026-01-01T00:00:00Z", "last_days": 7}
    again = IncidentQuery.model_validate(kept.query).as_filter(EMPLOYEE, START)
    assert again.since == START - timedelta(days=7)  # the later of the two


def test_the_same_again_is_answered_as_it_is_and_another_of_the_name_is_refused(filters, store):
    first, _ = filters.add(EMPLOYEE, wanted())
    assert filters.add(EMPLOYEE, wanted()) == (first, False)
    with pytest.raises(ConflictError, match="another name"):
        filters.add(EMPLOYEE, wanted("PHISHING", status="new"))
    assert store.all(INCIDENT_FILTERS) == [first]


def test_everybody_sees_their_own_and_the_team_what_is_shared(filters):
    filters.add(EMPLOYEE, wanted("Mine"))
    filters.add(ANALYST, wanted("zeta", shared=True))
    filters.add(ANALYST, wanted("Alpha"))
    filters.add(ADMIN, wanted("Ours", shared=True))
    assert names(filters, EMPLOYEE) == ["Mine"]
    assert names(filters, OTHER_EMPLOYEE) == []
    assert names(filters, ANALYST) == ["Alpha", "zeta", "Ours"]
    assert names(filters, ADMIN) == ["Ours", "zeta"]


def test_only_the_team_shares(filters, store):
    with pytest.raises(InvalidInputError):
        filters.add(EMPLOYEE, wanted(shared=True))
    kept, _ = filters.add(EMPLOYEE, wanted())
    with pytest.raises(InvalidInputError):
        filters.replace(EMPLOYEE, kept.id, wanted(shared=True))
    assert store.all(INCIDENT_FILTERS) == [kept]


@pytest.mark.parametrize("query", [{"q": "**"}, {"observable": "ip:nothing"}])
def test_what_could_not_be_looked_for_is_not_kept(filters, store, query):
    with pytest.raises(InvalidInputError):
        filters.add(EMPLOYEE, wanted(**query))
    assert store.all(INCIDENT_FILTERS) == []


def test_a_filter_is_replaced_by_its_owner_only_shared_or_not(filters):
    kept, _ = filters.add(ANALYST, wanted("Old", shared=True))
    other, _ = filters.add(ANALYST, wanted("Other"))
    changed = filters.replace(ANALYST, kept.id, wanted("New", status="new"))
    assert (changed.name, changed.query, changed.shared) == ("New", {"status": "new"}, False)
    assert changed.created_at == kept.created_at
    with pytest.raises(ConflictError):
        filters.replace(ANALYST, other.id, wanted("new"))
    for refused in (
        lambda: filters.replace(ADMIN, kept.id, wanted()),
        lambda: filters.remove(ADMIN, kept.id),
        lambda: filters.replace(ANALYST, "nowhere", wanted()),
        lambda: filters.remove(ANALYST, "nowhere"),
    ):
        with pytest.raises(NotFoundError, match="no such filter"):
            refused()


def test_a_removed_filter_is_gone(filters):
    kept, _ = filters.add(EMPLOYEE, wanted())
    filters.remove(EMPLOYEE, kept.id)
    assert names(filters, EMPLOYEE) == []


def test_there_is_room_for_so_many(filters):
    for number in range(MAX_FILTERS):
        filters.add(EMPLOYEE, wanted(f"F{number}"))
    with pytest.raises(ConflictError, match="50 filters"):
        filters.add(EMPLOYEE, wanted("one more"))
    filters.add(OTHER_EMPLOYEE, wanted("one more"))


def test_and_for_so_many_shared_ones(filters, store):
    kept, _ = filters.add(ANALYST, wanted("Mine", shared=True))
    made = [
        kept.model_copy(update={"id": f"s{n}", "owner_id": f"o{n}", "name": f"S{n}"}) for n in range(MAX_SHARED - 1)
    ]
    store.add(INCIDENT_FILTERS, *made)
    with pytest.raises(ConflictError, match="200 filters"):
        filters.add(ANALYST, wanted("Another", shared=True))
    private, _ = filters.add(ANALYST, wanted("Another"))
    with pytest.raises(ConflictError, match="200 filters"):
        filters.replace(ANALYST, private.id, wanted("Another", shared=True))
    assert filters.replace(ANALYST, kept.id, wanted("Mine again", shared=True)).shared
