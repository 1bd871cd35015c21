"""Uploading, reading, fetching and deleting evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import (
    ConflictError,
    IdempotencyMismatchError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from shared.domain.evidence import (
    MAX_DIRECT,
    MAX_FILES,
    EvidenceAnnouncement,
    EvidenceStatus,
    EvidenceTally,
    TooLargeError,
)
from shared.domain.people import Origin
from shared.domain.permissions import Role
from shared.ports.evidence import evidence_of, tallies_of
from shared.ports.store import INCIDENTS, USERS
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident, user
from tests.unit.evidence.support import BAD, LIMIT, Bytes, Case

ORIGIN = Origin("192.0.2.1", "browser", "request")


@pytest.fixture
def case():
    return Case()


def token_of(shown):
    return shown.link.url.partition("?token=")[2]


def fetch(case, shown, evidence_id=None):
    opened = case.downloading.open(token_of(shown), "abc", evidence_id or shown.id, ORIGIN)
    return opened, b"".join(case.downloading.fetch(opened, 0, opened.size))


def test_a_retry_with_the_same_key_goes_on_where_the_first_try_ended(case):
    case.files.down = {"put"}
    with pytest.raises(UnavailableError):
        case.send(key="k")
    case.files.down = set()
    first = case.send(key="k")
    assert case.send(key="k") == first
    assert first.status == "uploaded"
    assert len(case.store.all(evidence_of("abc"))) == 1
    assert case.actions() == ["announced", "uploaded"]
    with pytest.raises(IdempotencyMismatchError):
        case.send(b"other bytes", key="k")
    assert case.send(who=ANALYST, key="k").id != first.id


def test_a_retry_behind_the_bytes_finds_them_there(case):
    evidence = case.send(key="k")
    case.store.add(
        evidence_of("abc"), evidence.model_copy(update={"status": EvidenceStatus.AWAITING_UPLOAD, "pinned": None})
    )
    assert case.send(key="k").pinned == evidence.pinned


def test_what_is_too_large_or_empty_is_not_taken(case):
    what = EvidenceAnnouncement(file_name="a", size=MAX_DIRECT + 1)
    with pytest.raises(TooLargeError, match="session"):
        case.uploading.upload(EMPLOYEE, "abc", what, Bytes(b"x" * (MAX_DIRECT + 1)))
    with pytest.raises(TooLargeError):
        case.announce(size=LIMIT + 1)
    with pytest.raises(InvalidInputError):
        case.announce(size=0)
    assert case.announce(size=LIMIT).status == "awaiting_upload"


def test_an_incident_holds_so_many_files(case):
    case.store.add(tallies_of("abc"), EvidenceTally(count=MAX_FILES - 1))
    case.send()
    with pytest.raises(ConflictError, match="200"):
        case.send()
    with pytest.raises(ConflictError, match="200"):
        case.announce()


def test_a_merged_incident_takes_no_files():
    case = Case(merged_into="other")
    with pytest.raises(ConflictError, match="merged"):
        case.send()


def test_a_session_that_nobody_used_is_expired_after_a_week(case):
    evidence = case.announce()
    assert case.reading.get(EMPLOYEE, "abc", evidence.id).status == "awaiting_upload"
    case.clock.advance(timedelta(days=7))
    assert case.reading.get(EMPLOYEE, "abc", evidence.id).status == "expired"
    (listed,) = case.reading.find(EMPLOYEE, "abc", 10).items
    assert listed.status == "expired"


def test_the_list_comes_in_pages_oldest_first(case):
    made = []
    for _ in range(5):
        made.append(case.send().id)
        case.clock.advance(timedelta(seconds=1))
    first = case.reading.find(ANALYST, "abc", 3)
    rest = case.reading.find(ANALYST, "abc", 3, first.next_cursor)
    assert [one.id for one in [*first.items, *rest.items]] == made
    assert rest.next_cursor is None


def test_others_do_not_learn_that_there_is_evidence(case):
    evidence = case.received()
    for attempt in (
        lambda: case.reading.find(OTHER_EMPLOYEE, "abc", 10),
        lambda: case.reading.get(OTHER_EMPLOYEE, "abc", evidence.id),
        lambda: case.send(who=OTHER_EMPLOYEE),
        lambda: case.announce(who=OTHER_EMPLOYEE),
    ):
        with pytest.raises(NotFoundError, match="There is no such incident"):
            attempt()
    with pytest.raises(NotFoundError):
        case.deleting.delete(EMPLOYEE, "abc", evidence.id, "Not needed")
    with pytest.raises(NotFoundError):
        case.reading.get(EMPLOYEE, "abc", "none")


def test_a_clean_file_is_fetched_by_whoever_may_see_the_incident(case):
    evidence = case.received()
    shown = case.reading.get(EMPLOYEE, "abc", evidence.id)
    assert shown.link.url.startswith(f"https://secura.example/api/incidents/abc/evidence/{evidence.id}/content?token=")
    opened, data = fetch(case, shown)
    assert (data, opened.file_name, opened.sha256) == (b"some bytes", "a.txt", evidence.sha256)
    assert case.actions()[-2:] == ["viewed", "downloaded"]
    last = case.audit()[-1]
    assert (last.actor.id, last.request_id) == (EMPLOYEE.uid, "request")


def test_a_part_is_fetched_and_said_to_be_one(case):
    shown = case.reading.get(EMPLOYEE, "abc", case.received().id)
    opened = case.downloading.open(token_of(shown), "abc", shown.id, ORIGIN)
    assert b"".join(case.downloading.fetch(opened, 2, 5)) == b"me "
    assert ("range", '"2-4"') in {(change.field, change.new) for change in case.audit()[-1].changes}


def test_a_dangerous_file_is_for_those_who_handle_the_incident(case):
    evidence = case.received(BAD)
    assert case.reading.get(EMPLOYEE, "abc", evidence.id).link is None
    shown = case.reading.get(ANALYST, "abc", evidence.id)
    opened, data = fetch(case, shown)
    assert (shown.link.archive, opened.file_name, data[:2]) == (True, "a.txt.zip", b"PK")
    assert opened.sha256 == evidence.kept_sha256
    # Who may not any more cannot by the link they still have.
    case.store.add(USERS, user(ANALYST.uid, Role.EMPLOYEE, email=ANALYST.email))
    with pytest.raises(NotFoundError):
        fetch(case, shown)


def _gone(case, evidence):
    case.deleting.delete(ANALYST, "abc", evidence.id, "Not needed")


def _late(case, evidence):
    case.clock.advance(timedelta(minutes=5))


def _disabled(case, evidence):
    case.store.add(USERS, user(ANALYST.uid, Role.SECURITY_TEAM, email=ANALYST.email, disabled=True))


def _confidential(case, evidence):
    case.store.add(INCIDENTS, incident(confidential=True))


def _moved(case, evidence):
    kept = evidence.kept.model_copy(update={"generation": "1"})
    case.store.add(evidence_of("abc"), evidence.model_copy(update={"kept": kept}))


@pytest.mark.parametrize("change", [_gone, _late, _disabled, _confidential, _moved])
def test_a_link_dies_with_what_it_was_given_for(case, change):
    evidence = case.received()
    shown = case.reading.get(ANALYST, "abc", evidence.id)
    fetch(case, shown)
    change(case, evidence)
    with pytest.raises(NotFoundError, match="This link does not hold any more"):
        fetch(case, shown)


def test_a_link_is_for_one_file(case):
    shown = case.reading.get(ANALYST, "abc", case.received().id)
    other = case.received()
    with pytest.raises(NotFoundError):
        fetch(case, shown, other.id)
    with pytest.raises(NotFoundError):
        case.downloading.open("nonsense", "abc", shown.id, ORIGIN)


def test_a_file_whose_bytes_are_gone_is_not_said_to_be_downloaded(case):
    shown = case.reading.get(ANALYST, "abc", case.received().id)
    case.files.objects.clear()
    with pytest.raises(NotFoundError):
        fetch(case, shown)
    assert "downloaded" not in case.actions()


@pytest.mark.parametrize("data", [b"some bytes", BAD])
def test_deleting_takes_the_bytes_and_leaves_the_record(case, data):
    evidence = case.received(data)
    shown = case.deleting.delete(ADMIN, "abc", evidence.id, "Kept elsewhere")
    assert (shown.status, shown.sha256, shown.deleted_at) == ("deleted", evidence.sha256, case.clock.now())
    assert case.files.objects == {}
    assert case.actions()[-1] == "deleted"
    assert case.reading.get(ADMIN, "abc", evidence.id).link is None
    assert case.timeline()[-1].note == "Kept elsewhere"


def test_deleting_again_deletes_what_a_failure_left(case):
    evidence = case.received()
    case.files.down = {"delete"}
    with pytest.raises(UnavailableError):
        case.deleting.delete(ANALYST, "abc", evidence.id, "Not needed")
    assert case.status(evidence) == "deleted"
    case.files.down = set()
    case.deleting.delete(ANALYST, "abc", evidence.id, "Not needed")
    assert case.files.objects == {}
    assert [entry.note for entry in case.timeline()].count("Not needed") == 1
