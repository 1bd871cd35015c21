"""What people and tests do to the database itself: `/emulator/v1` on Firestore's port."""

from __future__ import annotations

import itertools
import json
from contextlib import closing

import pytest
import requests
from google.api_core.exceptions import PermissionDenied
from google.cloud.firestore import FieldFilter, GeoPoint
from google.cloud.firestore_v1.vector import Vector

from tests.emulator.firestore.test_guard import RULES, Place
from tests.emulator.support import eventually

NUMBERS = itertools.count()


@pytest.fixture
def place(address):
    with closing(Place(address)) as place:
        yield place


@pytest.fixture
def control(address):
    return f"http://{address}/emulator/v1"


def database(place, name="(default)"):
    return f"projects/{place.project}/databases/{name}"


class TestClear:
    def test_every_document_goes(self, place, control):
        for number in range(3):
            place.admin.document(f"a/{number}/b/c").set({"n": number})
        place.admin.document("a/0").set({})
        assert requests.delete(f"{control}/{database(place)}/documents", timeout=10).json() == {}
        assert [collection.id for collection in place.admin.collections()] == []

    def test_other_databases_keep_theirs(self, address, place, control):
        with closing(Place(address)) as other:
            other.admin.document("a/b").set({})
            requests.delete(f"{control}/{database(place)}/documents", timeout=10)
            assert other.admin.document("a/b").get().exists

    def test_listeners_see_it(self, place, control):
        place.admin.document("a/b").set({})
        seen: list[int] = []
        watch = place.admin.collection("a").on_snapshot(lambda documents, *_: seen.append(len(documents)))
        eventually(lambda: seen[-1:] == [1])
        requests.delete(f"{control}/{database(place)}/documents", timeout=10)
        eventually(lambda: seen[-1:] == [0])
        watch.unsubscribe()

    def test_an_empty_database(self, place, control):
        assert requests.delete(f"{control}/{database(place)}/documents", timeout=10).status_code == 200


class TestTransfer:
    def test_what_is_exported_is_imported_as_it_was(self, address, place, control, tmp_path):
        fields = {
            "text": "Grüße\n",
            "bytes": b"\x00\xff",
            "point": GeoPoint(1.5, -2),
            "vector": Vector([1.0, 2.0]),
            "map": {"a.b": [1, 1.0, None, True, float("inf")]},
            "reference": place.admin.document("a/b"),
        }
        place.admin.document("a/b").set(fields)
        place.admin.document("a/b/c/d").set({})
        body = {"export_directory": str(tmp_path), "export_name": "first", "database": database(place)}
        url = f"{control}/projects/{place.project}"
        assert requests.post(f"{url}:export", json=body, timeout=10).json()["documents"] == 2
        before = place.admin.document("a/b").get()
        requests.delete(f"{control}/{database(place)}/documents", timeout=10)
        assert requests.post(f"{url}:import", json=body, timeout=10).json()["documents"] == 2
        after = place.admin.document("a/b").get()
        assert after.to_dict() == fields
        assert after.create_time == before.create_time
        assert place.admin.document("a/b/c/d").get().exists
        found = place.admin.collection("a").where(filter=FieldFilter("text", "==", "Grüße\n")).get()
        assert [snapshot.id for snapshot in found] == ["b"]

    def test_a_broken_line_changes_nothing_and_is_named(self, place, control, tmp_path):
        url, body = f"{control}/projects/{place.project}", {"export_directory": str(tmp_path)}
        place.admin.document("a/b").set({"n": 1})
        requests.post(f"{url}:export", json=body, timeout=10)
        with (tmp_path / "documents.jsonl").open("a") as file:
            file.write("{]\n")
        place.admin.document("a/b").set({"n": 2})
        answer = requests.post(f"{url}:import", json=body, timeout=10)
        assert answer.status_code == 400
        assert "documents.jsonl:2 is no document" in answer.json()["detail"]
        assert place.admin.document("a/b").get().get("n") == 2

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (b"{", "The body must be JSON"),
            (b"[]", "The body must be JSON"),
            (b'{"export_directory": "relative"}', "absolute path"),
            (b'{"export_directory": "/nowhere-at-all"}', "/nowhere-at-all"),
            (b'{"export_directory": "/tmp", "database": "x"}', "Invalid database name"),
        ],
    )
    def test_bad_requests_are_problems(self, place, control, body, sentence):
        answer = requests.post(f"{control}/projects/{place.project}:import", data=body, timeout=10)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert sentence in answer.json()["detail"]


class TestRules:
    """As `@firebase/rules-unit-testing` puts them."""

    def put(self, place, control, source):
        body = {"rules": {"files": [{"name": "firestore.rules", "content": source}]}}
        return requests.put(f"{control}/projects/{place.project}:securityRules", json=body, timeout=10)

    def test_they_are_in_force_at_once_for_their_project(self, address, place, control):
        with closing(Place(address)) as other:
            assert self.put(place, control, RULES).status_code == 200
            with pytest.raises(PermissionDenied):
                place.user("ada").document("users/bob").get()
            assert not other.user("ada").document("users/bob").get().exists

    def test_they_are_read_back(self, place, control):
        self.put(place, control, RULES)
        answer = requests.get(f"{control}/projects/{place.project}:securityRules", timeout=10)
        assert answer.json()["rules"]["files"][0]["content"] == RULES

    def test_broken_rules_are_refused_with_their_place(self, place, control):
        self.put(place, control, RULES)
        answer = self.put(place, control, "service cloud.firestore {\n  match /a/{b} {\n    allow read: if ;\n")
        assert answer.status_code == 400
        assert "3:" in answer.text
        with pytest.raises(PermissionDenied):
            place.user("ada").document("users/bob").get()

    def test_a_denial_is_explained(self, place, control):
        self.put(place, control, RULES)
        with pytest.raises(PermissionDenied):
            place.user("ada").document("users/bob").get()
        denial = requests.get(f"{control}/denials", timeout=10).json()["denials"][0]
        assert denial["what"] == "get users/bob"
        assert "request.auth.uid == uid" in denial["explanation"]
        assert "'ada'" in denial["explanation"]
        assert "'bob'" in denial["explanation"]

    def test_coverage_counts_every_expression(self, place, control):
        self.put(place, control, RULES)
        place.user("ada").document("users/ada").get()
        report = requests.get(f"{control}/projects/{place.project}:ruleCoverage", timeout=10).json()
        assert RULES in json.loads(json.dumps(report))["rules"]["files"][0]["content"]
        counted = [one for one in report["report"] if one.get("values")]
        assert counted
        page = requests.get(f"{control}/projects/{place.project}:ruleCoverage.html", timeout=10)
        assert page.headers["Content-Type"].startswith("text/html")
        assert "never evaluated" in page.text


class TestUsage:
    def usage(self, control):
        return requests.get(f"{control}/usage", timeout=10).json()

    def test_what_is_billed_is_counted(self, place, control):
        place.admin.document("a/b").set({})
        requests.post(f"{control}/usage:reset", timeout=10)
        batch = place.admin.batch()
        for number in range(4):
            batch.set(place.admin.document(f"a/{number}"), {"n": number})
        batch.delete(place.admin.document("a/b"))
        batch.commit()
        place.admin.document("a/0").get()
        place.admin.document("a/none").get()
        place.admin.collection("a").where(filter=FieldFilter("n", ">", 1)).get()
        place.admin.collection("a").where(filter=FieldFilter("n", ">", 9)).get()
        place.admin.collection("a").offset(3).get()
        usage = self.usage(control)
        assert (usage["document_writes"], usage["document_deletes"]) == (4, 1)
        assert usage["document_reads"] == 1 + 1 + 2 + 1 + 4
        assert usage["network_egress_bytes"] > 0

    def test_an_aggregation_is_billed_by_index_entries(self, place, control):
        for number in range(3):
            place.admin.document(f"a/{number}").set({"n": number})
        requests.post(f"{control}/usage:reset", timeout=10)
        place.admin.collection("a").count().get()
        usage = self.usage(control)
        assert (usage["index_entry_reads"], usage["document_reads"]) == (3, 1)

    def test_a_listener_is_billed_for_what_it_is_sent(self, place, control):
        place.admin.document("a/b").set({})
        requests.post(f"{control}/usage:reset", timeout=10)
        seen: list[int] = []
        watch = place.admin.collection("a").on_snapshot(lambda documents, *_: seen.append(len(documents)))
        eventually(lambda: seen)
        place.admin.document("a/c").set({})
        eventually(lambda: seen[-1] == 2)
        watch.unsubscribe()
        assert self.usage(control)["listener_reads"] == 2

    def test_what_the_rules_read_is_billed(self, place, control):
        TestRules().put(place, control, RULES)
        place.admin.document("users/root").set({"role": "admin"})
        requests.post(f"{control}/usage:reset", timeout=10)
        place.user("root").collection("notes").get()
        usage = self.usage(control)
        assert (usage["rules_reads"], usage["document_reads"]) == (1, 2)

    def test_reset_answers_with_what_was_counted(self, place, control):
        requests.post(f"{control}/usage:reset", timeout=10)
        place.admin.document("a/b").set({})
        assert requests.post(f"{control}/usage:reset", timeout=10).json()["document_writes"] == 1
        assert self.usage(control)["document_writes"] == 0
