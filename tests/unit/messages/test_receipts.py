from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import InvalidInputError, NotFoundError
from shared.domain.messages import ReadReceipt
from shared.domain.taxonomy import Tlp
from shared.ports.messages import MAX_READERS, receipts_of
from shared.ports.store import AUDIT
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE
from tests.unit.messages.support import BEA, GUEST, Conversation


@pytest.fixture
def talk():
    return Conversation()


def unread(talk, who, **how):
    return talk.reading.find(who, "abc", 50, **how).unread


def test_what_others_wrote_is_unread_until_it_is_read(talk):
    talk.say(EMPLOYEE, "one")
    second = talk.say(EMPLOYEE, "two")
    talk.say(ANALYST, "three")
    note = talk.say(ANALYST, "a note", internal=True)
    assert [unread(talk, who) for who in (EMPLOYEE, ANALYST, BEA)] == [1, 2, 4]
    talk.receipts.read(BEA, "abc", second.id)
    assert unread(talk, BEA) == 2
    talk.receipts.read(BEA, "abc", note.id)
    assert unread(talk, BEA) == 0
    assert unread(talk, ANALYST, thread=second.id) == 1


def test_a_receipt_never_goes_back(talk):
    first, second = talk.say(EMPLOYEE, "one"), talk.say(EMPLOYEE, "two")
    talk.receipts.read(ANALYST, "abc", second.id)
    at = talk.clock.now()
    talk.clock.advance(timedelta(minutes=1))
    for message in (first, second):
        talk.receipts.read(ANALYST, "abc", message.id)
    kept = talk.store.get(receipts_of("abc"), "ana")
    assert (kept.message_id, kept.at, kept.by_team) == (second.id, at, True)


def test_the_team_sees_who_read_and_the_reporter_only_that_somebody_did(talk):
    message = talk.say(EMPLOYEE, "one")
    answer = talk.say(ANALYST, "two")
    assert [one.read_by_team for one in talk.shown(EMPLOYEE)] == [False, False]
    talk.receipts.read(BEA, "abc", message.id)
    talk.receipts.read(EMPLOYEE, "abc", answer.id)
    to_team = talk.shown(ANALYST)
    assert [[one.uid for one in shown.read_by] for shown in to_team] == [["bea"], ["emp"]]
    to_reporter = talk.shown(EMPLOYEE)
    assert [(shown.read_by, shown.read_by_team) for shown in to_reporter] == [([], True), ([], False)]


def test_the_reporter_has_not_read_a_note_that_stands_before_what_they_read(talk):
    talk.say(ANALYST, "a note", internal=True)
    message = talk.say(ANALYST, "hello")
    talk.receipts.read(EMPLOYEE, "abc", message.id)
    note, _ = talk.shown(BEA)
    assert note.read_by == []
    talk.receipts.read(BEA, "abc", message.id)
    assert [one.uid for one in talk.shown(ANALYST)[0].read_by] == ["bea"]


def test_a_guest_is_told_no_more_than_the_reporter(talk):
    talk.change(confidential=True, access_ids=["guest", "bea"])
    message = talk.say(EMPLOYEE, "one")
    talk.receipts.read(BEA, "abc", message.id)
    talk.receipts.read(GUEST, "abc", message.id)
    (shown,) = talk.shown(GUEST)
    assert (shown.read_by, shown.read_by_team) == ([], True)


def test_what_is_not_there_cannot_be_read(talk):
    message = talk.say(EMPLOYEE, "one")
    for who, incident_id, message_id in (
        (ANALYST, "abc", "none"),
        (ANALYST, "none", message.id),
        (OTHER_EMPLOYEE, "abc", message.id),
    ):
        with pytest.raises(NotFoundError):
            talk.receipts.read(who, incident_id, message_id)


def test_the_conversation_comes_in_pages_either_way(talk):
    bodies = [talk.say(EMPLOYEE, f"m{number}").body for number in range(5)]

    def pages(**how):
        cursor, found = None, []
        while True:
            page = talk.reading.find(ANALYST, "abc", 2, cursor=cursor, **how)
            found.append([one.body for one in page.items])
            if (cursor := page.next_cursor) is None:
                return found

    assert pages() == [bodies[:2], bodies[2:4], bodies[4:]]
    assert sum(pages(oldest_first=False), []) == bodies[::-1]  # noqa: RUF017  # five of them
    with pytest.raises(InvalidInputError):
        talk.reading.find(ANALYST, "abc", 2, cursor="nonsense")


def test_that_the_messages_of_an_incident_for_named_people_were_read_is_in_the_audit(talk):
    message = talk.say(EMPLOYEE, "one")
    talk.shown(ANALYST)
    assert talk.audit("incident:read") == []
    talk.change(tlp=Tlp.RED)
    talk.shown(EMPLOYEE)
    assert talk.audit("incident:read") == []
    talk.shown(ANALYST)
    talk.reading.get(ANALYST, "abc", message.id)
    entries = talk.audit("incident:read")
    assert [entry.actor.id for entry in entries] == ["ana", "ana"]
    assert talk.store.get(AUDIT, entries[0].id) is not None


def test_one_of_very_many_readers_is_not_forgotten(talk):
    message = talk.say(EMPLOYEE, "one")
    for number in range(MAX_READERS):
        talk.store.create(
            receipts_of("abc"),
            ReadReceipt(uid=f"a{number:03d}", message_id="x", message_at=talk.clock.now(), at=talk.clock.now()),
        )
    talk.receipts.read(BEA, "abc", message.id)
    assert unread(talk, BEA) == 0
    assert len(talk.shown(ANALYST)[0].read_by) == MAX_READERS
