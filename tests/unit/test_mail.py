from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.analysis import Analysis, Categorization, CategoryProbability, SeverityAssessment, SeverityFactor
from shared.domain.errors import RetryLaterError
from shared.domain.mail import MailState
from shared.domain.people import Channels, Notifications
from shared.domain.permissions import Role
from shared.domain.taxonomy import Category, Severity, Tlp
from shared.ports.messaging import MailNotSentError, MailOutcomeUnknownError, MailRefusedError
from shared.services.notifications import AnalysisNotification, MailSending
from shared.services.notifications.sending import LEASE
from tests.builders import incident, user
from tests.fakes import START, FakeClock, FakeMailer, FakeOutbox, FakeUsers

ANALYSIS = Analysis(
    input_hash="0" * 64,
    categorization=Categorization(
        category=Category.PHISHING_SOCIAL,
        confidence=0.91,
        alternatives=[CategoryProbability(category=Category.PHISHING_SOCIAL, probability=0.91)],
        abstained=False,
        evidence=["password"],
        model="test",
    ),
    severity=SeverityAssessment(
        severity=Severity.HIGH,
        score=71,
        confidence=0.8,
        factors=[SeverityFactor(name="data_kinds", weight=20, value=1, evidence="<b>credentials</b>")],
        model="test",
    ),
    analyzed_at=START,
)
ANALYSED = incident(analysis=ANALYSIS, severity=Severity.HIGH, category=Category.PHISHING_SOCIAL)


class World:
    def __init__(self, *failures: Exception) -> None:
        self.clock = FakeClock()
        self.outbox = FakeOutbox()
        self.mailer = FakeMailer(*failures)
        self.users = FakeUsers(
            user("ana"),
            user("bo"),
            user("cy", notifications=Notifications(incident_analyzed=Channels(email=False))),
            user("dee", disabled=True),
            user("emp", Role.EMPLOYEE),
        )
        self.notification = AnalysisNotification(self.users, self.outbox, self.clock, "https://secura.example.org")
        self.sending = MailSending(self.outbox, self.mailer, self.clock)

    def queue(self, what=ANALYSED) -> str:
        mail_id = self.notification.queue(what)
        assert mail_id is not None
        return mail_id

    def state(self, mail_id: str) -> MailState:
        return self.outbox.kept[mail_id].state


def test_the_team_is_mailed_once_however_often_the_events_come():
    world = World()
    for _ in range(3):
        mail_id = world.queue()
        for _ in range(2):
            world.sending.send(mail_id)
    assert [(m, message.to) for m, message in world.mailer.sent] == [(mail_id, ["ana@example.org", "bo@example.org"])]
    assert world.state(mail_id) is MailState.SENT


@pytest.mark.parametrize("quiet", [incident(), ANALYSED.model_copy(update={"notify": False})])
def test_nobody_is_mailed_before_the_analysis_or_when_silence_was_asked_for(quiet):
    world = World()
    assert world.notification.queue(quiet) is None
    assert world.outbox.kept == {}


def test_no_team_no_mail():
    world = World()
    world.users.kept.clear()
    assert world.notification.queue(ANALYSED) is None


def test_the_mail_says_what_why_and_where_and_nothing_of_the_description():
    world = World()
    message = world.outbox.kept[world.queue()].message
    assert message.subject == "[TLP:AMBER] High: INC-0000-0000 Mail asked for my password"
    for text in (message.text, message.html):
        assert "Phishing social (91% sure)" in text
        assert "https://secura.example.org/api/incidents/abc" in text
        assert "typed my password" not in text
    assert "<b>credentials" in message.text
    assert "<b>credentials" not in message.html


@pytest.mark.parametrize("tlp", [Tlp.RED, Tlp.AMBER_STRICT])
def test_what_is_for_named_people_only_does_not_travel_by_mail(tlp):
    world = World()
    message = world.outbox.kept[world.queue(ANALYSED.model_copy(update={"tlp": tlp}))].message
    assert not any(
        "Mail asked" in text or "credentials" in text for text in (message.subject, message.text, message.html)
    )
    assert "INC-0000-0000" in message.subject


def test_an_unsure_analysis_asks_the_team_to_choose():
    world = World()
    message = world.outbox.kept[world.queue(ANALYSED.model_copy(update={"category": None}))].message
    assert "not sure: please choose" in message.text


def test_a_mail_that_was_certainly_not_taken_is_tried_again():
    world = World(MailNotSentError("the provider answered 503"))
    mail_id = world.queue()
    with pytest.raises(RetryLaterError):
        world.sending.send(mail_id)
    assert world.state(mail_id) is MailState.QUEUED
    assert world.sending.send(mail_id) is MailState.SENT
    assert world.outbox.kept[mail_id].attempts == 2


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (MailRefusedError("the provider answered 400"), MailState.FAILED),
        (MailOutcomeUnknownError("the connection broke"), MailState.MAYBE_SENT),
    ],
)
def test_what_may_have_been_sent_or_never_will_be_is_not_tried_again(failure, state):
    world = World(failure)
    mail_id = world.queue()
    assert world.sending.send(mail_id) is state
    assert world.sending.send(mail_id) is state
    assert world.mailer.sent == []


def test_while_one_call_sends_another_waits():
    world = World()
    mail_id = world.queue()

    class SecondCallMeanwhile(FakeMailer):
        def send(self, message, mail_id):
            with pytest.raises(RetryLaterError):
                world.sending.send(mail_id)
            return super().send(message, mail_id)

    mailer = SecondCallMeanwhile()
    MailSending(world.outbox, mailer, world.clock).send(mail_id)
    assert len(mailer.sent) == 1


def test_a_sender_that_died_leaves_a_mail_that_may_have_been_sent():
    class DiesError(BaseException):
        pass

    world = World()
    mail_id = world.queue()
    with pytest.raises(DiesError):
        MailSending(world.outbox, FakeMailer(DiesError()), world.clock).send(mail_id)  # type: ignore[arg-type]
    with pytest.raises(RetryLaterError):
        world.sending.send(mail_id)
    world.clock.advance(LEASE + timedelta(seconds=1))
    assert world.sending.send(mail_id) is MailState.MAYBE_SENT
    assert world.mailer.sent == []
