"""Who is told what: each rule, everything that must not be said, and events that come twice."""

from __future__ import annotations

from itertools import permutations

import pytest

from shared.domain.errors import NotFoundError
from shared.domain.merges import MergeRequest
from shared.domain.people import Channels, Notifications
from shared.domain.permissions import Role
from shared.domain.taxonomy import Category, Outcome, Severity, Status, Tlp
from shared.domain.timeline import TimelineKind
from shared.ports.store import INCIDENTS, timeline_of
from shared.services.incidents.merging import IncidentMerging
from shared.services.notifications.wording import defanged
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, user
from tests.unit.notify.support import BO, URL, World

TITLE = "Mail asked for my password"


@pytest.fixture
def world():
    return World()


def moved(world, old, new, who=ANALYST, **changes):
    """The status changes, and whoever is told."""
    world.keep(status=new, **changes)
    return world.tell(world.happens(who, TimelineKind.CHANGED, {"status": (old, new)}))


def text_of(mail):
    return mail.message.text


def test_whoever_reports_hears_that_it_came_in(world):
    world.tell(world.happens(EMPLOYEE, TimelineKind.REPORTED))
    (mail,) = world.mails()
    assert (mail.kind, mail.message.to, mail.incident_id) == ("incident_received", ["emp@example.org"], "abc")
    assert mail.message.subject == f"We received your report INC-0000-0000: {TITLE}"
    assert f"Open the incident: {URL}/api/incidents/abc" in text_of(mail)
    assert mail.expires_at is not None
    (note,) = world.told("emp")
    assert (note.title, note.text, note.read_at) == (TITLE, "We received your report INC-0000-0000.", None)


@pytest.mark.parametrize("changes", [{"notify": False}, {"reporter_id": "ana"}])
def test_an_imported_report_or_one_of_the_team_is_not_confirmed(world, changes):
    world.keep(**changes)
    who = ANALYST if "reporter_id" in changes else EMPLOYEE
    assert world.tell(world.happens(who, TimelineKind.REPORTED)) == 0


def test_what_was_split_off_is_told_as_that(world):
    world.tell(world.happens(ANALYST, TimelineKind.REPORTED))
    assert "for a part of what you reported" in world.mails()[0].message.subject


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (Status.NEW, Status.ANALYSIS, "The security team looks into INC-0000-0000"),
        (Status.NEW, Status.CONTAINMENT, "The security team looks into INC-0000-0000"),
        (Status.CONTAINMENT, Status.ERADICATION, "INC-0000-0000 is under control"),
        (Status.NEW, Status.RECOVERY, "INC-0000-0000 is under control"),
        (Status.CLOSED, Status.ANALYSIS, "The security team works on INC-0000-0000 again"),
        (Status.ANALYSIS, Status.CONTAINMENT, None),
        (Status.ERADICATION, Status.RECOVERY, None),
    ],
)
def test_the_reporter_hears_of_the_steps_that_say_something_to_them(world, old, new, says):
    moved(world, old, new)
    assert [mail.message.subject for mail in world.mails("emp")] == ([f"{says}: {TITLE}"] if says else [])
    assert len(world.mails()) == len(world.told("emp")) == (1 if says else 0)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_end_is_told_in_plain_words(world, outcome):
    summary = "A page that looked like ours.\nThe password was changed."
    moved(world, Status.ANALYSIS, Status.CLOSED, outcome=outcome, summary=summary)
    (mail,) = world.mails()
    assert "INC-0000-0000 is closed" in mail.message.subject
    assert "The password was changed." in text_of(mail)
    assert outcome.value not in text_of(mail)
    assert world.told("emp")[0].text.startswith("INC-0000-0000 is closed. It ") or outcome is Outcome.UNKNOWN


def test_other_changes_and_ones_own_are_not_told(world):
    assert world.tell(world.happens(ANALYST, TimelineKind.CHANGED, {"priority": ("low", "high")})) == 0
    world.keep(reporter_id="ana")
    assert moved(world, Status.NEW, Status.ANALYSIS, reporter_id="ana") == 0
    for kind in (TimelineKind.ANALYZED, TimelineKind.OBSERVABLES, TimelineKind.LINKED, TimelineKind.ACCESS):
        assert world.tell(world.happens(ADMIN, kind, internal=True)) == 0


def test_new_assignees_are_told_with_the_note(world):
    world.keep(severity=Severity.HIGH, category=Category.MALWARE)
    world.assign(assignee_id="ana")
    world.assign(ADMIN, assignee_id="bo", mode="add", note="You know these.\nCall me.")
    for entry in world.timeline(TimelineKind.ASSIGNED):
        world.tell(entry.id)
    assert world.mailed() == {"bo": ["incident_assigned"]}  # ana did it herself
    (mail,) = world.mails("bo")
    assert mail.message.subject == f"INC-0000-0000 was assigned to you: {TITLE}"
    for words in ("Assigned by Adm: severity high, priority normal.", "You know these.", "Call me."):
        assert words in text_of(mail)


def test_whoever_is_not_assigned_any_more_is_not_told(world):
    world.assign(assignee_id="bo")
    world.assign(assignee_id="ana")
    for entry in world.timeline(TimelineKind.ASSIGNED):
        assert world.tell(entry.id) == 0


def test_a_message_of_the_team_can_be_answered_by_link(world):
    world.message(ANALYST, "Did you type a password?")
    (mail,) = world.mails()
    assert (mail.kind, mail.message.to) == ("incident_message", ["emp@example.org"])
    assert "Did you type a password?" in text_of(mail)
    assert f"Answer: {URL}/reply/abc/m0/emp" in text_of(mail)
    assert "Ana" not in text_of(mail)  # the team speaks as one


def test_a_message_of_the_reporter_goes_to_the_assignees_and_names_no_live_link(world):
    world.keep(assignee_ids=["bo", "ana", "emp"])
    world.join("ana", disabled=True)
    world.message(EMPLOYEE, "It led to https://evil.example/login and HTTP://x.example")
    assert world.mailed() == {"bo": ["incident_message"]}
    text = text_of(world.mails("bo")[0])
    assert "Emp wrote:" in text
    assert "It led to hxxps://evil[.]example/login and hxxp://x[.]example" in text
    assert f"{URL}/api/incidents/abc" in text
    assert "/reply/" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See www.evil.example.", "See www[.]evil[.]example."),
        ("Mail of kim@evil.example, 10.0.0.1", "Mail of kim@evil[.]example, 10.0.0.1"),
        ("https://münchen.example:8080/a.b?c", "hxxps://münchen[.]example:8080/a.b?c"),
        ("It costs 3.50 today. Or not ...", "It costs 3.50 today. Or not ..."),
    ],
)
def test_addresses_are_written_so_that_nobody_follows_them_by_mistake(text, expected):
    assert defanged(text) == expected


def test_what_is_nobodys_goes_to_whoever_is_on_call(world):
    world.message(EMPLOYEE)
    assert world.mails() == []
    world.set_rota()
    world.message(EMPLOYEE)
    assert world.mailed() == {"ana": ["incident_message"]}


def test_people_are_told_once_and_the_most_telling_comes_first(world):
    world.keep(assignee_ids=["bo"])
    first = world.message(BO, "A note.", internal=True)
    assert world.mails() == []
    world.message(ANALYST, "Seen.", internal=True, reply_to=first.id, mentions=["bo", "adm", "emp", "ana"])
    assert world.mailed() == {"bo": ["incident_mention"], "adm": ["incident_mention"]}
    world.message(ANALYST, "Yes.", internal=True, reply_to=first.id)
    assert world.mailed()["bo"] == ["incident_mention", "incident_message"]
    assert "was answered" in world.mails("bo")[1].message.subject


def test_of_an_internal_note_the_reporter_never_hears(world):
    asked = world.message(EMPLOYEE)
    world.message(ANALYST, "Hm.", internal=True, reply_to=asked.id, mentions=["emp"])
    assert (world.mails(), world.told("emp")) == ([], [])


def test_only_who_sees_the_incident_is_mentioned_and_may_answer(world):
    world.message(EMPLOYEE, mentions=["other", "bo", "nobody"])
    assert world.mailed() == {"bo": ["incident_mention"]}
    world.keep(confidential=True, access_ids=["other", "ana"])
    world.message(ANALYST, mentions=["other", "bo"])
    assert world.mailed()["other"] == ["incident_mention"]


def test_an_edit_tells_those_who_are_newly_mentioned(world):
    message = world.message(ANALYST, internal=True, mentions=["bo", "adm"])
    for _ in range(2):
        changes = {"edited_at": (None, "now"), "mentions": (["bo"], ["bo", "adm", "gone"])}
        world.tell(world.happens(ANALYST, TimelineKind.MESSAGE, changes, about=message.id, internal=True))
    assert world.mailed()["bo"] == ["incident_mention"]
    assert world.mailed()["adm"] == ["incident_mention"] * 3  # of the message, and of each edit that names them anew
    assert world.tell(world.happens(ANALYST, TimelineKind.MESSAGE, {"deleted_at": (None, "now")}, about="m0")) == 0


def test_of_a_message_that_is_gone_nobody_hears(world):
    for about in ("m9", None):
        assert world.tell(world.happens(EMPLOYEE, TimelineKind.MESSAGE, about=about)) == 0


def test_malware_is_told_to_those_who_handle_it(world):
    world.keep(assignee_ids=["bo"])
    scanned = {"status": ("scanning", "infected")}
    world.tell(world.happens(ANALYST, TimelineKind.EVIDENCE, scanned, about="e1"))
    world.tell(world.happens(ANALYST, TimelineKind.EVIDENCE, {"status": ("scanning", "clean")}, about="e2"))
    assert world.mailed() == {"bo": ["incident_updated"]}


def test_a_merge_is_told_to_the_reporter_of_what_went_into_another(world):
    world.keep(id="xyz", reference="INC-1111-1111", reporter_id="other")
    world.tell(world.happens(ANALYST, TimelineKind.MERGED, {"status": ("new", "closed")}, about="xyz"))
    assert world.tell(world.happens(ANALYST, TimelineKind.MERGED, about="xyz", internal=True)) == 0
    assert world.tell(world.happens(EMPLOYEE, TimelineKind.JOINED, about="xyz")) == 0
    (mail,) = world.mails()
    assert "was joined with another report" in mail.message.subject
    assert "It goes on as INC-1111-1111." in text_of(mail)
    world.tell(world.happens(ANALYST, TimelineKind.UNMERGED, about="xyz"))
    assert "on its own again" in world.mails()[1].message.subject


def test_a_merge_as_it_is_carried_out_tells_each_reporter_only_of_their_own(world):
    world.keep(id="xyz", reference="INC-1111-1111", reporter_id="other", assignee_ids=["bo"])
    merging = IncidentMerging(world.store, world.record, lambda one, *_: one, world.clock)
    merging.merge(ANALYST, "abc", MergeRequest(into="xyz"))
    for key in ("abc", "xyz"):
        for entry in world.store.all(timeline_of(key)):
            world.notices.tell(key, entry.id)
    assert world.mailed() == {"emp": ["incident_updated"]}


@pytest.mark.parametrize("changes", [{"tlp": Tlp.RED}, {"tlp": Tlp.AMBER_STRICT}, {"confidential": True}])
def test_of_one_for_named_people_no_word_leaves(world, changes):
    # Words that would be in the mail of any other incident.
    secrets = ("Mail asked", "SECRET", "Ana", "real incident", "severity")
    changes = changes | {"access_ids": ["ana", "bo"] if "confidential" in changes else []}
    changes |= {"severity": Severity.HIGH, "assignee_ids": ["bo"]}
    world.keep(**changes)
    world.tell(world.happens(EMPLOYEE, TimelineKind.REPORTED))
    world.tell(world.happens(ANALYST, TimelineKind.ASSIGNED, {"assignee_ids": ([], ["bo"])}, note="SECRET"))
    world.message(ANALYST, "SECRET", mentions=["bo"])
    world.message(EMPLOYEE, "SECRET")
    outcome = Outcome.TRUE_POSITIVE_WITH_IMPACT
    moved(world, Status.NEW, Status.CLOSED, **changes, outcome=outcome, summary="SECRET and more")
    assert len(world.mails()) == 6
    for mail in world.mails():
        said = mail.message.subject + mail.message.text + mail.message.html
        assert "INC-0000-0000" in said
        assert not [word for word in secrets if word in said]
        assert f"{URL}/api/incidents/abc" in said
        assert "/reply/" not in said
    for note in [*world.told("emp"), *world.told("bo")]:
        assert note.title is None
        assert not [word for word in secrets if word in note.text]
    assert world.mails("emp")[-1].message.subject == "There is news about INC-0000-0000"


def test_whoever_may_not_see_it_any_more_is_not_told(world):
    world.assign(assignee_id="bo")
    world.message(EMPLOYEE, mentions=["bo"])
    assert len(world.mails("bo")) == 1
    entry = world.timeline(TimelineKind.ASSIGNED)[0].id
    world.keep(assignee_ids=["bo"], confidential=True, access_ids=["ana"])
    assert world.tell(entry) == 0
    world.join("emp", Role.EMPLOYEE, disabled=True)
    assert moved(world, Status.NEW, Status.ANALYSIS) == 0


@pytest.mark.parametrize(("email", "in_app"), [(False, True), (True, False), (False, False)])
def test_everybody_chooses_how_they_hear(world, email, in_app):
    choices = Notifications(incident_updated=Channels(email=email, in_app=in_app))
    world.join("emp", Role.EMPLOYEE, notifications=choices)
    world.tell(world.happens(EMPLOYEE, TimelineKind.REPORTED))
    moved(world, Status.NEW, Status.ANALYSIS)
    assert (len(world.mails()), len(world.told("emp"))) == (2 * email, 2 * in_app)
    world.message(ANALYST)
    assert (len(world.mails()), len(world.told("emp"))) == (2 * email + 1, 2 * in_app + 1)


def test_about_an_imported_incident_nobody_is_mailed(world):
    world.keep(notify=False)
    moved(world, Status.NEW, Status.ANALYSIS, notify=False)
    assert (len(world.mails()), len(world.told("emp"))) == (0, 1)


def test_events_that_come_twice_or_in_another_order_make_the_same():
    made = []
    for order in permutations(range(3)):
        world = World(assignee_ids=["bo"])
        entries = [
            world.happens(EMPLOYEE, TimelineKind.REPORTED),
            world.happens(ANALYST, TimelineKind.ASSIGNED, {"assignee_ids": ([], ["bo"])}),
            world.happens(ANALYST, TimelineKind.CHANGED, {"status": ("new", "analysis")}),
        ]
        assert [world.tell(entries[n]) for n in order] == [2, 2, 2]
        assert [world.tell(entries[n]) for n in order] == [0, 0, 0]
        documents = [one.model_dump() for one in [*world.mails(), *world.told("emp"), *world.told("bo")]]
        made.append(sorted(documents, key=lambda one: (one["kind"], str(one["id"]))))
    assert all(one == made[0] for one in made)


def test_what_is_gone_is_said_so(world):
    with pytest.raises(NotFoundError):
        world.tell("nothing")
    entry = world.happens(EMPLOYEE, TimelineKind.REPORTED)
    world.store.documents[INCIDENTS.collection] = {}
    with pytest.raises(NotFoundError):
        world.tell(entry)


def test_a_long_message_is_cut_in_the_mail_and_in_the_platform(world):
    world.message(ANALYST, "word " * 2_000)
    assert len(text_of(world.mails()[0])) < 3_000
    note = world.told("emp")[0].text
    assert (len(note) <= 300, note.endswith(" …")) == (True, True)


def test_what_people_write_is_no_markup_in_a_mail(world):
    world.message(ANALYST, "<b>bold</b>")
    html = world.mails()[0].message.html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold" not in html


def test_the_entry_of_somebody_who_is_gone_is_told_without_a_name(world):
    world.store.add(timeline_of("abc"))
    world.keep(assignee_ids=["bo"])
    world.users.kept.pop("adm")
    world.tell(world.happens(ADMIN, TimelineKind.ASSIGNED, {"assignee_ids": ([], ["bo"])}))
    assert "Assigned by Somebody of the security team" in text_of(world.mails()[0])
    assert user("adm").display_name not in text_of(world.mails()[0])
    assert OTHER_EMPLOYEE.uid not in world.mailed()
