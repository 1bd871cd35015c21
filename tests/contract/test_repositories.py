from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.adapters.firestore.collections import FirestoreIncidents
from shared.ai.categorizer import Categorizer
from shared.domain.analysis import Analysis
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.listing import IncidentFilter
from shared.domain.mail import MailMessage, OutboxMail
from shared.domain.paging import Cursor
from shared.domain.permissions import Role
from shared.domain.taxonomy import Category, Severity, Status
from shared.domain.visibility import TEAM, person
from shared.ports.repositories import Receipt
from shared.services.analysis.judging import assessed, categorized
from tests.builders import incident, user
from tests.fakes import START

RECEIPT = Receipt("r1", "hash", "abc", START + timedelta(hours=24))


def test_an_incident_comes_back_as_it_went(store):
    made = incident(tags=["é", "🔒"], severity=Severity.HIGH, category=Category.MALWARE, triaged_at=START)
    assert store["incidents"].add(made) is None
    assert store["incidents"].get("abc") == made
    assert store["incidents"].get("nowhere") is None


def test_an_id_is_given_once(store):
    store["incidents"].add(incident())
    with pytest.raises(ConflictError):
        store["incidents"].add(incident(title="Another"))
    assert store["incidents"].get("abc").title == incident().title


def test_a_receipt_is_kept_with_its_incident_and_found_again(store):
    incidents = store["incidents"]
    assert incidents.add(incident(), RECEIPT) is None
    assert incidents.add(incident(title="Another"), RECEIPT) == RECEIPT
    assert incidents.get("abc").title == incident().title


def test_nothing_is_kept_of_a_report_whose_id_is_taken(store):
    store["incidents"].add(incident())
    with pytest.raises(ConflictError):
        store["incidents"].add(incident(), RECEIPT)
    assert store["incidents"].add(incident(id="new"), RECEIPT) is None


def test_an_update_that_fails_writes_nothing(store):
    store["incidents"].add(incident())

    def refuse(_):
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        store["incidents"].update("abc", refuse)
    assert store["incidents"].get("abc") == incident()
    with pytest.raises(NotFoundError):
        store["incidents"].update("nowhere", lambda i: i)


def test_updates_at_once_are_all_there(firestore):
    incidents = FirestoreIncidents(firestore)
    incidents.add(incident())

    def count(_):
        return incidents.update("abc", lambda i: i.model_copy(update={"version": i.version + 1}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(12)))
    kept = incidents.get("abc")
    assert kept is not None
    assert kept.version == 13


@pytest.fixture
def many(store):
    statuses = [Status.NEW, Status.ANALYSIS, Status.CLOSED]
    for n in range(12):
        store["incidents"].add(
            incident(
                id=f"i{n:02d}",
                created_at=START + timedelta(minutes=n // 3),
                status=statuses[n % 3],
                severity=Severity.HIGH if n % 2 else None,
                category=Category.MALWARE if n % 4 == 0 else None,
                reporter_id=f"r{n % 2}",
                assignee_ids=["ana", "bo"][: n % 3],
                tags=["vip", "hr"][n % 4 :],
            )
        )
    return store["incidents"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (IncidentFilter([TEAM]), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (IncidentFilter([TEAM], oldest_first=True), list(range(12))),
        (IncidentFilter([TEAM], status=Status.NEW), [9, 6, 3, 0]),
        (IncidentFilter([TEAM], severity=Severity.HIGH, reporter="r1"), [11, 9, 7, 5, 3, 1]),
        (IncidentFilter([TEAM], category=Category.MALWARE, status=Status.ANALYSIS), [4]),
        (IncidentFilter([TEAM], assignee="bo"), [11, 8, 5, 2]),
        (IncidentFilter([TEAM], tag="hr"), [9, 8, 5, 4, 1, 0]),
        (IncidentFilter([TEAM], tag="vip", status=Status.ANALYSIS), [4]),
        (IncidentFilter([TEAM], since=START + timedelta(minutes=1), until=START + timedelta(minutes=2)), [5, 4, 3]),
        (IncidentFilter([TEAM], reporter="nobody"), []),
        (IncidentFilter([person("r1")]), [11, 9, 7, 5, 3, 1]),
        (IncidentFilter([person("r1")], reporter="r0"), []),
        (IncidentFilter([person("nobody")]), []),
    ],
)
def test_filters_narrow_and_keep_the_order(many, where, expected):
    assert [found.id for found in many.find(where, 100)] == [f"i{n:02d}" for n in expected]


@pytest.mark.parametrize("oldest_first", [True, False])
def test_a_page_goes_on_behind_the_cursor(many, oldest_first):
    where = IncidentFilter([TEAM], oldest_first=oldest_first)
    everything = many.find(where, 100)
    for place, last in enumerate(everything):
        assert many.find(where, 3, Cursor(last.created_at, last.id)) == everything[place + 1 : place + 4]


def test_the_team_is_found_by_role_without_the_disabled(store):
    users = store["users"]
    assert users.add(user("ana"))
    assert not users.add(user("ana", display_name="Somebody Else"))
    users.add(user("bo", disabled=True))
    users.add(user("emp", Role.EMPLOYEE))
    assert users.with_role(Role.SECURITY_TEAM) == [user("ana")]


def test_a_mail_is_kept_once(store):
    message = MailMessage(to=["ana@example.org"], subject="S", text="T", html="<p>T</p>")
    mail = OutboxMail(id="m1", kind="k", message=message, created_at=START, updated_at=START)
    assert store["outbox"].add(mail)
    assert not store["outbox"].add(mail.model_copy(update={"attempts": 7}))
    assert store["outbox"].get("m1") == mail


def test_lists_leave_out_the_reasons_of_an_analysis_and_opening_does_not(store):
    said = Analysis(
        input_hash="0" * 64,
        categorization=categorized(Categorizer.load(), "I left my phone in a taxi"),
        severity=assessed("I left my phone in a taxi"),
        analyzed_at=START,
    )
    made = incident(analysis=said)
    store["incidents"].add(made)
    store["incidents"].add(incident(id="without"))
    with_analysis, without = sorted(
        store["incidents"].find(IncidentFilter([TEAM]), 5), key=lambda one: one.analysis is None
    )
    assert without.analysis is None
    assert (with_analysis.analysis.categorization.alternatives, with_analysis.analysis.severity.factors) == ([], [])
    shown = with_analysis.model_dump(exclude={"analysis"})
    assert shown == made.model_dump(exclude={"analysis"})
    assert with_analysis.analysis.severity.score == said.severity.score
    assert with_analysis.analysis.categorization.evidence == said.categorization.evidence
    assert store["incidents"].get("abc") == made
