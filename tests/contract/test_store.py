from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.firestore.store import FirestoreStore
from shared.domain.audit import Actor, AuditEntry, AuditTarget
from shared.domain.errors import ConflictError, ForbiddenError
from shared.domain.permissions import Role
from shared.ports.store import AUDIT, USERS
from tests.builders import user
from tests.fakes import START, FakeStore

ENTRY = AuditEntry(
    id="e1", at=START, action="user:x", actor=Actor(kind="system", id="t"), target=AuditTarget(kind="user", id="ana")
)


@pytest.fixture(params=["fake", "firestore"])
def store(request):
    return FakeStore() if request.param == "fake" else FirestoreStore(request.getfixturevalue("firestore"))


def write(store, *people):
    def body(work):
        for one in people:
            work.create(USERS, one)

    store.run(body)


def read(store, kind, key):
    return store.run(lambda work: work.get(kind, key))


def test_what_is_written_is_there_afterwards(store):
    def body(work):
        work.create(USERS, user("ana"))
        work.put(USERS, user("bo"))

    store.run(body)
    assert read(store, USERS, "ana") == user("ana")
    assert read(store, USERS, "bo") == user("bo")
    store.run(lambda work: work.delete(USERS, "bo"))
    assert read(store, USERS, "bo") is None


@pytest.mark.parametrize("key", ["", "a/b", "..", "__x__"])
def test_what_can_be_no_id_is_not_there(store, key):
    assert read(store, USERS, key) is None


def test_nothing_is_written_when_the_body_raises_or_an_id_is_taken(store):
    write(store, user("ana"))

    def refuse(work):
        work.put(USERS, user("bo"))
        raise ForbiddenError("no")

    with pytest.raises(ForbiddenError):
        store.run(refuse)

    def clash(work):
        work.put(USERS, user("bo"))
        work.create(USERS, user("ana", Role.ADMIN))

    with pytest.raises(ConflictError):
        store.run(clash)
    assert read(store, USERS, "bo") is None
    assert read(store, USERS, "ana") == user("ana")


def test_documents_are_found_by_the_values_of_fields(store):
    people = [user("a", Role.ADMIN), user("b", Role.ADMIN, disabled=True), user("c", Role.ADMIN), user("d")]
    write(store, *people)
    found = store.run(lambda work: work.find(USERS, 9, role=Role.ADMIN, disabled=False))
    assert [one.uid for one in found] == ["a", "c"]
    assert [one.uid for one in store.run(lambda work: work.find(USERS, 1, role=Role.ADMIN))] == ["a"]


def test_the_database_tells_when_an_entry_was_recorded(store):
    store.run(lambda work: work.create(AUDIT, ENTRY))
    kept = read(store, AUDIT, "e1")
    assert kept.recorded_at is not None
    assert kept.model_copy(update={"recorded_at": None}) == ENTRY


def test_of_two_who_would_leave_no_administrator_one_is_refused(firestore):
    store = FirestoreStore(firestore)
    write(store, *(user(uid, Role.ADMIN) for uid in ("a", "b", "c", "d")))

    def demote(uid):
        def body(work):
            if len(work.find(USERS, 2, role=Role.ADMIN)) < 2:
                raise ForbiddenError("the last one")
            work.put(USERS, user(uid, Role.EMPLOYEE))

        try:
            store.run(body)
        except ForbiddenError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(demote, ["a", "b", "c", "d"])) == [False, True, True, True]
    assert len(store.run(lambda work: work.find(USERS, 9, role=Role.ADMIN))) == 1


def test_one_document_is_got_and_created_without_a_transaction(store):
    assert store.get(USERS, "ana") is None
    assert store.get(USERS, "a/b") is None
    store.create(USERS, user("ana"))
    assert store.get(USERS, "ana") == user("ana")
    with pytest.raises(ConflictError):
        store.create(USERS, user("ana", Role.ADMIN))
    store.create(AUDIT, ENTRY)
    assert store.get(AUDIT, "e1").recorded_at is not None
