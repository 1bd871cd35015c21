"""The lists of messages, and the use cases that lean on what a database does, over the fake and over Firestore."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.adapters.firestore.messages import FirestoreMessages
from shared.adapters.firestore.store import FirestoreStore
from shared.domain.errors import IdempotencyMismatchError, InvalidInputError
from shared.domain.messages import Message, MessageDraft, MessageEdit, MessageFilter, ReadReceipt
from shared.domain.paging import Cursor
from shared.domain.people import Origin
from shared.ports.messages import receipts_of
from shared.ports.store import messages_of
from shared.services.messages.replying import reply_link
from tests.builders import ANALYST, EMPLOYEE
from tests.fakes import START, FakeStore
from tests.message_fakes import FakeMessages
from tests.unit.messages.support import BEA, Conversation


@pytest.fixture(params=["fake", "firestore"])
def kept(request):
    """A store and the lists of what is in it."""
    if request.param == "fake":
        store = FakeStore()
        return store, FakeMessages(store)
    client = request.getfixturevalue("firestore")
    return FirestoreStore(client), FirestoreMessages(client)


def message(key, second, author="emp", **more):
    at = START + timedelta(seconds=second)
    values = {"id": key, "incident_id": "abc", "author_id": author, "body": key, "thread": key, "created_at": at}
    return Message.model_validate(values | more)


# `c` and `b` are of one moment: their ids tell which comes first.
MESSAGES = [
    message("d", 1),
    message("c", 2, "ana", thread="d"),
    message("b", 2, "ana", internal=True, thread="d"),
    message("a", 3, "ana", internal=True),
    message("e", 4, thread="d"),
]
ALL = ["d", "b", "c", "a", "e"]


@pytest.fixture
def lists(kept):
    store, lists = kept
    for one in MESSAGES:
        store.create(messages_of("abc"), one)
    store.create(messages_of("other"), message("x", 1))
    return lists


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"public_only": False}, ALL),
        ({"public_only": True}, ["d", "c", "e"]),
        ({"public_only": False, "thread": "d"}, ["d", "b", "c", "e"]),
        ({"public_only": True, "thread": "d"}, ["d", "c", "e"]),
        ({"public_only": True, "thread": "none"}, []),
    ],
)
def test_messages_are_found_in_their_order_in_pages_either_way(lists, where, ids):
    for oldest_first in (True, False):
        expected = ids if oldest_first else ids[::-1]
        how = MessageFilter("abc", oldest_first=oldest_first, **where)
        assert [one.id for one in lists.find(how, 9)] == expected
        found, after = [], None
        while page := lists.find(how, 2, after):
            found += [one.id for one in page]
            after = Cursor(page[-1].created_at, page[-1].id)
        assert found == expected


def test_a_message_comes_back_as_it_was_kept(lists):
    assert lists.find(MessageFilter("abc", public_only=False), 1) == [MESSAGES[0]]


@pytest.mark.parametrize(
    ("where", "uid", "after", "count"),
    [
        ({"public_only": False}, "bea", None, 5),
        ({"public_only": False}, "ana", None, 2),
        ({"public_only": True}, "emp", None, 1),
        ({"public_only": False}, "bea", MESSAGES[2].place, 3),
        ({"public_only": False}, "ana", MESSAGES[2].place, 1),
        ({"public_only": True}, "emp", MESSAGES[0].place, 1),
        ({"public_only": True}, "emp", MESSAGES[1].place, 0),
        ({"public_only": False, "thread": "d"}, "ana", MESSAGES[0].place, 1),
        ({"public_only": True, "thread": "d"}, "bea", None, 3),
    ],
)
def test_what_is_unread_is_what_others_wrote_behind_a_place(lists, where, uid, after, count):
    assert lists.unread(MessageFilter("abc", **where), uid, after) == count


def test_receipts_are_those_of_the_incident(kept):
    store, lists = kept
    receipts = [ReadReceipt(uid=uid, message_id="d", message_at=START, at=START) for uid in ("bea", "ana")]
    for one in receipts:
        store.create(receipts_of("abc"), one)
    store.create(receipts_of("other"), receipts[0])
    assert list(lists.receipts("abc")) == receipts[::-1]


@pytest.fixture
def talk(kept):
    return Conversation(*kept)


def test_a_conversation_is_kept_as_it_was_led(talk):
    first = talk.say(EMPLOYEE, "It was evil.example. @ana@example.org", "key")
    assert (first.mentions, talk.incident.observables[0].value) == (["ana"], "evil.example")
    assert talk.incident.active_at == first.created_at
    note = talk.say(BEA, "A note.", internal=True, reply_to=first.id)
    talk.editing.edit(EMPLOYEE, "abc", first.id, MessageEdit(body="It was bad."), 1)
    talk.editing.edit(EMPLOYEE, "abc", first.id, MessageEdit(body="It was worse."))
    talk.editing.delete(EMPLOYEE, "abc", first.id)
    talk.receipts.read(ANALYST, "abc", note.id)
    page = talk.reading.find(ANALYST, "abc", 9)
    assert [(one.body, one.version, one.read_by_team) for one in page.items] == [(None, 4, True), ("A note.", 1, True)]
    assert page.unread == 0
    history = talk.reading.history(ANALYST, "abc", first.id).items
    assert [one.body for one in history] == ["It was evil.example. @ana@example.org", "It was bad.", "It was worse."]
    assert talk.bodies(EMPLOYEE) == [None]
    assert talk.writing.write(EMPLOYEE, "abc", MessageDraft(body=history[0].body), "key").replayed
    with pytest.raises(IdempotencyMismatchError):
        talk.writing.write(EMPLOYEE, "abc", MessageDraft(body="other"), "key")


def test_nothing_is_kept_of_a_message_that_is_refused(talk):
    with pytest.raises(InvalidInputError):
        talk.say(EMPLOYEE, "It was evil.example.", mentions=["nobody@example.org"])
    assert (talk.incident.observables, talk.incident.active_at) == ([], None)
    assert talk.shown(ANALYST) == []


@pytest.fixture
def real(firestore):
    """At a database where several people write at once."""
    return Conversation(FirestoreStore(firestore), FirestoreMessages(firestore))


def test_many_write_at_once_and_a_retry_still_writes_once(real):
    drafts = [(MessageDraft(body=f"m{number}"), f"k{number}") for number in range(4)] * 2
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda one: real.writing.write(EMPLOYEE, "abc", *one), drafts))
    assert len({one.message.id for one in written}) == 4
    assert sum(one.replayed for one in written) == 4
    assert sorted(map(str, real.bodies(ANALYST))) == ["m0", "m1", "m2", "m3"]
    assert len(real.timeline()) == 4
    assert len(real.audit("incident:message_written")) == 4


def test_a_link_takes_one_of_the_answers_that_come_at_once(real):
    question = real.say(ANALYST, "Well?")
    token = reply_link(real.tokens, real.incident, question, "emp", "https://secura.example.org").split("token=")[1]
    with ThreadPoolExecutor(4) as pool:
        fresh = list(pool.map(lambda n: real.replying.answer(token, f"a{n}", Origin())[1], range(4)))
    assert sorted(fresh) == [False, False, False, True]
    assert len(real.bodies(EMPLOYEE)) == 2
