from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from shared.adapters.firestore.audit import FirestoreAuditLog
from shared.adapters.firestore.store import FirestoreStore
from shared.adapters.firestore.subject_keys import FirestoreSubjectCipher, MasterKey
from shared.domain.audit import Actor, AuditEntry, AuditTarget, MalformedDocument
from shared.domain.errors import TamperedError
from shared.domain.paging import Cursor
from shared.domain.sealing import PublicKey, Seal, new_seal
from shared.ports.audit import AuditFilter
from shared.ports.store import AUDIT, Work
from tests.fakes import START, FakeCipher
from tests.unit.audit.trails import FakeAuditLog

MASTER = MasterKey("1", b"m" * 32)


def _create(entry: AuditEntry, work: Work) -> None:
    work.create(AUDIT, entry)


def _entries() -> list[AuditEntry]:
    return [
        AuditEntry(
            id=f"e{n}",
            at=START,
            action=["team:add", "user:read"][n % 2],
            actor=Actor(kind="user", id=["ana", "bo"][n % 2]),
            target=AuditTarget(kind="user", id=f"u{n % 3}"),
            subject=f"u{n % 3}",
            request_id=f"r{n}",
        )
        for n in range(9)
    ]


@pytest.fixture
def in_firestore(firestore):
    for entry in _entries():
        FirestoreStore(firestore).run(partial(_create, entry))
    return FirestoreAuditLog(firestore)


@pytest.fixture(params=["fake", "firestore"])
def kept(request):
    """The log, with nine entries that two people made."""
    if request.param == "firestore":
        return request.getfixturevalue("in_firestore")
    log = FakeAuditLog()
    moments = (START + timedelta(seconds=n) for n in range(9))
    log.entries = {e.id: e.model_copy(update={"recorded_at": at}) for e, at in zip(_entries(), moments, strict=True)}
    return log


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (AuditFilter(), [8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (AuditFilter(actor="ana"), [8, 6, 4, 2, 0]),
        (AuditFilter(action="user:read", target_kind="user"), [7, 5, 3, 1]),
        (AuditFilter(target_kind="user", target_id="u0"), [6, 3, 0]),
        (AuditFilter(subject="u1", actor="bo"), [7, 1]),
        (AuditFilter(request_id="r5"), [5]),
        (AuditFilter(actor="ana", action="team:add", target_kind="user", target_id="u2", subject="u2"), [8, 2]),
        (AuditFilter(actor="nobody"), []),
    ],
)
def test_entries_are_found_newest_first_and_page_by_page(kept, where, expected):
    assert [entry.id for entry in kept.find(where, 50)] == [f"e{n}" for n in expected]
    paged, after = [], None
    while page := kept.find(where, 2, after):
        paged += [entry.id for entry in page]
        after = Cursor(page[-1].recorded_at, page[-1].id)
    assert paged == [f"e{n}" for n in expected]


def test_times_narrow_with_the_first_and_without_the_last(kept):
    everything = list(reversed(kept.find(AuditFilter(), 50)))
    since, until = everything[2].recorded_at, everything[6].recorded_at
    assert list(kept.recorded(since, until)) == everything[2:6]
    assert list(kept.recorded(None, until + timedelta(days=1))) == everything
    where = AuditFilter(since=since, until=until)
    assert kept.find(where, 50) == everything[2:6][::-1]
    assert kept.find(replace(where, actor="ana"), 50) == [e for e in everything[2:6][::-1] if e.actor.id == "ana"]


def test_a_seal_is_kept_once_and_found_from_both_ends(kept):
    everything = list(reversed(kept.find(AuditFilter(), 50)))
    seals: list[Seal] = []
    for n in range(9):
        seals.append(new_seal(seals[-1] if seals else None, [everything[n]], START, PublicKey("k", "p")))
        assert kept.add_seal(seals[n])
        assert not kept.add_seal(seals[n].model_copy(update={"signature": "another"}))
    assert list(kept.seals()) == seals
    assert list(kept.last_seals()) == seals[::-1]
    assert list(kept.seals(seals[4].until)) == seals[4:]
    assert list(kept.last_seals(seals[4].until)) == seals[:3:-1]
    assert list(kept.last_seals(before=4)) == seals[2::-1]
    assert list(kept.last_seals(seals[1].until, before=4)) == seals[2:0:-1]
    assert list(kept.seals(seals[8].until + timedelta(seconds=1))) == []


def test_documents_whose_shape_was_changed_are_told_from_the_others(in_firestore, firestore):
    kept = in_firestore
    everything = list(kept.recorded(None, START + timedelta(days=36500)))
    firestore.document("audit/e3").update({"action": 7})
    firestore.document("audit/e5").update({"mallory": b"was here"})
    firestore.document("audit/e7").update({"recorded_at": "zzz"})  # no time any more: verifying finds it removed
    told = list(kept.recorded(None, START + timedelta(days=36500)))
    assert told == kept.find(AuditFilter(), 50)[::-1]
    assert [one.id for one in told if isinstance(one, MalformedDocument)] == ["e3", "e5"]
    assert [one for one in told if isinstance(one, AuditEntry)] == [
        one for one in everything if one.id not in {"e3", "e5", "e7"}
    ]
    seals = [new_seal(None, everything[:1], START, PublicKey("k", "p"))]
    seals.append(new_seal(seals[0], everything[1:2], START, PublicKey("k", "p")))
    for seal in seals:
        kept.add_seal(seal)
    firestore.document(f"audit_seals/{seals[1].id}").update({"head": None})
    first, second = kept.seals()
    assert first == seals[0]
    assert isinstance(second, MalformedDocument)
    with pytest.raises(TamperedError):
        next(kept.last_seals())


@pytest.fixture(params=["fake", "firestore"])
def cipher(request):
    if request.param == "fake":
        return FakeCipher()
    return FirestoreSubjectCipher(request.getfixturevalue("firestore"), [MASTER])


def test_a_value_can_be_read_at_its_place_by_its_person_only(cipher):
    kept = cipher.encrypt("kim", "+49 30 ☎", "audit/1/phone")
    assert kept.isascii() or isinstance(cipher, FakeCipher)
    cipher.prepare(["kim", "bo", "kim"])
    assert cipher.decrypt("kim", kept, "audit/1/phone") == "+49 30 ☎"
    with pytest.raises(TamperedError):
        cipher.decrypt("kim", kept, "audit/2/phone")
    cipher.encrypt("bo", "x", "y")
    with pytest.raises(TamperedError):
        cipher.decrypt("bo", kept, "audit/1/phone")


def test_a_dropped_key_is_gone_and_what_comes_late_cannot_be_read(cipher):
    kept = cipher.encrypt("kim", "text", "place")
    assert cipher.drop("kim")
    assert not cipher.drop("kim")
    assert cipher.decrypt("kim", kept, "place") is None
    late = cipher.encrypt("kim", "late", "place")
    assert cipher.decrypt("kim", late, "place") is None
    cipher.prepare(["kim"])
    assert cipher.decrypt("kim", late, "place") is None


def test_every_encryption_looks_different_and_rubbish_is_told(firestore):
    cipher = FirestoreSubjectCipher(firestore, [MASTER])
    assert cipher.encrypt("kim", "text", "place") != cipher.encrypt("kim", "text", "place")
    for rubbish in ("", "text", "v1.", "v1.!!!", "v1.AAAA", "v2." + "A" * 60):
        with pytest.raises(TamperedError):
            cipher.decrypt("kim", rubbish, "place")


def test_two_instances_agree_on_a_new_persons_key(firestore):
    one, other = (FirestoreSubjectCipher(firestore, [MASTER]) for _ in range(2))
    kept = one.encrypt("kim", "text", "place")
    assert other.decrypt("kim", kept, "place") == "text"
    assert other._made("kim") == one._key("kim")  # who comes second takes the key of the first


def test_a_master_key_can_be_changed(firestore):
    kept = FirestoreSubjectCipher(firestore, [MASTER]).encrypt("kim", "text", "place")
    newer = MasterKey("2", b"n" * 32)
    rotated = FirestoreSubjectCipher(firestore, [newer, MASTER])
    assert rotated.decrypt("kim", kept, "place") == "text"
    rotated.encrypt("bo", "text", "place")
    assert firestore.document("subject_keys/bo").get().get("master_key_id") == "2"
    with pytest.raises(TamperedError):
        FirestoreSubjectCipher(firestore, [newer]).decrypt("kim", kept, "place")
    with pytest.raises(TamperedError):
        FirestoreSubjectCipher(firestore, [MasterKey("1", b"x" * 32)]).decrypt("kim", kept, "place")


def test_a_persons_key_that_was_changed_spoils_their_values_alone(firestore):
    values = {name: FirestoreSubjectCipher(firestore, [MASTER]).encrypt(name, "text", "place") for name in "abc"}
    firestore.document("subject_keys/a").update({"wrapped": b"x" * 40})
    firestore.document("subject_keys/b").update({"wrapped": None})  # no tombstone: nobody erased this person
    cipher = FirestoreSubjectCipher(firestore, [MASTER])
    cipher.prepare("abc")
    for name in "ab":
        with pytest.raises(TamperedError):
            cipher.decrypt(name, values[name], "place")
    assert cipher.decrypt("c", values["c"], "place") == "text"


def test_master_keys_are_read_from_their_setting():
    one, two = (base64.b64encode(letter * 32).decode() for letter in (b"a", b"b"))
    assert MasterKey.parse(one) == [MasterKey("1", b"a" * 32)]
    assert MasterKey.parse(f"2026:{one}, 2025:{two}") == [MasterKey("2026", b"a" * 32), MasterKey("2025", b"b" * 32)]
    for wrong in ("", "short", base64.b64encode(b"short").decode(), f"{one},"):
        with pytest.raises(ValueError, match="master key"):
            MasterKey.parse(wrong)
