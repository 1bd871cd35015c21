from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.domain.errors import InvalidInputError
from shared.domain.notifications import KEPT_FOR, Notification, NotificationKind, ReadRequest
from shared.ports.notifications import notifications_of
from tests.builders import EMPLOYEE, OTHER_EMPLOYEE
from tests.fakes import START
from tests.unit.notify.support import World


def notification(key, second=0, **changes):
    values = {
        "id": key,
        "kind": NotificationKind.INCIDENT_UPDATED,
        "incident_id": "abc",
        "reference": "INC-0000-0000",
        "text": key,
        "created_at": START + timedelta(seconds=second),
        "expires_at": START + KEPT_FOR,
    }
    return Notification.model_validate(values | changes)


@pytest.fixture
def world():
    world = World()
    world.store.add(notifications_of("emp"), *(notification(f"n{n}", n) for n in range(5)))
    world.store.add(notifications_of("other"), notification("o0"))
    return world


def ids(page):
    return [one.id for one in page.items]


def test_everybody_meets_their_own_newest_first_in_pages(world):
    first = world.inbox.page(EMPLOYEE, 3)
    assert (ids(first), first.unread) == (["n4", "n3", "n2"], 5)
    second = world.inbox.page(EMPLOYEE, 3, first.next_cursor)
    assert (ids(second), second.next_cursor) == (["n1", "n0"], None)
    assert ids(world.inbox.page(OTHER_EMPLOYEE, 3)) == ["o0"]
    with pytest.raises(InvalidInputError):
        world.inbox.page(EMPLOYEE, 3, "rubbish")


def test_what_was_read_keeps_its_time_and_others_stay(world):
    read = ReadRequest(ids=["n1", "n1", "n3", "o0", "nothing", ".."])
    assert world.inbox.read(EMPLOYEE, read).unread == 3
    world.clock.advance(timedelta(hours=1))
    assert world.inbox.read(EMPLOYEE, ReadRequest(ids=["n1", "n0"])).unread == 2
    kept = {one.id: one.read_at for one in world.inbox.page(EMPLOYEE, 9).items}
    assert (kept["n1"], kept["n0"]) == (START, START + timedelta(hours=1))
    assert ids(world.inbox.page(EMPLOYEE, 9, unread_only=True)) == ["n4", "n2"]
    assert world.inbox.page(OTHER_EMPLOYEE, 9).unread == 1


def test_all_of_a_great_many_are_read_at_once(world):
    world.store.add(notifications_of("emp"), *(notification(f"m{n:03}", n) for n in range(450)))
    assert world.inbox.read(EMPLOYEE, ReadRequest(all=True)).unread == 0
    assert world.inbox.page(OTHER_EMPLOYEE, 9).unread == 1


@pytest.mark.parametrize("body", [{}, {"ids": ["a"], "all": True}, {"all": False}, {"ids": ["a/b"]}, {"ids": [""]}])
def test_one_way_of_naming_them_is_asked_for(body):
    with pytest.raises(ValidationError):
        ReadRequest.model_validate(body)
