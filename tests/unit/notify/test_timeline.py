from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.domain.errors import IdempotencyMismatchError, InvalidInputError, NotFoundError
from shared.domain.taxonomy import Tlp
from shared.domain.timeline import TimelineKind
from shared.domain.timeline_views import ActivityRequest
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE
from tests.fakes import START
from tests.unit.notify.support import BO, World

BEFORE = START - timedelta(days=3)


@pytest.fixture
def world():
    return World()


def activity(**changes):
    values = {"at": BEFORE, "description": "A mail with a link was opened.", "technique": "T1566.002"}
    return ActivityRequest.model_validate(values | changes)


def kinds(page):
    return [(one.kind, one.internal) for one in page.items]


def test_a_timeline_is_in_the_order_of_what_happened(world):
    world.happens(EMPLOYEE, TimelineKind.REPORTED)
    world.clock.advance(timedelta(hours=1))
    world.assign(assignee_id="bo", note="Take it, please.")
    entered = world.entering.enter(ANALYST, "abc", activity())
    assert (entered.item.at, entered.item.recorded_at, entered.item.internal) == (BEFORE, START, True)
    page = world.reading.page(ANALYST, "abc", 9)
    assert [one.kind for one in page.items] == ["attacker_activity", "reported", "assigned"]
    assert (page.items[0].technique, page.items[0].note) == ("T1566.002", "A mail with a link was opened.")
    assert page.items[2].changes[0].new == ["bo"]
    newest = world.reading.page(ANALYST, "abc", 1, oldest_first=False)
    assert [one.kind for one in newest.items] == ["assigned"]
    assert [one.kind for one in world.reading.page(EMPLOYEE, "abc", 9).items] == ["reported"]


def test_pages_and_kinds(world):
    for n in range(5):
        world.happens(ANALYST, TimelineKind.CHANGED, {"priority": (n, n + 1)})
        world.happens(ANALYST, TimelineKind.LINKED, internal=True)
    for who, size in ((ANALYST, 10), (EMPLOYEE, 5)):
        found, cursor = [], None
        while True:
            page = world.reading.page(who, "abc", 2, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len({one.id for one in found}) == len(found) == size
    assert len(world.reading.page(ANALYST, "abc", 9, kind=TimelineKind.LINKED).items) == 5
    assert world.reading.page(EMPLOYEE, "abc", 9, kind=TimelineKind.LINKED).items == []
    with pytest.raises(InvalidInputError):
        world.reading.page(ANALYST, "abc", 2, cursor="rubbish")


def test_what_is_not_seen_is_not_there(world):
    world.keep(confidential=True, access_ids=["ana"])
    for who in (OTHER_EMPLOYEE, BO):
        with pytest.raises(NotFoundError):
            world.reading.page(who, "abc", 2)
        with pytest.raises(NotFoundError):
            world.reading.export(who, "abc")
        with pytest.raises(NotFoundError):
            world.entering.enter(who, "abc", activity())
    with pytest.raises(NotFoundError):
        world.entering.enter(EMPLOYEE, "abc", activity())
    assert world.timeline() == []


def test_reading_one_for_named_people_is_audited_and_so_is_every_file(world):
    world.keep(tlp=Tlp.RED)
    world.reading.page(EMPLOYEE, "abc", 2)
    assert world.audit("incident:read") == []
    world.reading.page(ANALYST, "abc", 2)
    assert len(world.audit("incident:read")) == 1
    world.reading.export(ANALYST, "abc")
    assert [one.actor.id for one in world.audit("incident:timeline_exported")] == ["ana"]


def test_a_file_holds_everything_that_its_reader_may_see(world):
    for n in range(450):
        world.happens(ANALYST, TimelineKind.CHANGED, {"priority": (n, n + 1)}, internal=n % 2 == 0)
    incident, items = world.reading.export(ANALYST, "abc")
    assert (incident.reference, len({one.id for one in items})) == ("INC-0000-0000", 450)
    assert len(list(world.reading.export(EMPLOYEE, "abc", kind=TimelineKind.CHANGED)[1])) == 225


def test_an_activity_is_entered_once_per_key(world):
    first = world.entering.enter(ANALYST, "abc", activity(), "key")
    again = world.entering.enter(ANALYST, "abc", activity(), "key")
    assert (again.item, first.replayed, again.replayed) == (first.item, False, True)
    with pytest.raises(IdempotencyMismatchError):
        world.entering.enter(ANALYST, "abc", activity(technique=None), "key")
    assert world.entering.enter(BO, "abc", activity(), "key").item.id != first.item.id
    assert len(world.audit("incident:activity_entered")) == 2


def test_words_of_an_activity_are_personal_in_the_audit_trail_of_whoever_entered_it(world):
    world.entering.enter(ANALYST, "abc", activity())
    (entry,) = world.audit("incident:activity_entered")
    assert entry.subject == "ana"
    assert {one.field: one.personal for one in entry.changes} == {
        "at": False,
        "note": True,
        "technique": False,
        "internal": False,
    }


def test_a_correction_is_about_an_entry_that_people_made(world):
    first = world.entering.enter(ANALYST, "abc", activity()).item
    fixed = world.entering.enter(BO, "abc", activity(about=first.id, internal=False)).item
    assert (fixed.about, fixed.internal) == (first.id, False)
    for about in ("nothing", world.happens(ANALYST, TimelineKind.CHANGED)):
        with pytest.raises(InvalidInputError, match="no such entry"):
            world.entering.enter(ANALYST, "abc", activity(about=about))


def test_the_future_has_not_happened_and_a_technique_has_a_number(world):
    with pytest.raises(InvalidInputError, match="not happened"):
        world.entering.enter(ANALYST, "abc", activity(at=START + timedelta(seconds=1)))
    for changes in ({"technique": "phishing"}, {"technique": "T15"}, {"description": " "}, {"at": "2026-01-01T00:00"}):
        with pytest.raises(ValidationError):
            activity(**changes)
