from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.domain.errors import ForbiddenError, IdempotencyMismatchError, InvalidInputError
from shared.domain.incident import IncidentReport, Source
from shared.domain.known_good import packaged
from shared.domain.observables import ObservableType
from shared.domain.taxonomy import Category, Severity, Status, Tlp
from shared.services.incidents.observing import Observing
from shared.services.incidents.reporting import IncidentReporting, reference_of
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, RECORD
from tests.fakes import START, CountingIds, FakeClock, FakeIncidents

OBSERVE = Observing(packaged)
REPORT = IncidentReport(title="Odd mail", description="It asked me for my password.")


@pytest.fixture
def incidents() -> FakeIncidents:
    return FakeIncidents()


@pytest.fixture
def reporting(incidents):
    return IncidentReporting(incidents, RECORD, lambda _, report: report, OBSERVE, FakeClock(), CountingIds())


def test_a_report_becomes_a_new_incident_of_its_reporter(reporting, incidents):
    made = reporting.report(EMPLOYEE, REPORT).incident
    assert incidents.kept == {made.id: made}
    assert (made.status, made.reporter_id, made.version, made.analysis) == (Status.NEW, EMPLOYEE.uid, 1, None)
    assert made.tlp is Tlp.AMBER
    assert made.detected_at == made.reported_at == made.created_at == START


def test_the_reporters_own_judgement_is_kept_as_theirs(reporting):
    report = REPORT.model_copy(update={"category": Category.MALWARE, "severity": Severity.HIGH})
    made = reporting.report(EMPLOYEE, report).incident
    assert (made.category, made.severity) == (Category.MALWARE, Severity.HIGH)
    assert made.category_tag == Category.MALWARE.rsit_tag
    assert made.provenance.category is made.provenance.severity is Source.REPORTER
    assert reporting.report(ANALYST, report).incident.provenance.category is Source.TEAM


def test_a_retry_with_the_same_key_gives_the_same_incident(reporting, incidents):
    first = reporting.report(EMPLOYEE, REPORT, "key-1")
    again = reporting.report(EMPLOYEE, REPORT, "key-1")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.incident.id == first.incident.id
    assert len(incidents.kept) == 1


def test_a_key_finds_its_incident_even_after_its_receipt_has_expired(reporting, incidents):
    first = reporting.report(EMPLOYEE, REPORT, "key-1")
    incidents.receipts.clear()
    assert reporting.report(EMPLOYEE, REPORT, "key-1").incident == first.incident
    assert len(incidents.kept) == 1


def test_keys_belong_to_the_person_who_chose_them(reporting, incidents):
    reporting.report(EMPLOYEE, REPORT, "key-1")
    reporting.report(OTHER_EMPLOYEE, REPORT, "key-1")
    assert len(incidents.kept) == 2


def test_a_key_with_another_report_is_refused(reporting):
    reporting.report(EMPLOYEE, REPORT, "key-1")
    with pytest.raises(IdempotencyMismatchError):
        reporting.report(EMPLOYEE, REPORT.model_copy(update={"title": "Another mail"}), "key-1")


def test_only_the_team_may_report_in_silence(reporting):
    silent = REPORT.model_copy(update={"notify": False})
    with pytest.raises(ForbiddenError):
        reporting.report(EMPLOYEE, silent)
    assert reporting.report(ANALYST, silent).incident.notify is False


def test_nobody_notices_what_is_yet_to_come(reporting):
    reporting.report(EMPLOYEE, REPORT.model_copy(update={"detected_at": START + timedelta(minutes=4)}))
    with pytest.raises(InvalidInputError):
        reporting.report(EMPLOYEE, REPORT.model_copy(update={"detected_at": START + timedelta(hours=1)}))


def test_what_the_words_name_is_kept_as_observables(reporting):
    words = {"description": "It led to hxxp://evil[.]example[.]net.", "affected_assets": ["laptop 10.1.2.3"]}
    made = reporting.report(EMPLOYEE, REPORT.model_copy(update=words | {"tlp": Tlp.RED})).incident
    assert [(one.type, one.value, one.known_good) for one in made.observables] == [
        (ObservableType.URL, "http://evil.example.net/", True),
        (ObservableType.DOMAIN, "evil.example.net", True),
        (ObservableType.IP, "10.1.2.3", True),
    ]
    assert {(one.tlp, one.first_seen_at) for one in made.observables} == {(Tlp.RED, START)}
    assert made.version == 1


def test_a_report_is_kept_as_it_was_accepted(incidents):
    def accept(who, report):
        if who is OTHER_EMPLOYEE:
            raise InvalidInputError("Not so")
        return report.model_copy(update={"custom_fields": {"unit": "Sales"}, "access_ids": ["ana"]})

    reporting = IncidentReporting(incidents, RECORD, accept, OBSERVE, FakeClock(), CountingIds())
    made = reporting.report(EMPLOYEE, REPORT, "key").incident
    assert (made.custom_fields, made.access_ids) == ({"unit": "Sales"}, ["ana"])
    assert reporting.report(EMPLOYEE, REPORT, "key").replayed
    with pytest.raises(InvalidInputError):
        reporting.report(OTHER_EMPLOYEE, REPORT)


def test_references_can_be_read_out():
    references = {reference_of(f"id{n}") for n in range(2000)}
    assert len(references) == 2000
    assert all(len(r) == 13 and r.startswith("INC-") and not set(r[4:]) & set("ILOU") for r in references)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "two\nlines of title"},
        {"description": "short"},
        {"description": "bell \x07 in a long enough text"},
        {"description": "lone surrogate \ud800 in the text"},
        {"detected_at": "2026-01-01T10:00:00"},
        {"detected_at": "0001-01-01T00:00:00+05:00"},
        {"category": "alien"},
        {"reporter_id": "somebody-else"},
        {"status": "closed"},
        {"tags": ["x"] * 51},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_unusable_reports_are_refused(wrong):
    with pytest.raises(ValidationError):
        IncidentReport.model_validate({"title": "Odd mail", "description": "It asked me for my password.", **wrong})
