from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import Aborted, FailedPrecondition, InvalidArgument
from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from emulator.config import Config, Ports
from emulator.environment import Environment
from emulator.firestore.service import create
from emulator.firestore.transactions.manager import Limits
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import LoopThread, eventually


def begin(client):
    transaction = client.transaction()
    transaction._begin()
    return transaction


def test_concurrent_increments_are_all_counted(client):
    counter = client.document("c/counter")
    counter.set({"n": 0})

    def add(_):
        @firestore.transactional
        def body(transaction):
            transaction.update(counter, {"n": counter.get(transaction=transaction).get("n") + 1})

        body(client.transaction())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(80)))
    assert counter.get().get("n") == 80


def test_concurrent_transfers_keep_the_sum(client):
    accounts = [client.document(f"accounts/{number}") for number in range(4)]
    for account in accounts:
        account.set({"n": 100})

    def transfer(number):
        source, target = accounts[number % 4], accounts[(number * 7 + 1) % 4]

        @firestore.transactional
        def body(transaction):
            have = source.get(transaction=transaction).get("n")
            other = target.get(transaction=transaction).get("n")
            if source is not target:
                transaction.update(source, {"n": have - 1})
                transaction.update(target, {"n": other + 1})

        while True:
            try:
                return body(client.transaction())
            except (Aborted, ValueError):  # the client retries some conflicts, and leaves others to its caller
                continue

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(transfer, range(60)))
    assert sum(account.get().get("n") for account in accounts) == 400


def test_readers_never_see_half_a_batch(client):
    accounts = [client.document(f"accounts/{number}") for number in range(3)]
    for account in accounts:
        account.set({"n": 100})
    done = threading.Event()

    def move():
        for number in range(150):
            batch = client.batch()
            batch.update(accounts[number % 3], {"n": firestore.Increment(-1)})
            batch.update(accounts[(number + 1) % 3], {"n": firestore.Increment(1)})
            batch.commit()
        done.set()

    def sums():
        by_query = client.collection("accounts").order_by("n")
        while not done.is_set():
            yield sum(snapshot.get("n") for snapshot in by_query.stream())
            yield sum(snapshot.get("n") for snapshot in client.get_all(accounts))
            yield client.collection("accounts").sum("n").get()[0][0].value

    with ThreadPoolExecutor(2) as pool:
        moving = [pool.submit(move)]
        seen = set(sums())
        for future in moving:
            future.result()
    assert seen == {300}


def test_a_read_document_cannot_be_changed_by_others(client):
    document = client.document("c/d")
    document.set({"n": 1})
    transaction = begin(client)
    document.get(transaction=transaction)
    writer = threading.Thread(target=document.update, args=({"n": 2},))
    writer.start()
    transaction.update(document, {"seen": document.get().get("n")})
    transaction._commit()
    writer.join()
    assert document.get().to_dict() == {"n": 2, "seen": 1}


def test_a_document_read_as_missing_cannot_be_created_by_others(client):
    document = client.document("c/d")
    transaction = begin(client)
    assert not document.get(transaction=transaction).exists
    writer = threading.Thread(target=document.set, args=({"by": "other"},))
    writer.start()
    transaction.create(document, {"by": "transaction"})
    transaction._commit()
    writer.join()
    assert document.get().to_dict() == {"by": "other"}


def test_a_query_keeps_phantoms_out(client):
    collection = client.collection("c")
    collection.document("a").set({"open": True})
    transaction = begin(client)
    query = collection.where(filter=FieldFilter("open", "==", True))
    assert len(list(transaction.get(query))) == 1
    writer = threading.Thread(target=collection.document("b").set, args=({"open": True},))
    writer.start()
    assert len(list(transaction.get(query))) == 1
    transaction.set(client.document("sums/open"), {"n": 1})
    transaction._commit()
    writer.join()
    assert len(query.get()) == 2


def test_one_of_two_that_block_each_other_is_aborted(client):
    document = client.document("c/d")
    document.set({"n": 0})
    transactions = [begin(client), begin(client)]
    for transaction in transactions:
        document.get(transaction=transaction)
        transaction.update(document, {"n": firestore.Increment(1)})

    def commit(transaction):
        try:
            transaction._commit()
        except Aborted:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(commit, transactions)) == [False, True]
    assert document.get().get("n") == 1


def test_a_transactions_reads_are_undisturbed_by_plain_readers(client):
    document = client.document("c/d")
    document.set({"n": 0})
    transaction = begin(client)
    document.get(transaction=transaction)
    assert document.get().get("n") == 0
    assert client.collection("c").get()[0].get("n") == 0
    transaction._rollback()


def test_rolled_back_is_over(client):
    document = client.document("c/d")
    transaction = begin(client)
    identifier = transaction.id
    transaction._rollback()
    transaction._id = identifier
    with pytest.raises(InvalidArgument, match="expired or is no longer valid"):
        document.get(transaction=transaction)


def test_a_failed_commit_releases_its_locks(client):
    document = client.document("c/d")
    document.set({"n": 0})
    transaction = begin(client)
    document.get(transaction=transaction)
    transaction.create(document, {})
    with pytest.raises(Exception, match="already exists"):
        transaction._commit()
    document.set({"n": 1})
    transaction._rollback()


def test_read_only_transactions_see_one_moment(client):
    document = client.document("c/d")
    document.set({"n": 0})
    transaction = client.transaction(read_only=True)
    transaction._begin()
    document.set({"n": 1})
    client.document("c/e").set({})
    assert document.get(transaction=transaction).get("n") == 0
    assert len(list(transaction.get(client.collection("c").order_by("n")))) == 1
    request = {"database": client._database_string, "transaction": transaction.id, "writes": []}
    client._firestore_api.commit(request=request, metadata=client._rpc_metadata)


def test_read_only_transactions_do_not_write(client):
    transaction = client.transaction(read_only=True)
    transaction._begin()
    write = {"delete": f"{client._database_string}/documents/c/d"}
    request = {"database": client._database_string, "transaction": transaction.id, "writes": [write]}
    with pytest.raises((FailedPrecondition, InvalidArgument)):
        client._firestore_api.commit(request=request, metadata=client._rpc_metadata)


def test_abandoned_transactions_expire(tmp_path):
    config = Config("demo-expiry", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0))
    with LoopThread() as thread:
        service = create(Environment(config), limits=Limits(idle=0.2))
        thread.run(service.start())
        try:
            client = connect(service.address, "demo-expiry")
            document = client.document("c/d")
            transaction = begin(client)
            document.get(transaction=transaction)
            document.set({"n": 1})  # waits until the transaction, which nobody uses any more, is gone
            transaction.set(document, {"n": 2})
            with pytest.raises(InvalidArgument, match="expired or is no longer valid"):
                transaction._commit()
            assert eventually(document.get).get("n") == 1
            client.close()
        finally:
            thread.run(service.stop())


def test_a_call_waits_for_a_lock_only_so_long(tmp_path):
    config = Config("demo-patience", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0))
    with LoopThread() as thread:
        service = create(Environment(config), limits=Limits(lock_wait=0.1))
        thread.run(service.start())
        try:
            client = connect(service.address, "demo-patience")
            transaction = begin(client)
            client.document("c/d").get(transaction=transaction)
            with pytest.raises(Aborted, match="Too much contention"):
                client._firestore_api.commit(
                    request={
                        "database": client._database_string,
                        "writes": [{"delete": f"{client._database_string}/documents/c/d"}],
                    },
                    metadata=client._rpc_metadata,
                    retry=None,
                )
            transaction._rollback()
            client.close()
        finally:
            thread.run(service.stop())
