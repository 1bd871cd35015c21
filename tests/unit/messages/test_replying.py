from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from shared.domain.errors import NotFoundError
from shared.domain.messages import MessageChannel
from shared.domain.people import Origin
from shared.domain.taxonomy import Status, Tlp
from shared.services.messages.replying import LIFETIME, reply_link
from tests.builders import ANALYST, EMPLOYEE
from tests.unit.messages.support import Conversation

FROM = Origin("192.0.2.1", "Mail/1", "request")


@pytest.fixture
def talk():
    return Conversation()


def link(talk, message, uid="emp"):
    url = reply_link(talk.tokens, talk.incident, message, uid, "https://secura.example.org")
    assert url.startswith("https://secura.example.org/api/incidents/reply?token=")
    (token,) = parse_qs(urlsplit(url).query)["token"]
    return token


def test_the_reporter_answers_without_signing_in(talk):
    question = talk.say(ANALYST, "Did you type a password?")
    token = link(talk, question)
    page = talk.replying.open(token)
    assert (page.reference, page.question, page.sent_at) == ("INC-0000-0000", "Did you type a password?", None)
    talk.clock.advance(timedelta(days=13))
    shown, fresh = talk.replying.answer(token, "Yes, to evil.example. @everyone@example.org", FROM)
    assert fresh
    assert shown.reference == "INC-0000-0000"
    answer = talk.shown(EMPLOYEE)[-1]
    assert (answer.body, answer.author_id) == ("Yes, to evil.example. @everyone@example.org", "emp")
    assert (answer.channel, answer.reply_to, answer.thread) == (MessageChannel.MAIL_LINK, question.id, question.id)
    assert (answer.internal, answer.by_team, answer.mentions) == (False, False, [])
    assert [one.value for one in talk.incident.observables] == ["evil.example"]
    entry = next(one for one in talk.audit("incident:message_written") if one.actor.id == "emp")
    assert entry.request_id == "request"
    assert "192.0.2.1" not in entry.model_dump_json()


def test_a_link_takes_one_answer_however_it_is_submitted(talk):
    question = talk.say(ANALYST, "Did you type a password?")
    token, other = link(talk, question), link(talk, question)
    talk.clock.advance(timedelta(minutes=1))
    assert talk.replying.answer(token, "Yes.", FROM)[1]
    at = talk.clock.now()
    talk.clock.advance(timedelta(hours=1))
    for again, body in ((token, "Yes."), (token, "No."), (other, "Maybe."), (token, "")):
        page, fresh = talk.replying.answer(again, body, FROM)
        assert (fresh, page.sent_at) == (False, at)
    assert talk.bodies(EMPLOYEE) == ["Did you type a password?", "Yes."]
    assert talk.replying.open(token).sent_at == at


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 10_001, "a\x00b"])
def test_words_that_are_none_are_refused_and_the_link_lives_on(talk, body):
    token = link(talk, talk.say(ANALYST, "Well?"))
    with pytest.raises(ValidationError):
        talk.replying.answer(token, body, FROM)
    assert talk.replying.open(token).sent_at is None


@pytest.mark.parametrize(
    "changes", [{"tlp": Tlp.RED}, {"tlp": Tlp.AMBER_STRICT}, {"confidential": True, "access_ids": ["ana"]}]
)
def test_what_is_for_named_people_is_not_quoted(talk, changes):
    token = link(talk, talk.say(ANALYST, "Well?"))
    talk.change(**changes)
    page = talk.replying.open(token)
    assert (page.reference, page.question) == ("INC-0000-0000", None)
    assert talk.replying.answer(token, "Here.", FROM)[1]


def test_a_closed_incident_takes_an_answer_and_a_deleted_question_is_not_shown(talk):
    question = talk.say(ANALYST, "Well?")
    token = link(talk, question)
    talk.editing.delete(ANALYST, "abc", question.id)
    talk.change(status=Status.CLOSED)
    assert talk.replying.open(token).question is None
    assert talk.replying.answer(token, "Here.", FROM)[1]


@pytest.mark.parametrize(
    "end",
    [
        lambda talk: talk.clock.advance(LIFETIME),
        lambda talk: talk.disable(EMPLOYEE),
        lambda talk: talk.forget(EMPLOYEE),
        lambda talk: talk.change(reporter_id="other"),
        lambda talk: talk.change(merged_into="other"),
    ],
    ids=["expired", "disabled", "erased", "no longer theirs", "merged"],
)
@pytest.mark.parametrize("used", [False, True])
def test_a_dead_link_is_dead_in_the_same_words(talk, end, used):
    token = link(talk, talk.say(ANALYST, "Well?"))
    if used:
        talk.replying.answer(token, "Here.", FROM)
    before = len(talk.timeline())
    end(talk)
    for meet in (lambda: talk.replying.open(token), lambda: talk.replying.answer(token, "Here.", FROM)):
        with pytest.raises(NotFoundError) as caught:
            meet()
        assert str(caught.value) == "This link does not hold any more"
    assert len(talk.timeline()) == before


def test_a_link_to_a_note_or_of_another_purpose_is_none(talk):
    note = talk.say(ANALYST, "psst", internal=True)
    public = talk.say(ANALYST, "hello")
    claims = {"incident": "abc", "message": public.id, "uid": "emp"}
    for token in (link(talk, note), "nonsense", "", talk.tokens.make("download", claims, LIFETIME)):
        with pytest.raises(NotFoundError):
            talk.replying.answer(token, "Here.", FROM)
