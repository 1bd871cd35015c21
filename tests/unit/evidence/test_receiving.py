"""From quarantine to where it belongs, whatever happens on the way."""

from __future__ import annotations

import io
import itertools

import pytest
import pyzipper

from shared.domain.errors import NotFoundError, RetryLaterError, UnavailableError
from shared.domain.evidence import Bucket, EvidenceStatus, Stored
from shared.domain.observables import ObservableType
from shared.ports.evidence import evidence_of
from shared.services.evidence.receiving import LEASE
from tests.builders import ANALYST
from tests.unit.evidence.support import BAD, Case


@pytest.fixture
def case():
    return Case()


def test_a_clean_file_is_released_and_quarantine_is_empty(case):
    evidence = case.received(b"some bytes")
    assert (evidence.status, evidence.detected_type, evidence.lease_until) == ("clean", "text/plain", None)
    assert case.files.read(evidence.kept) == b"some bytes"
    assert case.buckets() == {Bucket.CLEAN}
    assert case.actions() == ["announced", "uploaded", "scanned", "copied", "deleted"]
    assert case.changes() == [(None, "uploaded"), ("scanning", "clean")]
    assert case.incident.active_at == case.clock.now()
    assert case.incident.version == 1


def test_a_dangerous_file_is_encrypted_and_its_hash_is_an_observable(case):
    evidence = case.received(BAD)
    assert evidence.status == "infected"
    assert case.buckets() == {Bucket.INFECTED}
    data = case.files.read(evidence.kept)
    assert BAD not in data
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(b"infected")
        assert archive.read("dangerous/a.txt") == BAD
        assert b"Bad" in archive.read("WARNING.txt")
    (one,) = case.incident.observables
    assert (one.type, one.value) == (ObservableType.HASH, evidence.sha256)


def test_events_that_come_again_change_nothing(case):
    evidence = case.received()
    before = (dict(case.files.objects), case.actions(), case.changes(), evidence)
    for _ in range(3):
        assert case.receiving.receive(evidence.pinned) == "clean"
    assert (dict(case.files.objects), case.actions(), case.changes(), case.evidence(evidence.id)) == before


def test_one_call_at_a_time_has_it_and_a_dead_one_loses_it(case):
    evidence = case.send()
    seen = []

    def while_inspecting(*what):
        with pytest.raises(RetryLaterError):
            case.receiving.receive(evidence.pinned)
        seen.append(case.status(evidence))
        raise KeyboardInterrupt  # as when the instance is stopped

    good, case.inspect = case.inspect, while_inspecting
    with pytest.raises(KeyboardInterrupt):
        case.receiving.receive(evidence.pinned)
    assert seen == [EvidenceStatus.SCANNING]
    # This one could give it back; one that was killed could not.
    kept = case.evidence(evidence.id).model_copy(update={"lease_until": case.clock.now() + LEASE})
    case.store.add(evidence_of("abc"), kept)
    case.inspect = good
    with pytest.raises(RetryLaterError):
        case.receiving.receive(evidence.pinned)
    case.clock.advance(LEASE)
    assert case.receiving.receive(evidence.pinned) == "clean"


@pytest.mark.parametrize(("data", "status"), [(b"some bytes", "clean"), (BAD, "infected")])
def test_who_was_overtaken_changes_nothing_and_takes_nothing_away(case, data, status):
    evidence = case.send(data)
    good = case.inspect

    def slow(*what):
        case.clock.advance(LEASE)
        case.inspect = good
        found = good(*what)
        assert case.receiving.receive(evidence.pinned) == status
        return found

    case.inspect = slow
    assert case.receiving.receive(evidence.pinned) == status
    after = case.evidence(evidence.id)
    assert case.files.read(after.kept)
    assert case.actions().count("scanned") == 1
    assert case.changes().count(("scanning", status)) == 1


@pytest.mark.parametrize(("data", "status"), [(b"some bytes", "clean"), (BAD, "infected")])
def test_who_was_overtaken_does_not_replace_what_is_released(case, data, status):
    evidence = case.send(data)
    good = case.inspect

    def slow(*what):
        case.clock.advance(LEASE)
        case.inspect = good
        case.files.down = {"delete"}  # so that the bytes are in quarantine still
        with pytest.raises(UnavailableError):
            case.receiving.receive(evidence.pinned)
        case.files.down = set()
        return good(*what)

    case.inspect = slow
    with pytest.raises(RetryLaterError):
        case.receiving.receive(evidence.pinned)
    assert case.receiving.receive(evidence.pinned) == status
    assert case.files.read(case.evidence(evidence.id).kept)
    assert case.buckets() <= {Bucket.CLEAN, Bucket.INFECTED}


@pytest.mark.parametrize("call", ["open", "copy", "delete"])
def test_a_storage_that_fails_is_asked_again(case, call):
    evidence = case.send()
    case.files.down = {call}
    with pytest.raises(UnavailableError):
        case.receiving.receive(evidence.pinned)
    case.files.down = set()
    assert case.receiving.receive(evidence.pinned) == "clean"
    assert case.buckets() == {Bucket.CLEAN}
    assert sorted(case.actions()) == ["announced", "copied", "deleted", "scanned", "uploaded"]


def test_a_scanner_that_does_not_answer_decides_nothing(case):
    evidence = case.send()
    good = case.inspect

    def down(*_what):
        raise UnavailableError("The scanner does not answer")

    case.inspect = down
    with pytest.raises(UnavailableError):
        case.receiving.receive(evidence.pinned)
    assert case.buckets() == {Bucket.QUARANTINE}
    case.inspect = good
    assert case.receiving.receive(evidence.pinned) == "clean"


def test_what_an_earlier_try_left_is_replaced(case):
    evidence = case.send(BAD)
    case.files.put(Bucket.INFECTED, evidence.object_name, [b"half of it"])
    case.files.put(Bucket.CLEAN, evidence.object_name, [b"somebody else's"])
    assert case.receiving.receive(evidence.pinned) == "infected"
    assert case.files.read(case.evidence(evidence.id).kept).startswith(b"PK")
    assert case.buckets() == {Bucket.INFECTED}


def test_a_session_that_brings_another_size_is_refused(case):
    evidence = case.announce(size=5)
    stored = case.come(evidence, b"more than five")
    assert case.receiving.receive(stored) == "refused"
    assert case.buckets() == set()
    assert "size" in case.evidence(evidence.id).refusal
    assert case.changes() == [(None, "uploaded"), ("scanning", "refused")]


def test_bytes_other_than_those_that_were_sent_are_refused(case):
    evidence = case.announce(size=5)
    case.store.add(evidence_of("abc"), evidence.model_copy(update={"sha256": "0" * 64}))
    assert case.receiving.receive(case.come(evidence, b"other")) == "refused"
    assert case.buckets() == set()


def test_a_file_swapped_after_the_scan_is_thrown_away(case):
    evidence = case.received()
    other = case.come(evidence, BAD)
    assert case.receiving.receive(other) == "clean"
    assert case.receiving.receive(other) == "clean"
    assert case.files.read(case.evidence(evidence.id).kept) == b"some bytes"
    assert case.buckets() == {Bucket.CLEAN}
    assert case.actions().count("overwrite_refused") == 1
    assert [entry.internal for entry in case.timeline() if entry.note] == [True]


def test_a_file_swapped_before_the_scan_is_refused_in_any_order_of_the_events(case):
    for order in itertools.permutations([0, 1, 0, 1]):
        case = Case()
        evidence = case.announce(size=5)
        first = case.come(evidence, b"first")
        swapped = case.files.overwrite(Bucket.QUARANTINE, evidence.object_name, b"other")
        for which in order:
            case.receiving.receive([first, swapped][which])
        after = case.evidence(evidence.id)
        assert (after.status, after.kept) == ("refused", None)
        assert case.buckets() == set()


def test_an_object_of_nobody_is_let_be(case):
    for name in ("incidents/abc/none", "incidents/other/x", "stray", "a/b/c/d"):
        stray = case.files.put(Bucket.QUARANTINE, name, [b"stray"])
        with pytest.raises(NotFoundError):
            case.receiving.receive(stray)
    assert len(case.files.objects) == 4


def test_what_comes_after_it_was_deleted_is_taken_away(case):
    evidence = case.announce(size=5)
    case.deleting.delete(ANALYST, "abc", evidence.id, "Not needed")
    assert case.receiving.receive(case.come(evidence, b"bytes")) == "deleted"
    assert case.buckets() == set()


def test_what_is_deleted_during_its_inspection_is_not_released(case):
    evidence = case.send()
    good = case.inspect

    def deleted_meanwhile(*what):
        found = good(*what)
        case.deleting.delete(ANALYST, "abc", evidence.id, "Not needed")
        return found

    case.inspect = deleted_meanwhile
    assert case.receiving.receive(evidence.pinned) == "deleted"
    assert case.buckets() == set()


def test_an_event_of_another_shape_is_nobodys(case):
    stored = Stored(bucket=Bucket.QUARANTINE, name="incidents//x", generation="1", size=1, crc32c="")
    with pytest.raises(NotFoundError):
        case.receiving.receive(stored)
