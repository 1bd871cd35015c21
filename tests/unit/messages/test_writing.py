from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.domain.errors import ForbiddenError, IdempotencyMismatchError, InvalidInputError, NotFoundError
from shared.domain.messages import MergedIncidentError, MessageChannel, MessageDraft, MessageEdit
from shared.domain.observables import ObservableSource
from shared.domain.taxonomy import Status
from shared.domain.timeline import TimelineKind
from shared.ports.store import INCIDENTS, messages_of
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident
from tests.unit.messages.support import BEA, CAROL, GUEST, LONG_UID, Conversation


@pytest.fixture
def talk():
    return Conversation()


def test_the_reporter_and_the_team_talk(talk):
    first = talk.say(EMPLOYEE, "I clicked on it.")
    answer = talk.say(ANALYST, "Did you type a password?", reply_to=first.id)
    talk.say(EMPLOYEE, "Yes.", reply_to=answer.id)
    talk.say(BEA, "Please change it.")
    seen = talk.shown(EMPLOYEE)
    assert [(one.body, one.author_id, one.by_team) for one in seen] == [
        ("I clicked on it.", "emp", False),
        ("Did you type a password?", "ana", True),
        ("Yes.", "emp", False),
        ("Please change it.", "bea", True),
    ]
    assert [one.thread for one in seen] == [first.id, first.id, first.id, seen[3].id]
    assert talk.bodies(EMPLOYEE, thread=first.id) == ["I clicked on it.", "Did you type a password?", "Yes."]
    assert first.channel is MessageChannel.APP


def test_who_does_not_see_the_incident_meets_nothing(talk):
    told = set()
    for incident_id in ("abc", "none"):
        with pytest.raises(NotFoundError) as caught:
            talk.writing.write(OTHER_EMPLOYEE, incident_id, MessageDraft(body="hi"))
        told.add(str(caught.value))
    assert len(told) == 1
    assert talk.shown(ANALYST) == []


def test_a_guest_of_a_confidential_incident_talks_and_an_outsider_of_the_team_does_not(talk):
    talk.change(confidential=True, access_ids=["guest", "bea"])
    talk.say(GUEST, "I saw it too.")
    talk.say(BEA, "Noted.", internal=True)
    assert talk.bodies(GUEST) == ["I saw it too."]
    assert talk.bodies(BEA) == ["I saw it too.", "Noted."]
    for outsider in (ANALYST, ADMIN):
        with pytest.raises(NotFoundError):
            talk.say(outsider, "hello")


def test_internal_notes_do_not_exist_for_the_reporter(talk):
    public = talk.say(EMPLOYEE, "I clicked on it.")
    note = talk.say(ANALYST, "It is evil.example again.", internal=True, reply_to=public.id)
    answer = talk.say(BEA, "So it is.", reply_to=note.id)
    assert answer.internal
    assert talk.bodies(EMPLOYEE) == ["I clicked on it."]
    assert talk.bodies(EMPLOYEE, thread=public.id) == ["I clicked on it."]
    assert talk.reading.find(EMPLOYEE, "abc", 50).unread == 0
    told = set()
    for message_id in (note.id, "none"):
        for meet in (
            lambda key: talk.say(EMPLOYEE, "what?", reply_to=key),
            lambda key: talk.reading.get(EMPLOYEE, "abc", key),
            lambda key: talk.reading.history(EMPLOYEE, "abc", key),
            lambda key: talk.receipts.read(EMPLOYEE, "abc", key),
            lambda key: talk.editing.delete(EMPLOYEE, "abc", key),
        ):
            with pytest.raises(NotFoundError) as caught:
                meet(message_id)
            told.add(str(caught.value))
    assert told == {"There is no such message"}
    with pytest.raises(ForbiddenError):
        talk.say(EMPLOYEE, "psst", internal=True)


def test_nothing_of_an_internal_note_reaches_the_incident_that_its_reporter_sees(talk):
    before = talk.incident
    note = talk.say(ANALYST, "It is evil.", internal=True)
    talk.editing.edit(ANALYST, "abc", note.id, MessageEdit(body="It is evil.example."))
    talk.editing.delete(ANALYST, "abc", note.id)
    assert talk.incident is before


def test_what_a_message_holds_becomes_an_observable(talk):
    talk.say(EMPLOYEE, "The link went to evil.example.")
    (found,) = talk.incident.observables
    assert (found.value, found.source) == ("evil.example", ObservableSource.MESSAGE)


def test_a_message_moves_neither_version_nor_update_but_the_activity(talk):
    before = talk.incident
    talk.say(EMPLOYEE, "The link went to evil.example.")
    after = talk.incident
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    assert after.active_at == talk.clock.now()


def test_each_message_leaves_a_timeline_entry_and_a_sealed_audit_entry(talk):
    public = talk.say(EMPLOYEE, "The link went to evil.example.")
    note = talk.say(ANALYST, "Known one.", internal=True)
    kinds = [(one.kind, one.about, one.internal, one.note, one.changes) for one in talk.timeline()]
    assert kinds == [
        (TimelineKind.MESSAGE, public.id, False, None, []),
        (TimelineKind.MESSAGE, note.id, True, None, []),
    ]
    by_subject = {entry.subject: entry for entry in talk.audit("incident:message_written")}
    # An entry about the note in the reporter's name would be in the reporter's copy of their data.
    assert set(by_subject) == {"emp", "ana"}
    assert by_subject["ana"].target.id == f"abc/{note.id}"
    changes = {one.field: one for one in by_subject["emp"].changes}
    assert changes["body"].personal
    assert changes["observables"].personal
    assert "evil.example" not in by_subject["emp"].model_dump_json()


def test_a_key_makes_one_message_and_takes_no_other_words(talk):
    first = talk.writing.write(EMPLOYEE, "abc", MessageDraft(body="once"), "key")
    again = talk.writing.write(EMPLOYEE, "abc", MessageDraft(body="once"), "key")
    assert (first.replayed, again.replayed, again.message) == (False, True, first.message)
    assert talk.bodies(ANALYST) == ["once"]
    assert len(talk.timeline()) == 1
    for other in (MessageDraft(body="twice"), MessageDraft(body="once", reply_to=first.message.id)):
        with pytest.raises(IdempotencyMismatchError):
            talk.writing.write(EMPLOYEE, "abc", other, "key")
    assert not talk.writing.write(ANALYST, "abc", MessageDraft(body="once"), "key").replayed


def test_a_retry_meets_its_message_however_it_stands_by_then(talk):
    first = talk.say(EMPLOYEE, "once", "key")
    talk.editing.delete(EMPLOYEE, "abc", first.id)
    talk.change(merged_into="other")
    again = talk.writing.write(EMPLOYEE, "abc", MessageDraft(body="once"), "key")
    assert (again.replayed, again.message.body) == (True, None)


def test_at_a_closed_incident_people_may_ask_back_and_at_a_merged_one_they_learn_where_to(talk):
    talk.change(status=Status.CLOSED)
    talk.say(EMPLOYEE, "Is it over?")
    talk.keep(incident(id="other", reference="INC-OTHER", reporter_id="other"))
    talk.change(merged_into="other")
    with pytest.raises(MergedIncidentError) as caught:
        talk.say(ANALYST, "more")
    assert "INC-OTHER (other)" in str(caught.value)
    with pytest.raises(MergedIncidentError) as caught:
        talk.say(EMPLOYEE, "more")
    assert "other)" not in str(caught.value)
    assert "INC-OTHER" not in str(caught.value)
    assert talk.bodies(EMPLOYEE) == ["Is it over?"]


def test_people_are_mentioned_by_address_and_uid_each_once(talk):
    body = f"@ana@example.org and @{LONG_UID}, and @bea@example.org: look. Mail me: emp@example.org, @everyone"
    message = talk.say(EMPLOYEE, body, mentions=["ana", "ADM@example.org"])
    assert message.mentions == ["ana", LONG_UID, "bea", "adm"]


@pytest.mark.parametrize("internal", [False, True])
def test_whoever_cannot_see_it_cannot_be_mentioned_and_nobody_learns_why(talk, internal):
    talk.disable(BEA)
    refusals = set()
    outside = ["nobody", "nobody@example.org", "other", "other@example.org", "bea", "bea@example.org", "a/b", "..", "@"]
    # The reporter sees the incident, an internal note not.
    for name in [*outside, *(["emp", "emp@example.org"] if internal else [])]:
        with pytest.raises(InvalidInputError) as caught:
            talk.say(ANALYST, "look", internal=internal, mentions=["ana", name])
        refusals.add((str(caught.value), tuple(caught.value.fields.items())))
    assert refusals == {
        (
            "Somebody who is mentioned cannot see this incident",
            (("mentions.1", "names somebody who cannot see this incident"),),
        )
    }
    with pytest.raises(InvalidInputError) as caught:
        talk.say(ANALYST, "look @other@example.org", internal=internal)
    assert set(caught.value.fields) == {"body"}
    assert talk.shown(ANALYST) == []
    assert talk.timeline() == []
    assert talk.incident.active_at is None


def test_confidential_incidents_take_no_mention_of_the_rest_of_the_team(talk):
    talk.change(confidential=True, access_ids=["ana"])
    assert talk.say(ANALYST, "@emp@example.org look").mentions == ["emp"]
    with pytest.raises(InvalidInputError):
        talk.say(ANALYST, "@carol@example.org look")


def test_mentions_are_bounded(talk):
    many = " ".join(f"@p{n}@example.org" for n in range(15))
    with pytest.raises(InvalidInputError) as caught:
        talk.say(EMPLOYEE, many, mentions=[f"q{n}" for n in range(6)])
    assert "Too many" in str(caught.value)
    with pytest.raises(ValidationError):
        MessageDraft(body="x", mentions=["a"] * 21)


@pytest.mark.parametrize("body", ["", "   ", "x" * 10_001, "nul \x00", "\ud800", None])
def test_words_that_are_none_are_refused(body):
    with pytest.raises(ValidationError):
        MessageDraft.model_validate({"body": body})


def test_a_thread_cannot_be_begun_at_another_incident(talk):
    talk.keep(incident(id="two"))
    elsewhere = talk.writing.write(EMPLOYEE, "two", MessageDraft(body="there")).message
    with pytest.raises(NotFoundError):
        talk.say(EMPLOYEE, "here", reply_to=elsewhere.id)
    assert talk.store.get(messages_of("abc"), elsewhere.id) is None
    assert talk.store.get(INCIDENTS, "abc").active_at is None


def test_somebody_of_the_team_who_reports_sees_the_notes(talk):
    talk.change(reporter_id=CAROL.uid)
    talk.say(ANALYST, "A note.", internal=True)
    assert talk.bodies(CAROL) == ["A note."]
