"""REST v1 as a client without a library uses it."""

from __future__ import annotations

import json

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.firestore.wire.rest.bindings import find

ONE = {"n": {"integerValue": "1"}}


def test_a_document_is_created_read_updated_and_deleted(rest):
    made = rest.ok("POST", "/cities?documentId=SF", json={"fields": ONE})
    assert made["name"] == f"{rest.root}/cities/SF"
    assert made["createTime"] == made["updateTime"]
    assert rest.ok("GET", "/cities/SF") == made
    changed = rest.ok(
        "PATCH",
        "/cities/SF",
        params={"updateMask.fieldPaths": ["a", "`b.c`"], "currentDocument.exists": "true"},
        json={"fields": {"a": {"nullValue": None}, "b.c": {"doubleValue": "NaN"}, "left": {"stringValue": "out"}}},
    )
    assert changed["fields"] == {**ONE, "a": {"nullValue": None}, "b.c": {"doubleValue": "NaN"}}
    assert rest.ok("GET", "/cities/SF", params={"mask.fieldPaths": "n"})["fields"] == ONE
    assert rest.ok("DELETE", "/cities/SF", params={"currentDocument.updateTime": changed["updateTime"]}) == {}
    assert rest.refused("GET", "/cities/SF") == (404, "NOT_FOUND")


def test_the_server_gives_an_id_where_none_is_asked_for(rest):
    made = rest.ok("POST", "/cities/SF/landmarks", json={})
    assert len(made["name"].removeprefix(f"{rest.root}/cities/SF/landmarks/")) == 20


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ({"integerValue": "9007199254740993"}, None),
        ({"integerValue": 5}, {"integerValue": "5"}),
        ({"doubleValue": 1.5}, None),
        ({"doubleValue": "-0"}, {"doubleValue": -0.0}),
        ({"doubleValue": "-Infinity"}, None),
        ({"booleanValue": False}, None),
        ({"nullValue": "NULL_VALUE"}, {"nullValue": None}),
        ({"bytesValue": "_-8="}, {"bytesValue": "/+8="}),
        ({"timestampValue": "2024-02-29T12:00:00.123456789+01:00"}, {"timestampValue": "2024-02-29T11:00:00.123456Z"}),
        ({"geoPointValue": {"latitude": -13.5}}, None),
        ({"arrayValue": {}}, None),
        ({"mapValue": {"fields": {"ü": {"stringValue": "Grüße 🦊"}}}}, None),
        ({"mapValue": {}}, None),
    ],
)
def test_values_come_back_in_json(rest, value, answer):
    rest.put("c/d", v=value)
    assert json.dumps(rest.ok("GET", "/c/d")["fields"]["v"]) == json.dumps(answer or value)


def test_the_longest_names_and_masks_fit(rest):
    path = "/".join(["ü" * 740] * 4)
    rest.put(path, **ONE)
    mask = [f"field_{number:04}_{'x' * 20}" for number in range(500)]
    assert "fields" not in rest.ok("GET", f"/{path}", params={"mask.fieldPaths": mask})


def test_documents_are_listed_by_page(rest):
    for number in range(5):
        rest.put(f"c/d{number}", n={"integerValue": str(number)})
    first = rest.ok("GET", "/c", params={"pageSize": 3, "orderBy": "n desc", "mask.fieldPaths": "n"})
    assert [one["name"][-2:] for one in first["documents"]] == ["d4", "d3", "d2"]
    rest_of_them = {"pageSize": 3, "orderBy": "n desc", "pageToken": first["nextPageToken"]}
    second = rest.ok("GET", "/c", params=rest_of_them)
    assert [one["name"][-2:] for one in second["documents"]] == ["d1", "d0"]
    assert "nextPageToken" not in second


def test_missing_documents_and_collections_are_shown(rest):
    rest.put("c/missing/sub/d")
    assert rest.ok("GET", "/c") == {}
    assert rest.ok("GET", "/c?showMissing=true") == {"documents": [{"name": f"{rest.root}/c/missing"}]}
    assert rest.ok("POST", ":listCollectionIds", json={}) == {"collectionIds": ["c"]}
    assert rest.ok("POST", "/c/missing:listCollectionIds", data=b"") == {"collectionIds": ["sub"]}


def test_queries_and_aggregations_answer_arrays(rest):
    for number in range(3):
        rest.put(f"c/d{number}", n={"integerValue": str(number)})
    where = {"fieldFilter": {"field": {"fieldPath": "n"}, "op": "GREATER_THAN", "value": {"integerValue": "0"}}}
    query = {"from": [{"collectionId": "c"}], "where": where}
    found = rest.ok("POST", ":runQuery", json={"structuredQuery": query})
    assert [one["document"]["name"][-2:] for one in found] == ["d1", "d2"]
    nothing = rest.ok("POST", "/other/doc:runQuery", json={"structuredQuery": query})
    assert [set(one) for one in nothing] == [{"readTime"}]
    count = {"structuredQuery": query, "aggregations": [{"alias": "all", "count": {}}]}
    (total,) = rest.ok("POST", ":runAggregationQuery", json={"structuredAggregationQuery": count})
    assert total["result"] == {"aggregateFields": {"all": {"integerValue": "2"}}}
    assert rest.refused("POST", ":runQuery", json={"structuredQuery": {"limit": -1}}) == (400, "INVALID_ARGUMENT")


def test_many_results_come_whole(rest):
    text = {"stringValue": "é" * 500}
    writes = [{"update": {"name": f"{rest.root}/c/d{number:03}", "fields": {"t": text}}} for number in range(400)]
    assert len(rest.ok("POST", ":commit", json={"writes": writes})["writeResults"]) == 400
    found = rest.ok("POST", ":runQuery", json={"structuredQuery": {"from": [{"collectionId": "c"}]}})
    assert [one["document"]["name"][-4:] for one in found] == [f"d{number:03}" for number in range(400)]
    assert all(one["document"]["fields"]["t"] == text for one in found)


def test_transactions_read_write_and_end(rest):
    rest.put("c/d", **ONE)
    begun = rest.ok("POST", ":beginTransaction", json={"options": {"readWrite": {}}})
    names = [f"{rest.root}/c/d", f"{rest.root}/c/none"]
    found, missing = rest.ok("POST", ":batchGet", json={"documents": names, **begun})
    assert (found["found"]["fields"], missing["missing"]) == (ONE, names[1])
    write = {"update": {"name": names[1], "fields": ONE}, "currentDocument": {"exists": False}}
    done = rest.ok("POST", ":commit", json={"writes": [write], **begun})
    assert done["writeResults"] == [{"updateTime": done["commitTime"]}]
    assert rest.refused("POST", ":commit", json={"writes": [write]}) == (409, "ALREADY_EXISTS")
    again = rest.ok("POST", ":beginTransaction", json={})
    assert rest.ok("POST", ":rollback", json=again) == {}


def test_transforms_and_batched_writes(rest):
    add = {"fieldPath": "n", "increment": {"integerValue": "4"}}
    write = {"update": {"name": f"{rest.root}/c/d"}, "updateTransforms": [add], "updateMask": {"fieldPaths": []}}
    assert rest.ok("POST", ":commit", json={"writes": [write]})["writeResults"][0]["transformResults"] == [
        {"integerValue": "4"}
    ]
    failing = {"delete": f"{rest.root}/c/none", "currentDocument": {"exists": True}}
    both = rest.ok("POST", ":batchWrite", json={"writes": [{"delete": f"{rest.root}/c/d"}, failing]})
    assert [one.get("code", 0) for one in both["status"]] == [0, 5]


def test_enums_may_be_numbers(rest):
    """As Google's generated clients send and ask for them."""
    rest.put("c/d", v={"nullValue": None})
    numbers = rest.ok("GET", "/c/d", params={"$alt": "json;enum-encoding=int"})
    assert numbers["fields"]["v"] == {"nullValue": None}
    where = {"fieldFilter": {"field": {"fieldPath": "v"}, "op": 5, "value": {"nullValue": 0}}}
    query = {"from": [{"collectionId": "c"}], "where": where}
    assert len(rest.ok("POST", ":runQuery?$alt=json;enum-encoding=int", json={"structuredQuery": query})) == 1


@pytest.mark.parametrize(
    ("verb", "path", "options"),
    [
        ("GET", "/c/d?nonsense=1", {}),
        ("GET", "/c/d?mask=a", {}),
        ("GET", "/c/d?mask.fieldPaths.deeper=a", {}),
        ("GET", "/c?pageSize=many", {}),
        ("GET", "/c?showMissing=perhaps", {}),
        ("GET", "/c/d?readTime=yesterday", {}),
        ("GET", "/c/d?alt=proto", {}),
        ("PATCH", "/c/d", {"data": b"{"}),
        ("PATCH", "/c/d", {"data": b"\xff"}),
        ("PATCH", "/c/d", {"data": b"[]"}),
        ("PATCH", "/c/d", {"data": b"[" * 100_000}),
        ("PATCH", "/c/d", {"json": {"fields": {"a": {"integerValue": "1.5"}}}}),
        ("PATCH", "/c/d", {"json": {"fields": {"a": {"stringValue": "\ud800"}}}}),
        ("PATCH", "/c/d", {"json": {"fields": {"a": {"nonsense": 1}}}}),
        ("PATCH", "/c/d", {"json": {"fields": {"a": {"stringValue": "x" * (17 << 20)}}}}),
        ("POST", ":commit", {"json": {"writes": [{"update": {}, "delete": "x"}]}}),
        ("POST", ":runQuery", {"data": b"null"}),
        ("POST", ":batchGet", {"json": {"documents": ["elsewhere"]}}),
    ],
)
def test_malformed_requests_are_refused(rest, verb, path, options):
    assert rest.refused(verb, path, **options) == (400, "INVALID_ARGUMENT")


def test_there_is_nothing_elsewhere(rest):
    for verb, path in [("GET", ""), ("PUT", "/c/d"), ("POST", ":nonsense"), ("DELETE", "")]:
        assert rest.refused(verb, path, data=b"") == (404, "NOT_FOUND")
    assert requests.get(f"{rest.url}/", timeout=20).text == "Ok"
    assert requests.get(f"{rest.url}/v2/x", timeout=20).status_code == 404
    assert requests.get(f"{rest.url}/emulator/v1/nothing", timeout=20).status_code == 404


def test_the_routes_of_the_emulator_are_served(rest):
    assert "document_reads" in requests.get(f"{rest.url}/emulator/v1/usage", timeout=20).json()
    rest.put("c/d")
    cleared = requests.delete(f"{rest.url}/emulator/v1/{rest.root}", timeout=20)
    assert cleared.status_code == 200
    assert rest.ok("GET", "/c") == {}


class TestCredentials:
    RULES = "rules_version = '2'; service cloud.firestore { match /databases/{d}/documents { match /c/{id} { %s } } }"

    @pytest.fixture
    def guarded(self, rest):
        content = self.RULES % "allow read: if true"
        body = {"rules": {"files": [{"name": "firestore.rules", "content": content}]}}
        put = requests.put(f"{rest.url}/emulator/v1/projects/{rest.project}:securityRules", json=body, timeout=20)
        assert put.status_code == 200, put.text
        rest.put("c/d", **ONE)
        return rest

    def test_without_a_token_the_rules_decide(self, guarded):
        assert guarded.ok("GET", "/c/d", headers={})["fields"] == ONE
        assert guarded.refused("PATCH", "/c/d", headers={}, json={}) == (403, "PERMISSION_DENIED")
        query = {"structuredQuery": {"from": [{"collectionId": "other"}]}}
        refused = guarded.call("POST", ":runQuery", headers={}, json=query)
        assert refused.json()[0]["error"]["status"] == "PERMISSION_DENIED"

    def test_a_token_may_come_in_the_query(self, guarded):
        assert guarded.ok("PATCH", "/c/d?access_token=owner", headers={}, json={})["name"]

    def test_a_bad_token_is_refused(self, guarded):
        for text in ("Bearer nonsense", "Basic b3duZXI="):
            headers = {"Authorization": text}
            assert guarded.refused("GET", "/c/d", headers=headers) == (401, "UNAUTHENTICATED")


ASKS = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization, content-type"}


class TestPages:
    """What pages of a browser may do."""

    @pytest.mark.parametrize("origin", ["http://localhost:5000", "https://app.example"])
    def test_a_preflight_is_answered(self, rest, origin):
        answer = rest.call("OPTIONS", "/c/d", headers={"Origin": origin, **ASKS})
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == ASKS["Access-Control-Request-Headers"]

    def test_pages_may_read_answers_and_refusals(self, rest):
        origin = {"Origin": "https://app.example"}
        for path in ("/c", "/c/none", ":nonsense"):
            assert rest.call("GET", path, headers=origin).headers["Access-Control-Allow-Origin"] == origin["Origin"]

    def test_a_foreign_page_is_no_administrator(self, rest):
        foreign = {"Origin": "https://evil.example", "Authorization": "Bearer owner"}
        assert rest.refused("GET", "/c", headers=foreign) == (403, "PERMISSION_DENIED")
        assert rest.refused("GET", "/c?access_token=owner", headers={"Origin": "null"}) == (403, "PERMISSION_DENIED")
        reset = requests.post(f"{rest.url}/emulator/v1/usage:reset", headers=foreign, timeout=20)
        assert reset.status_code == 403
        assert "Access-Control-Allow-Origin" not in reset.headers

    @pytest.mark.parametrize(
        ("host", "trusted"),
        [
            ("localhost:8080", True),
            ("127.0.0.1:8080", True),
            ("[::1]:8080", True),
            ("firestore:8080", True),
            ("host.docker.internal:8080", True),
            ("evil.example:8080", False),
            ("127.0.0.1.evil.example", False),
        ],
    )
    def test_a_name_that_was_led_here_is_no_administrator(self, rest, host, trusted):
        rest.put("c/d")
        answer = rest.call("GET", "/c/d", headers={"Authorization": "Bearer owner", "Host": host})
        assert answer.status_code == (200 if trusted else 403)


class TestBindings:
    ROOT = "/v1/projects/p/databases/(default)/documents"

    @pytest.mark.parametrize(
        ("verb", "path", "method", "variables"),
        [
            ("GET", "/a", "ListDocuments", {"parent": "", "collection_id": "a"}),
            ("GET", "/a/b", "GetDocument", {"name": "/a/b"}),
            ("GET", "/a/b/c", "ListDocuments", {"parent": "/a/b", "collection_id": "c"}),
            ("GET", "/a/x%20%C3%A9:runQuery", "GetDocument", {"name": "/a/x é:runQuery"}),
            ("POST", "/a", "CreateDocument", {"parent": "", "collection_id": "a"}),
            ("POST", "/a/b:runQuery", "RunQuery", {"parent": "/a/b"}),
        ],
    )
    def test_a_path_names_a_method(self, verb, path, method, variables):
        match = find(verb, self.ROOT + path)
        assert match is not None
        assert match.method.name == method
        full = {name: self.ROOT[4:] + text if name != "collection_id" else text for name, text in variables.items()}
        assert match.variables == full

    @settings(max_examples=50)
    @given(st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT"]), st.text(max_size=30))
    def test_any_path_is_something_or_nothing(self, verb, text):
        match = find(verb, f"{self.ROOT}/{text}")
        assert match is None or match.method.name
