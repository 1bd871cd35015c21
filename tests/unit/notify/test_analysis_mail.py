from __future__ import annotations

from shared.domain.permissions import Role
from shared.services.notifications import AnalysisNotification
from tests.builders import user
from tests.fakes import FakeClock, FakeOutbox, FakeUsers
from tests.unit.test_mail import ANALYSED

ADMINS = (user("adm", Role.ADMIN), user("boss", Role.ADMIN))


def mailed(**changes):
    """Who is mailed about the analysis, and everything that the mail says."""
    outbox = FakeOutbox()
    users = FakeUsers(user("ana"), user("bo"), user("emp", Role.EMPLOYEE), *ADMINS)
    notification = AnalysisNotification(users, outbox, FakeClock(), "https://secura.example.org")
    mail_id = notification.queue(ANALYSED.model_copy(update=changes))
    if mail_id is None:
        return [], ""
    message = outbox.kept[mail_id].message
    return message.to, message.subject + message.text + message.html


def test_of_a_confidential_incident_only_its_people_of_the_team_are_mailed_and_told_nothing_of_it():
    people, said = mailed(confidential=True, access_ids=["bo", "boss", "emp"])
    assert people == ["bo@example.org", "boss@example.org"]
    assert ANALYSED.reference in said
    assert ANALYSED.title not in said
    assert mailed(confidential=True, access_ids=["emp"]) == ([], "")


def test_of_any_other_the_team_is():
    people, said = mailed()
    assert people == ["ana@example.org", "bo@example.org"]
    assert ANALYSED.title in said
