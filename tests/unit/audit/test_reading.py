from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.audit import Actor, AuditTarget, FieldChange, MalformedDocument
from shared.domain.errors import InvalidInputError
from shared.domain.people import Identity, Origin
from shared.domain.permissions import Role
from shared.ports.audit import AuditFilter
from shared.services.audit import AuditTrail
from shared.services.audit.reading import AuditReading
from tests.fakes import CountingIds, FakeCipher, FakeStore
from tests.unit.audit.trails import LAG, Trail

ADMIN = Identity("ada", None, Role.ADMIN, origin=Origin(address="192.0.2.1", user_agent="Admin/1", request_id="r1"))
KIM = Identity("kim", None, Role.EMPLOYEE, origin=Origin(address="192.0.2.2", user_agent="Kim/1", request_id="r2"))


class Place:
    def __init__(self) -> None:
        self.trail = Trail()
        self.cipher = FakeCipher()
        self.store = FakeStore()
        self.making = AuditTrail(self.cipher, self.trail.clock, CountingIds())
        self.reading = AuditReading(self.trail.log, self.cipher, self.store, self.making, self.trail.clock)

    def record(self, who, subject, **more):
        target = AuditTarget(kind="user", id=subject)
        entry = self.making.entry(who, "user:x", target, subject=subject, **more)
        self.trail.log.entries[entry.id] = entry.model_copy(update={"recorded_at": self.trail.clock.now()})
        self.trail.clock.advance(timedelta(seconds=1))
        return entry.id

    def read(self):
        return self.reading.page(ADMIN, AuditFilter(), 50, None).items


@pytest.fixture
def place():
    return Place()


PHONE = FieldChange(field="phone", old='"1"', new='"2"', personal=True)


def test_an_administrator_reads_every_value_newest_first(place):
    place.record(KIM, "kim", changes=[PHONE])
    place.record(ADMIN, "kim", reason="asked for by mail")
    newest, oldest = place.read()
    assert (newest.address, newest.reason) == ("192.0.2.1", "asked for by mail")
    assert (oldest.address, oldest.user_agent, oldest.changes) == ("192.0.2.2", "Kim/1", [PHONE])
    assert (newest.erased, newest.tampered, newest.sealed) == (False, False, False)


def test_reading_and_exporting_is_recorded_with_what_was_asked_for(place):
    place.reading.page(ADMIN, AuditFilter(actor="kim"), 5, None)
    list(place.reading.export(ADMIN, None, None))
    read, exported = place.store.documents["audit"].values()
    assert (read.action, read.actor.id, exported.action) == ("audit:read", "ada", "audit:exported")
    assert "kim" in place.cipher.decrypt("ada", read.changes[0].new, f"audit/{read.id}/changes.filter.new")


def test_pages_follow_each_other_and_end(place):
    ids = [place.record(KIM, "kim") for _ in range(5)]
    found, cursor = [], None
    for _ in range(3):
        page = place.reading.page(ADMIN, AuditFilter(), 2, cursor)
        found += [entry.id for entry in page.items]
        cursor = page.next_cursor
    assert (found, cursor) == (ids[::-1], None)
    with pytest.raises(InvalidInputError):
        place.reading.page(ADMIN, AuditFilter(), 2, "nonsense")


def test_values_of_an_erased_person_are_gone_and_others_stay(place):
    place.record(ADMIN, "kim", changes=[PHONE], reason="because")
    place.cipher.drop("kim")
    (entry,) = place.read()
    assert entry.erased
    assert (entry.address, entry.reason, entry.changes[0].old, entry.changes[0].new) == ("192.0.2.1", None, None, None)


def test_a_value_that_was_tampered_with_hides_itself_and_nothing_else(place):
    name = place.record(KIM, "kim", reason="because")
    kept = place.trail.log.entries[name]
    place.trail.log.entries[name] = kept.model_copy(update={"reason": "forged"})
    other = place.record(KIM, "kim", reason="well")
    sound, entry = place.read()
    assert (sound.id, sound.reason, sound.tampered) == (other, "well", False)
    assert (entry.reason, entry.address, entry.tampered, entry.erased) == (None, "192.0.2.2", True, False)


def test_an_entry_whose_shape_was_changed_does_not_hide_the_others(place):
    names = [place.record(KIM, "kim") for _ in range(3)]
    spoilt = place.trail.log.entries[names[1]]
    place.trail.log.entries[names[1]] = MalformedDocument(spoilt.id, spoilt.recorded_at, {"at": 5})
    found = place.read()
    assert [entry.id for entry in found] == names[::-1]
    assert [entry.tampered for entry in found] == [False, True, False]


def test_it_is_told_which_entries_are_sealed(place):
    place.record(KIM, "kim")
    place.trail.clock.advance(LAG)
    place.trail.sealing.seal()
    place.record(KIM, "kim")
    assert [entry.sealed for entry in place.read()] == [False, True]
    place.trail.clock.advance(LAG)
    place.trail.sealing.seal()
    assert [entry.sealed for entry in place.read()] == [True, True]


def test_a_person_sees_what_is_said_of_them_and_nothing_that_belongs_to_others(place):
    place.record(ADMIN, "kim", changes=[PHONE], reason="of kim")
    place.record(KIM, "bo", reason="of bo", changes=[PHONE])
    place.record(Actor(kind="system", id="user_written"), "kim", changes=[PHONE])
    place.record(ADMIN, "bo", reason="nothing of kim's")
    by_admin, by_kim, by_system = place.reading.about("kim")
    assert (by_admin["address"], by_admin["user_agent"], by_admin["reason"]) == (None, None, "of kim")
    assert by_admin["changes"][0]["new"] == '"2"'
    assert (by_kim["address"], by_kim["reason"], by_kim["changes"][0]["new"]) == ("192.0.2.2", None, None)
    assert by_system["changes"][0]["new"] == '"2"'
    assert not any(entry["erased"] or entry["tampered"] for entry in (by_admin, by_kim, by_system))


def test_the_head_is_the_last_seals(place):
    assert place.reading.head().sequence == 0
    place.record(KIM, "kim")
    place.trail.clock.advance(LAG)
    place.trail.sealing.seal()
    (seal,) = place.trail.log.kept.values()
    head = place.reading.head()
    assert (head.sequence, head.head, head.signature) == (1, seal.head, seal.signature)
