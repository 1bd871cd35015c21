"""What rules see of a request, for both services."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from emulator.rules.compile import compile_rules
from emulator.rules.requests import NoDocuments, Request
from emulator.rules.values import Timestamp, from_plain
from tests.emulator.rules.support import AUTH, NOW, ROOT, Shelf, decide, outcome, request


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        ("request.method == 'get' && request.path == /databases/(default)/documents/docs/one", request()),
        ("request.auth.uid == 'ada' && 'admin' in request.auth.token.roles", request()),
        ("request.auth == null", request(auth=None)),
        ("request.time == timestamp.value(1772368215250)", request()),
        ("resource == null", request()),
        ("resource == null && request.resource.data.a == 1", request("create", new={"a": 1})),
        ("resource.data.a == 1 && request.resource.data.a == 2", request("update", data={"a": 1}, new={"a": 2})),
        ("request.resource == null && resource.data.a == 1", request("delete", data={"a": 1})),
        ("resource.id == 'one' && resource.data.keys() == ['a']", request(data={"a": 1})),
        ("!('resource' in request)", request()),
        ("!('query' in request)", request()),
    ],
)
def test_members_of_requests(condition, asked):
    assert outcome(condition, asked) == "true"


def test_reading_has_no_new_resource():
    assert outcome("request.resource.data.a == 1", request(data={"a": 1})) == "error"


def test_claims_may_come_in_any_mapping():
    auth = MappingProxyType({"uid": "a", "token": MappingProxyType({"groups": ("x", "y")})})
    assert outcome("request.auth.token.groups == ['x', 'y']", request(auth=auth)) == "true"


def test_times_of_python_become_timestamps_and_strange_things_are_refused():
    assert from_plain({"at": [NOW]}) == {"at": [Timestamp.from_datetime(NOW)]}
    with pytest.raises(TypeError, match="complex is not a value"):
        from_plain({"a": [1j]})


def test_extra_members():
    asked = Request("cloud.firestore", "get", (*ROOT, "a", "b"), None, NOW, extra={"params": {"x": 1}})
    assert outcome("request.params.x == 1", asked) == "true"


def test_get_reads_documents_and_null_for_none():
    shelf = Shelf({"users/ada": {"role": "admin"}}, {"users/eve": {"role": "new"}})
    users = "/databases/(default)/documents/users"
    assert outcome(f"get({users}/$(request.auth.uid)).data.role == 'admin'", None, shelf) == "true"
    assert outcome(f"get({users}/eve) == null && !exists({users}/eve)", None, shelf) == "true"
    assert outcome(f"get({users}/eve).data.role == 'new'", None, shelf) == "error"
    assert outcome(f"getAfter({users}/eve).data.role == 'new' && existsAfter({users}/eve)", None, shelf) == "true"
    assert outcome("exists(path('databases/(default)/documents/users/' + request.auth.uid))", None, shelf) == "true"


def test_without_documents_nothing_exists():
    assert (
        outcome(
            "!exists(/databases/d/documents/a/b) && getAfter(/databases/d/documents/a/b) == null", None, NoDocuments()
        )
        == "true"
    )


def test_what_documents_raise_passes_through():
    class Broken:
        def get(self, path):
            raise ConnectionError(path)

        get_after = get

    with pytest.raises(ConnectionError):
        decide("exists(/databases/d/documents/a/b) || true", None, Broken())


STORAGE = """rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /users/{uid}/{file=**} {
      allow get: if request.auth.uid == uid;
      allow create: if request.auth.uid == uid
        && request.resource.size < 5 * 1024 * 1024
        && request.resource.contentType.matches('image/.*');
      allow delete: if request.resource == null && resource.metadata.owner == request.auth.uid;
      allow list: if firestore.get(/databases/(default)/documents/users/$(request.auth.uid)).data.admin == true
        && firestore.exists(/databases/(default)/documents/users/$(request.auth.uid));
    }
  }
}
"""


def storage(method, path, **members):
    return Request("firebase.storage", method, ("b", "bucket", "o", *path.split("/")), AUTH, NOW, **members)


def test_objects_of_storage():
    ruleset = compile_rules(STORAGE)
    new = {"size": 1000, "contentType": "image/png", "metadata": {}, "timeCreated": Timestamp.from_datetime(NOW)}
    assert ruleset.decide(storage("get", "users/ada/a/b.png")).allowed
    assert not ruleset.decide(storage("get", "users/eve/a.png")).allowed
    assert ruleset.decide(storage("create", "users/ada/a.png", request_resource=new)).allowed
    refused = ruleset.decide(storage("create", "users/ada/a.png", request_resource={**new, "contentType": "text/html"}))
    assert not refused.allowed
    assert refused.explanation.text().startswith("create /b/bucket/o/users/ada/a.png is denied.\nstorage.rules:6:7 ")
    assert ruleset.decide(storage("delete", "users/ada/a.png", resource={"metadata": {"owner": "ada"}})).allowed


def test_storage_reads_documents_of_firestore():
    ruleset = compile_rules(STORAGE)
    assert ruleset.decide(storage("list", "users/ada"), Shelf({"users/ada": {"admin": True}})).allowed
    assert not ruleset.decide(storage("list", "users/ada"), Shelf({"users/ada": {"admin": False}})).allowed
    assert not ruleset.decide(storage("list", "users/ada"), Shelf()).allowed
