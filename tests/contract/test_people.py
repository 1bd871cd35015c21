from __future__ import annotations

import pytest

from shared.domain.permissions import Role
from shared.domain.team import PersonFilter
from tests.builders import user


@pytest.fixture
def people(store):
    for uid, role, name, disabled in [
        ("ana", Role.SECURITY_TEAM, "Ana Analyst", False),
        ("bo", Role.SECURITY_TEAM, "Bo Ångström", True),
        ("cy", Role.EMPLOYEE, "Cy O'Neill", False),
        ("dee", Role.ADMIN, "Dee Analyst", False),
        ("eve", Role.EMPLOYEE, "Eve Stone", False),
    ]:
        store["users"].add(user(uid, role, display_name=name, disabled=disabled, department="Sales West"))
    return store["users"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (PersonFilter(), ["ana", "bo", "cy", "dee", "eve"]),
        (PersonFilter(role=Role.SECURITY_TEAM), ["ana", "bo"]),
        (PersonFilter(disabled=False), ["ana", "cy", "dee", "eve"]),
        (PersonFilter(role=Role.SECURITY_TEAM, disabled=False), ["ana"]),
        (PersonFilter(q="anal"), ["ana", "dee"]),
        (PersonFilter(q="ANALYST dee"), ["dee"]),
        (PersonFilter(q="ångs"), ["bo"]),
        (PersonFilter(q="neill"), ["cy"]),
        (PersonFilter(q="eve@example.org"), ["eve"]),
        (PersonFilter(q="we sal", role=Role.EMPLOYEE), ["cy", "eve"]),
        (PersonFilter(q="analyst", role=Role.ADMIN, disabled=False), ["dee"]),
        (PersonFilter(q="nalyst"), []),
        (PersonFilter(q="!?"), ["ana", "bo", "cy", "dee", "eve"]),
    ],
)
def test_people_are_found_by_beginnings_of_words(people, where, expected):
    assert [found.uid for found in people.find(where, 50)] == expected
    paged, after = [], None
    while page := people.find(where, 1, after):
        paged += [found.uid for found in page]
        after = page[-1].email
    assert paged == expected


def test_a_change_is_found_at_once(people):
    people.update("eve", lambda before: before.model_copy(update={"display_name": "Eve Rock"}))
    assert [found.uid for found in people.find(PersonFilter(q="rock"), 9)] == ["eve"]
    assert people.find(PersonFilter(q="stone"), 9) == []
