from __future__ import annotations

import pytest

from shared.domain.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, VersionConflictError
from shared.domain.messages import MAX_REVISIONS, DeletedMessageError, MergedIncidentError, MessageEdit
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE
from tests.unit.messages.support import BEA, Conversation


@pytest.fixture
def talk():
    return Conversation()


def edit(talk, who, message, body, version=None, **more):
    return talk.editing.edit(who, "abc", message.id, MessageEdit(body=body, **more), version)


def said(talk, message):
    return [(one.body, one.by, one.version) for one in talk.reading.history(ANALYST, "abc", message.id).items]


def test_an_edit_keeps_what_was_said_for_the_team_alone(talk):
    message = talk.say(EMPLOYEE, "I typed hunter2")
    edited = edit(talk, EMPLOYEE, message, "I typed my password")
    assert (edited.body, edited.version, edited.edited_at) == ("I typed my password", 2, talk.clock.now())
    assert talk.bodies(EMPLOYEE) == ["I typed my password"]
    assert said(talk, message) == [("I typed hunter2", "emp", 1)]
    with pytest.raises(ForbiddenError):
        talk.reading.history(EMPLOYEE, "abc", message.id)
    with pytest.raises(NotFoundError):
        talk.reading.history(OTHER_EMPLOYEE, "abc", message.id)


def test_only_the_author_edits_and_only_who_sees_it_learns_that(talk):
    message = talk.say(EMPLOYEE, "mine")
    for other in (ANALYST, ADMIN):
        with pytest.raises(ForbiddenError):
            edit(talk, other, message, "yours")
    with pytest.raises(NotFoundError):
        edit(talk, OTHER_EMPLOYEE, message, "yours")
    assert talk.bodies(EMPLOYEE) == ["mine"]


def test_an_edit_is_made_on_the_version_it_names(talk):
    message = talk.say(EMPLOYEE, "one")
    edit(talk, EMPLOYEE, message, "two", 1)
    with pytest.raises(VersionConflictError) as caught:
        edit(talk, EMPLOYEE, message, "three", 1)
    assert caught.value.actual == 2
    assert str(caught.value).startswith("The message is at version 2")


def test_the_same_words_again_change_nothing(talk):
    message = talk.say(EMPLOYEE, "one")
    edit(talk, EMPLOYEE, message, "two")
    assert edit(talk, EMPLOYEE, message, "two").version == 2
    assert len(talk.timeline()) == 2


def test_an_edit_mentions_anew_and_the_timeline_says_whom(talk):
    message = talk.say(EMPLOYEE, "@ana@example.org look")
    edited = edit(talk, EMPLOYEE, message, "@bea@example.org look")
    assert edited.mentions == ["bea"]
    changes = {one.field: (one.old, one.new) for one in talk.timeline()[-1].changes}
    assert changes["mentions"] == (["ana"], ["bea"])
    assert changes["edited_at"][0] is None
    with pytest.raises(InvalidInputError):
        edit(talk, EMPLOYEE, message, "@other@example.org look")


def test_an_edit_of_a_note_stays_inside(talk):
    note = talk.say(ANALYST, "a note", internal=True)
    edit(talk, ANALYST, note, "evil.example")
    assert talk.incident.observables == []
    assert talk.timeline()[-1].internal
    with pytest.raises(InvalidInputError):
        edit(talk, ANALYST, note, "@emp@example.org")


def test_what_an_edit_adds_is_found(talk):
    message = talk.say(EMPLOYEE, "a link")
    edit(talk, EMPLOYEE, message, "a link to evil.example")
    assert [one.value for one in talk.incident.observables] == ["evil.example"]
    assert talk.incident.version == 1


def test_a_deleted_message_keeps_its_place_and_loses_its_words(talk):
    first = talk.say(EMPLOYEE, "@ana@example.org one")
    talk.say(ANALYST, "two", reply_to=first.id)
    gone = talk.editing.delete(EMPLOYEE, "abc", first.id)
    assert (gone.body, gone.mentions, gone.deleted_at) == (None, [], talk.clock.now())
    assert talk.bodies(EMPLOYEE) == [None, "two"]
    assert said(talk, first) == [("@ana@example.org one", "emp", 1)]
    assert talk.editing.delete(EMPLOYEE, "abc", first.id) == gone
    assert [one.field for one in talk.timeline()[-1].changes] == ["deleted_at"]
    assert len(talk.timeline()) == 3
    with pytest.raises(DeletedMessageError):
        edit(talk, EMPLOYEE, first, "back again")


def test_an_administrator_deletes_anybodys_and_the_team_only_their_own(talk):
    message = talk.say(EMPLOYEE, "a password: hunter2")
    with pytest.raises(ForbiddenError):
        talk.editing.delete(BEA, "abc", message.id)
    talk.editing.delete(ADMIN, "abc", message.id)
    assert said(talk, message) == [("a password: hunter2", "adm", 1)]
    (entry,) = talk.audit("incident:message_deleted")
    assert (entry.actor.id, entry.subject) == ("adm", "emp")
    assert "hunter2" not in entry.model_dump_json()


def test_a_message_of_many_edits_takes_no_more_but_can_be_deleted(talk):
    message = talk.say(EMPLOYEE, "0")
    for number in range(1, MAX_REVISIONS):
        edit(talk, EMPLOYEE, message, str(number))
    with pytest.raises(ConflictError):
        edit(talk, EMPLOYEE, message, "one more")
    talk.editing.delete(EMPLOYEE, "abc", message.id)
    assert [body for body, _, _ in said(talk, message)] == [str(number) for number in range(MAX_REVISIONS)]


def test_at_a_merged_incident_nothing_is_changed(talk):
    message = talk.say(EMPLOYEE, "one")
    talk.change(merged_into="other")
    with pytest.raises(MergedIncidentError):
        edit(talk, EMPLOYEE, message, "two")
    with pytest.raises(MergedIncidentError):
        talk.editing.delete(EMPLOYEE, "abc", message.id)
    assert talk.bodies(EMPLOYEE) == ["one"]
