"""Security rules stand between users and documents, in every call; service accounts pass."""

from __future__ import annotations

import itertools
import time
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from google.cloud.firestore import Client, FieldFilter, Or
from google.cloud.firestore_v1.types import ListenRequest, Target, TargetChange

from emulator.config import Config, Ports
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import eventually, running

RULES = """
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function role(uid) {
      return get(/databases/$(database)/documents/users/$(uid)).data.role;
    }
    match /users/{uid} {
      allow get: if request.auth.uid == uid;
    }
    match /notes/{id} {
      allow get: if resource == null || resource.data.owner == request.auth.uid;
      allow list: if resource.data.owner == request.auth.uid || role(request.auth.uid) == 'admin';
      allow create: if request.resource.data.owner == request.auth.uid
        && request.resource.data.keys().hasOnly(['owner', 'text', 'at']);
      allow update: if resource.data.owner == request.auth.uid
        && request.resource.data.diff(resource.data).affectedKeys().hasOnly(['text']);
      allow delete: if resource.data.owner == request.auth.uid;
    }
    match /open/{id} {
      allow read, write;
    }
    match /pairs/{id} {
      allow write: if getAfter(/databases/$(database)/documents/others/$(id)).data.n == request.resource.data.n;
    }
    match /others/{id} {
      allow write: if existsAfter(/databases/$(database)/documents/pairs/$(id));
    }
    match /{path=**}/posts/{id} {
      allow read: if resource.data.public == true;
    }
  }
}
"""
PROJECTS = itertools.count()


def token(project: str, uid: str, **claims: Any) -> str:
    now = int(time.time())
    standard = {"iss": f"https://securetoken.google.com/{project}", "aud": project, "sub": uid, "user_id": uid}
    times = {"iat": now, "exp": now + 3600, "auth_time": now}
    return jwt.encode({**standard, **times, **claims}, "", algorithm="none")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    rules = folder / "firestore.rules"
    rules.write_text(RULES)
    ports = Ports(firestore=0)
    config = Config("demo-test", folder / "data", "http://127.0.0.1:9", ports=ports, rules=rules, index_check=False)
    with running(config, "firestore") as suite:
        yield suite.addresses["firestore"]


class Place:
    """A database of its own, as an administrator and as users see it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.project = f"demo-guard-{next(PROJECTS)}"
        self._clients: list[Client] = []
        self.admin = self._connect()

    def user(self, uid: str, **claims: Any) -> Client:
        return self.bearer(token(self.project, uid, **claims))

    def bearer(self, text: str) -> Client:
        client = self._connect()
        # What the client would send for its credentials; here those of a user.
        client._rpc_metadata_internal = [("authorization", f"Bearer {text}")]
        return client

    def stranger(self) -> Client:
        client = self._connect()
        client._rpc_metadata_internal = [("x-goog-api-client", "gl-js/ fire/12.0.0")]
        return client

    def _connect(self) -> Client:
        self._clients.append(connect(self._address, self.project))
        return self._clients[-1]

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def place(address):
    with closing(Place(address)) as place:
        yield place


class TestGets:
    def test_the_owner_reads_others_do_not(self, place):
        place.admin.document("notes/a").set({"owner": "ada", "text": "x"})
        assert place.user("ada").document("notes/a").get().get("text") == "x"
        with pytest.raises(PermissionDenied, match="Missing or insufficient permissions"):
            place.user("bob").document("notes/a").get()

    def test_a_document_that_is_not_there_is_not_told_from_one_that_may_not_be_read(self, place):
        with pytest.raises(PermissionDenied):
            place.user("bob").document("users/ada").get()
        assert not place.user("bob").document("users/bob").get().exists

    def test_where_no_rule_is_nobody_reads(self, place):
        with pytest.raises(PermissionDenied):
            place.user("ada").document("elsewhere/a").get()

    def test_one_who_is_not_signed_in(self, place):
        place.admin.document("open/a").set({})
        assert place.stranger().document("open/a").get().exists
        with pytest.raises(PermissionDenied):
            place.stranger().document("users/ada").get()

    def test_one_refused_document_refuses_the_batch(self, place):
        user = place.user("ada")
        documents = [user.document("open/a"), user.document("users/bob")]
        with pytest.raises(PermissionDenied):
            list(user.get_all(documents))

    def test_the_refusal_says_where_and_holds_no_values(self, place):
        place.admin.document("notes/a").set({"owner": "ada"})
        with pytest.raises(PermissionDenied, match=r"false for 'get' @ L\d+") as caught:
            place.user("bob").document("notes/a").get()
        assert "ada" not in str(caught.value)


class TestTokens:
    @pytest.mark.parametrize(
        "claims",
        [{"iat": 1000, "exp": 2000}, {"aud": "demo-other"}, {"iss": "https://accounts.google.com"}, {"sub": ""}],
        ids=["expired", "audience", "issuer", "nobody"],
    )
    def test_what_is_no_token_of_the_project_is_refused(self, place, claims):
        with pytest.raises(Unauthenticated):
            place.user("ada", **claims).document("open/a").get()

    def test_a_token_of_another_project(self, place):
        with pytest.raises(Unauthenticated):
            place.bearer(token("demo-other", "ada")).document("open/a").get()

    def test_a_mock_token_of_the_test_library_has_no_time(self, place):
        assert not place.user("ada", iat=0, exp=3600).document("open/a").get().exists


class TestQueries:
    def test_a_query_is_allowed_by_what_it_asks_not_by_what_it_finds(self, place):
        place.admin.document("notes/a").set({"owner": "ada"})
        user = place.user("ada")
        mine = user.collection("notes").where(filter=FieldFilter("owner", "==", "ada"))
        assert [found.id for found in mine.stream()] == ["a"]
        with pytest.raises(PermissionDenied):
            list(user.collection("notes").stream())

    def test_every_alternative_has_to_be_allowed(self, place):
        user = place.user("ada")
        either = Or([FieldFilter("owner", "==", "ada"), FieldFilter("owner", "==", "bob")])
        with pytest.raises(PermissionDenied):
            list(user.collection("notes").where(filter=either).stream())
        with pytest.raises(PermissionDenied):
            list(user.collection("notes").where(filter=FieldFilter("owner", "in", ["ada", "bob"])).stream())

    def test_rules_may_look_elsewhere(self, place):
        place.admin.document("users/root").set({"role": "admin"})
        place.admin.document("notes/a").set({"owner": "ada"})
        assert len(list(place.user("root").collection("notes").stream())) == 1

    def test_aggregations_are_queries(self, place):
        notes = place.user("ada").collection("notes")
        assert notes.where(filter=FieldFilter("owner", "==", "ada")).count().get()[0][0].value == 0
        with pytest.raises(PermissionDenied):
            notes.count().get()

    def test_collection_groups(self, place):
        place.admin.document("blogs/b/posts/p").set({"public": True})
        posts = place.user("ada").collection_group("posts")
        assert len(list(posts.where(filter=FieldFilter("public", "==", True)).stream())) == 1
        with pytest.raises(PermissionDenied):
            list(posts.stream())

    def test_what_only_administrators_call(self, place):
        user = place.user("ada")
        with pytest.raises(PermissionDenied):
            list(user.collections())
        with pytest.raises(PermissionDenied):
            list(user.collection_group("posts").get_partitions(2))
        with pytest.raises(PermissionDenied):
            list(user.collection("notes").list_documents())


class TestWrites:
    def test_create_update_and_delete(self, place):
        note = place.user("ada").document("notes/a")
        note.create({"owner": "ada", "text": "x"})
        note.update({"text": "y"})
        with pytest.raises(PermissionDenied):
            note.update({"owner": "bob"})
        with pytest.raises(PermissionDenied):
            place.user("bob").document("notes/a").delete()
        assert place.admin.document("notes/a").get().to_dict() == {"owner": "ada", "text": "y"}
        note.delete()
        assert not place.admin.document("notes/a").get().exists

    def test_the_rules_see_the_document_as_it_will_be(self, place):
        with pytest.raises(PermissionDenied):
            place.user("ada").document("notes/a").create({"owner": "ada", "more": 1})

    def test_one_refused_write_refuses_all(self, place):
        user = place.user("ada")
        batch = user.batch()
        batch.set(user.document("open/a"), {})
        batch.set(user.document("notes/a"), {"owner": "bob"})
        with pytest.raises(PermissionDenied):
            batch.commit()
        assert not place.admin.document("open/a").get().exists

    def test_documents_that_need_each_other(self, place):
        user = place.user("ada")
        batch = user.batch()
        batch.set(user.document("pairs/a"), {"n": 1})
        batch.set(user.document("others/a"), {"n": 1})
        batch.commit()
        with pytest.raises(PermissionDenied):
            user.document("pairs/b").set({"n": 1})

    def test_a_bulk_writer_is_asked_write_by_write(self, place):
        user = place.user("ada")
        refused = []

        def note(failure, _):
            refused.append(failure.operation.reference.id)
            return False

        writer = user.bulk_writer()
        writer.on_write_error(note)
        writer.set(user.document("open/a"), {})
        writer.set(user.document("notes/b"), {"owner": "bob"})
        writer.close()
        assert refused == ["b"]
        assert place.admin.document("open/a").get().exists

    def test_a_failing_condition_tells_nothing_to_whoever_may_not_write(self, place):
        place.admin.document("notes/a").set({"owner": "ada"})
        bob = place.user("bob")
        with pytest.raises(PermissionDenied):
            bob.document("notes/a").create({"owner": "ada"})
        with pytest.raises(PermissionDenied):
            bob.document("users/nobody").update({"x": 1})
        with pytest.raises(PermissionDenied):
            bob.document("notes/a").delete(option=bob.write_option(exists=False))

    def test_a_failing_condition_is_told_to_whoever_may_write(self, place):
        user = place.user("ada")
        with pytest.raises(NotFound):
            user.document("open/a").update({"x": 1})
        user.document("open/a").set({})
        with pytest.raises(AlreadyExists):
            user.document("open/a").create({})
        stale = user.write_option(last_update_time=place.admin.document("open/b").set({}).update_time)
        with pytest.raises(FailedPrecondition):
            user.document("open/a").delete(option=stale)


class Stream:
    """The raw Listen stream of a client: what it says about one target."""

    def __init__(self, client: Client, **target: Any) -> None:
        database = client._database_string
        asked = Target(target_id=1, **target)
        self._done = False
        self.causes: list[int] = []
        self.names: list[str] = []
        self.current = False

        def requests():
            yield ListenRequest(database=database, add_target=asked)
            while not self._done:
                time.sleep(0.01)

        self._call = client._firestore_api.transport.listen(requests(), metadata=client._rpc_metadata)

    def follow(self, until) -> None:
        for response in self._call:
            change = response.target_change
            if change.target_change_type == TargetChange.TargetChangeType.REMOVE:
                self.causes.append(change.cause.code)
            self.current |= change.target_change_type == TargetChange.TargetChangeType.CURRENT
            if response.document_change.document.name:
                self.names.append(response.document_change.document.name)
            if until():
                return

    def close(self) -> None:
        self._done = True
        self._call.cancel()


def query_target(client: Client, query: Any) -> dict[str, Any]:
    parent = f"{client._database_string}/documents"
    return {"query": Target.QueryTarget(parent=parent, structured_query=query._to_protobuf())}


class TestListening:
    def test_a_query_that_is_not_allowed_is_not_followed(self, place):
        user = place.user("ada")
        with closing(Stream(user, **query_target(user, user.collection("notes")._query()))) as stream:
            stream.follow(lambda: stream.causes)
        assert stream.causes == [7]
        assert not stream.current

    def test_a_query_that_is_allowed_is_followed(self, place):
        user = place.user("ada")
        mine = user.collection("notes").where(filter=FieldFilter("owner", "==", "ada"))
        with closing(Stream(user, **query_target(user, mine))) as stream:
            stream.follow(lambda: stream.current)
            place.admin.document("notes/a").set({"owner": "ada"})
            stream.follow(lambda: stream.names)
        assert stream.causes == []

    def test_a_document_that_may_no_longer_be_read_is_no_longer_followed(self, place):
        user = place.user("ada")
        place.admin.document("notes/a").set({"owner": "ada"})
        name = f"{user._database_string}/documents/notes/a"
        with closing(Stream(user, documents=Target.DocumentsTarget(documents=[name]))) as stream:
            stream.follow(lambda: stream.current)
            place.admin.document("notes/a").update({"owner": "bob", "secret": "x"})
            stream.follow(lambda: stream.causes)
        assert stream.causes == [7]
        assert len(stream.names) == 1

    def test_a_right_that_rests_on_another_document_ends_with_it(self, place):
        root = place.user("root")
        place.admin.document("users/root").set({"role": "admin"})
        with closing(Stream(root, **query_target(root, root.collection("notes")._query()))) as stream:
            stream.follow(lambda: stream.current)
            place.admin.document("users/root").update({"role": "employee"})
            place.admin.document("notes/later").set({"owner": "ada"})
            stream.follow(lambda: stream.causes)
        assert stream.causes == [7]
        assert stream.names == []


def test_rules_follow_their_file(tmp_path):
    rules = tmp_path / "firestore.rules"
    rules.write_text(RULES)
    config = Config("demo-follow", tmp_path / "data", "http://127.0.0.1:9", ports=Ports(firestore=0), rules=rules)
    with running(config, "firestore") as suite, closing(Place(suite.addresses["firestore"])) as place:
        user = place.user("ada")
        with pytest.raises(PermissionDenied):
            user.document("users/bob").get()
        rules.write_text(RULES.replace("request.auth.uid == uid", "request.auth != null  "))
        assert not user.document("users/bob").get().exists
        rules.write_text("service cloud.firestore { match")
        assert not user.document("users/bob").get().exists


def test_without_rules_everybody_may_do_everything(tmp_path):
    config = Config("demo-free", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0))
    with running(config, "firestore") as suite, closing(Place(suite.addresses["firestore"])) as place:
        place.stranger().document("c/d").set({"x": 1})
        assert eventually(lambda: place.admin.document("c/d").get()).to_dict() == {"x": 1}


def test_rules_that_cannot_be_compiled_are_said_at_the_start(tmp_path):
    rules = tmp_path / "firestore.rules"
    rules.write_text("service cloud.firestore {\n  match /x {\n    allow read: if;\n  }\n}\n")
    config = Config("demo-bad", tmp_path / "data", "http://127.0.0.1:9", ports=Ports(firestore=0), rules=rules)
    with pytest.raises(Exception, match=r"firestore\.rules:3:\d+"), running(config, "firestore"):
        SimpleNamespace()
