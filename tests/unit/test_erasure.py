from __future__ import annotations

import pytest

from shared.domain.audit import AuditTarget
from shared.domain.errors import ConflictError, NotFoundError, UnavailableError
from shared.domain.permissions import Role
from shared.ports.personal_data import ERASURES
from shared.ports.revocations import REVOCATIONS
from shared.ports.store import USERS
from shared.services.accounts.erasure import AccountErasure, ErasureParts
from tests.builders import EMPLOYEE
from tests.fakes import FakePersonalData
from tests.people import World


class Leaving(World):
    def __init__(self) -> None:
        super().__init__()
        self.join("emp")
        self.data = FakePersonalData()
        self.data.documents = {"applications": [{"of": "emp"}, {"of": "other"}], "outbox": [{"of": "emp@example.org"}]}
        self.erasure = AccountErasure(
            ErasureParts(self.store, self.accounts, self.data, self.cipher, self.trail, self.clock, self.ids)
        )


@pytest.fixture
def world():
    return Leaving()


def test_who_leaves_is_gone_and_gets_a_receipt(world):
    receipt = world.erasure.erase(EMPLOYEE)
    assert receipt.erased == {"applications": 1, "outbox": 1, "users": 1}
    assert receipt.kept
    assert world.accounts.accounts == {}
    assert world.store.get(USERS, "emp") is None
    assert world.data.documents["applications"] == [{"of": "other"}]
    assert world.cipher.dropped == {"emp"}
    assert world.store.get(REVOCATIONS, "emp").valid_from > world.clock.now()
    assert {entry.id for entry in world.entries("user:erased")} == {receipt.audit_entry_id}
    (mail,) = world.mails("erasure_receipt")
    assert receipt.receipt_id in mail.message.text


def test_what_the_trail_says_of_them_can_be_read_no_more_and_still_stands(world):
    entry = world.trail.entry(EMPLOYEE, "user:x", AuditTarget(kind="user", id="emp"), reason="they moved to Oslo")
    assert world.cipher.decrypt("emp", entry.reason, f"audit/{entry.id}/reason") == "they moved to Oslo"
    world.erasure.erase(EMPLOYEE)
    assert world.cipher.decrypt("emp", entry.reason, f"audit/{entry.id}/reason") is None


def test_what_was_cut_short_is_completed_once(world):
    world.data.down = True
    with pytest.raises(UnavailableError):
        world.erasure.erase(EMPLOYEE)
    assert world.user("emp").disabled
    assert world.store.get(ERASURES, "emp").completed_at is None
    world.data.down = False
    world.data.documents["applications"] = []  # as if the other run had removed them meanwhile
    first = world.erasure.complete("emp")
    assert first.erased == {"applications": 1, "outbox": 1, "users": 1}
    assert world.erasure.complete("emp") == first
    assert len(world.mails("erasure_receipt")) == len(world.entries("user:erased")) == 1
    assert first.receipt_id == world.store.get(ERASURES, "emp").receipt_id


def test_the_last_administrator_stays(world):
    world.join("adm", Role.ADMIN)
    with pytest.raises(ConflictError):
        world.erasure.erase(world.identity("adm"))
    assert world.store.get(ERASURES, "adm") is None
    assert not world.user("adm").disabled


def test_nobody_is_erased_who_did_not_ask(world):
    with pytest.raises(NotFoundError):
        world.erasure.complete("emp")
    assert world.user("emp")
