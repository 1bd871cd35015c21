"""TTL policies, by a clock that is moved."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from google.cloud.firestore import Client, Transaction, transactional

from tests.emulator.control.support import PROJECT, Controlled, configured, controlled
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import eventually, receiving

INDEXES = {
    "fieldOverrides": [
        {"collectionGroup": "sessions", "fieldPath": "expires_at", "ttl": True, "indexes": []},
        {"collectionGroup": "caches", "fieldPath": "until", "ttl": True},
        {"collectionGroup": "notes", "fieldPath": "expires_at", "indexes": []},
    ]
}
MANIFEST = """
endpoints:
  gone:
    region: [europe-west1]
    eventTrigger:
      eventType: google.cloud.firestore.document.v1.deleted
      eventFilters: {database: (default)}
      eventFilterPathPatterns: {document: "sessions/{id}"}
"""


@contextmanager
def expiring(folder: Path, url: str = "http://127.0.0.1:9", **settings: Any) -> Iterator[tuple[Controlled, Client]]:
    indexes = folder / "firestore.indexes.json"
    indexes.write_text(json.dumps(INDEXES))
    with controlled(configured(folder, url, indexes=indexes, **settings), "firestore") as control:
        client = connect(control.suite.addresses["firestore"], PROJECT)
        yield control, client
        client.close()


def in_(**distance: float) -> datetime:
    return datetime.now(UTC) + timedelta(**distance)


def left(client: Client, group: str) -> set[str]:
    return {document.id for document in client.collection_group(group).stream()}


def test_documents_go_when_their_time_has_come(tmp_path: Path) -> None:
    with expiring(tmp_path) as (control, client):
        client.document("sessions/soon").set({"expires_at": in_(hours=1)})
        client.document("sessions/late").set({"expires_at": in_(hours=3)})
        client.document("sessions/past").set({"expires_at": in_(hours=-1)})
        assert control.advance(duration="PT2H")["settled"] is True
        assert left(client, "sessions") == {"late"}
        control.advance(duration="PT2H")
        assert left(client, "sessions") == set()


def test_nobody_has_to_move_the_clock(tmp_path: Path) -> None:
    with expiring(tmp_path) as (_, client):
        client.document("sessions/past").set({"expires_at": in_(hours=-1)})
        eventually(lambda: not left(client, "sessions"))


def test_only_a_date_and_time_in_the_field_of_the_policy_expires(tmp_path: Path) -> None:
    with expiring(tmp_path) as (control, client):
        kept: dict[str, dict[str, Any]] = {
            "none": {},
            "null": {"expires_at": None},
            "number": {"expires_at": 0},
            "text": {"expires_at": "2001-01-01T00:00:00Z"},
            "list": {"expires_at": [in_(hours=-1)]},
            "other": {"until": in_(hours=-1)},
            "deeper": {"a": {"expires_at": in_(hours=-1)}},
        }
        for name, fields in kept.items():
            client.document(f"sessions/{name}").set(fields)
        control.advance(duration="P400D")
        assert left(client, "sessions") == set(kept)


def test_a_policy_is_about_all_collections_of_its_id_and_no_other(tmp_path: Path) -> None:
    with expiring(tmp_path) as (control, client):
        past = in_(hours=-1)
        client.document("users/ada/caches/a").set({"until": past})
        client.document("caches/a/deep/b").set({"until": past})
        client.document("notes/n").set({"expires_at": past})
        control.advance(seconds=1)
        assert left(client, "caches") == set()
        assert left(client, "deep") == {"b"}
        assert left(client, "notes") == {"n"}


def test_many_documents_go_and_are_counted_as_deletes_by_policy(tmp_path: Path) -> None:
    with expiring(tmp_path) as (control, client):
        writer = client.bulk_writer()
        for number in range(700):
            writer.set(client.document(f"sessions/{number}"), {"expires_at": in_(hours=1)})
        writer.close()
        before = control.get("/emulator/v1/usage")
        control.advance(duration="PT2H")
        after = control.get("/emulator/v1/usage")
        assert left(client, "sessions") == set()
    assert (after["ttl_deletes"], after["document_deletes"] - before["document_deletes"]) == (700, 700)


def test_functions_and_listeners_hear_of_it(tmp_path: Path) -> None:
    manifest = tmp_path / "functions.yaml"
    manifest.write_text(MANIFEST)
    with receiving() as functions, expiring(tmp_path, functions.url, manifest=manifest) as (control, client):
        client.document("sessions/soon").set({"expires_at": in_(hours=1)})
        seen: list[set[str]] = []
        emptied = threading.Event()

        def heard(documents: list[Any], *_: object) -> None:
            seen.append({document.id for document in documents})
            if len(seen) > 1 and not documents:
                emptied.set()

        watch = client.collection("sessions").on_snapshot(heard)
        eventually(lambda: seen)
        control.advance(duration="PT2H")
        assert emptied.wait(20)
        eventually(lambda: functions.received)
        watch.unsubscribe()
    assert seen[0] == {"soon"}
    assert [one.headers["ce-document"] for one in functions.received] == ["sessions/soon"]


def test_a_document_that_a_transaction_holds_stays_until_it_ends(tmp_path: Path) -> None:
    with expiring(tmp_path) as (control, client):
        document = client.document("sessions/held")
        document.set({"expires_at": in_(seconds=20), "n": 1})

        @transactional
        def prolong(transaction: Transaction) -> None:
            assert document.get(transaction=transaction).exists
            control.advance(seconds=21, wait=False)
            transaction.update(document, {"expires_at": in_(days=1)})

        prolong(client.transaction())
        control.advance(seconds=1)
        assert left(client, "sessions") == {"held"}


def test_without_a_file_nothing_expires(tmp_path: Path) -> None:
    with controlled(configured(tmp_path), "firestore") as control:
        client = connect(control.suite.addresses["firestore"], PROJECT)
        client.document("sessions/past").set({"expires_at": in_(hours=-1)})
        control.advance(duration="P30D")
        assert left(client, "sessions") == {"past"}
        client.close()
