"""Security rules of Storage: what they see, what they allow, what is left of what they deny."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from emulator.config import Config, Ports
from emulator.suite import StartError
from tests.emulator.storage.support import OPEN, OWNER, PROJECT, Firebase, firebase, firebase_with, token
from tests.emulator.support import MovableClock, running

RULES = """
rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    function signedIn() { return request.auth != null; }
    match /public/{name=**} { allow read; }
    match /users/{uid}/{name=**} { allow read, write: if signedIn() && request.auth.uid == uid; }
    match /images/{image} {
      allow get: if resource.contentType.matches('image/.*');
      allow list: if signedIn();
      allow create: if request.resource.size < 100 && request.resource.contentType.matches('image/.*');
      allow update: if request.resource.metadata.owner == resource.metadata.owner
        && request.resource.metadata.owner == request.auth.uid;
      allow delete: if resource.metadata.owner == request.auth.uid;
    }
    match /roles/{name} { allow read, write: if request.auth.token.role == 'admin'; }
    match /once/{name} { allow create: if resource == null; allow get; }
    match /teams/{team}/{name} {
      allow get: if firestore.exists(/databases/(default)/documents/teams/$(team))
        && request.auth.uid in firestore.get(/databases/(default)/documents/teams/$(team)).data.members;
    }
    match /many/{name} {
      allow get: if !firestore.exists(/databases/(default)/documents/a/1)
        && !firestore.exists(/databases/(default)/documents/a/2) && name != 'c';
      allow get: if name == 'c' && !firestore.exists(/databases/(default)/documents/a/1)
        && !firestore.exists(/databases/(default)/documents/a/2)
        && !firestore.exists(/databases/(default)/documents/a/3);
    }
    match /fresh/{name} {
      allow create;
      allow get: if request.time < resource.timeCreated + duration.value(60, 's');
    }
    match /typed/{name} {
      allow create: if request.resource.name == 'typed/' + name && request.resource.bucket == bucket
        && request.resource.size is int && request.resource.md5Hash is string;
      allow get: if resource.name == 'typed/' + name && resource.bucket == bucket && resource.size == 3
        && resource.generation is int && resource.metageneration == 1 && resource.timeCreated is timestamp
        && resource.updated == resource.timeCreated && resource.md5Hash is string && resource.crc32c is string
        && resource.etag is string && resource.contentType == 'text/plain' && resource.metadata.k == 'v'
        && resource.contentLanguage == 'de' && resource.metadata.size() == 1;
    }
  }
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firebase]:
    with firebase_with(tmp_path_factory.mktemp("storage"), RULES) as running:
        for name, content_type in [("public/a", "text/plain"), ("images/a", "image/png"), ("images/b", "text/plain")]:
            answer = running.upload(name, headers=OWNER, contentType=content_type, metadata={"owner": "ann"})
            assert answer.status_code == 200, answer.text
        for name in ("users/ann/deep/er", "roles/x", "once/taken", "teams/red/x", "elsewhere"):
            assert running.upload(name, headers=OWNER).status_code == 200
        running.documents.documents["teams/red"] = {"members": ["ann"]}
        yield running


READS = [
    ("public/a", None, 200),
    ("public/absent", None, 404),
    ("users/ann/deep/er", "ann", 200),
    ("users/ann/deep/er", "bob", 403),
    ("users/ann/deep/er", None, 403),
    ("users/ann/absent", "ann", 404),
    ("users/ann/absent", "bob", 403),
    ("images/a", None, 200),
    ("images/b", None, 403),
    ("images/absent", None, 403),
    ("images/a/deeper", "ann", 403),
    ("teams/red/x", "ann", 200),
    ("teams/red/x", "bob", 403),
    ("teams/blue/x", "ann", 403),
    ("elsewhere", "ann", 403),
    ("many/b", None, 404),
    ("many/c", None, 403),  # more documents than a rule may read
]


@pytest.mark.parametrize(("name", "uid", "status"), READS)
@pytest.mark.parametrize("media", [False, True])
def test_reads_are_allowed_and_denied_as_the_rules_say(
    server: Firebase, name: str, uid: str | None, status: int, media: bool
) -> None:
    headers = server.user(uid) if uid else {}
    answer = server.call("GET", name, headers, params={"alt": "media"} if media else {})
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"]["code"] == status


@pytest.mark.parametrize(
    ("name", "uid", "content", "content_type", "status"),
    [
        ("users/ann/new", "ann", b"x", "text/plain", 200),
        ("users/ann/new2", "bob", b"x", "text/plain", 403),
        ("users/ann/new3", None, b"x", "text/plain", 403),
        ("images/c", None, b"x" * 99, "image/png", 200),
        ("images/d", None, b"x" * 100, "image/png", 403),
        ("images/e", None, b"x", "text/html", 403),
        ("public/new", "ann", b"x", "text/plain", 403),
        ("once/taken", "ann", b"x", "text/plain", 403),
        ("once/free", "ann", b"x", "text/plain", 200),
        ("typed/x", None, b"abc", "text/plain", 200),
    ],
)
@pytest.mark.parametrize("resumable", [False, True])
def test_uploads_are_allowed_and_denied_and_what_is_denied_leaves_nothing(
    server: Firebase, name: str, uid: str | None, content: bytes, content_type: str, status: int, resumable: bool
) -> None:
    if name != "once/taken":
        server.call("DELETE", name, OWNER)
    before = server.call("GET", name, OWNER).text
    headers = server.user(uid) if uid else {}
    if resumable:
        answer = server.begin(name, headers, type=content_type)  # without its size, so that the end decides
        if answer.status_code == 200:
            answer = server.command(answer.headers["X-Goog-Upload-URL"], "upload, finalize", 0, content)
    else:
        answer = server.upload(name, content, headers, contentType=content_type)
    assert answer.status_code == status, answer.text
    after = server.call("GET", name, OWNER)
    assert (after.text == before) == (status != 200)
    assert not list(staged(server))


def staged(server: Firebase) -> Iterator[Path]:
    return (server.environment.config.data / "storage" / "contents" / "_staged").iterdir()


def test_an_upload_is_refused_at_its_beginning_for_what_it_declares(server: Firebase) -> None:
    assert server.begin("images/big", size=100, type="image/png").status_code == 403
    assert server.begin("images/page", size=10, type="text/html").status_code == 403
    assert server.begin("images/fine", size=10, type="image/png").status_code == 200


def test_metadata_is_changed_only_as_the_rules_allow(server: Firebase) -> None:
    server.upload("images/u", headers=OWNER, contentType="image/png", metadata={"owner": "ann"})
    ann, bob = server.user("ann"), server.user("bob")
    assert server.call("PATCH", "images/u", bob, json={"contentLanguage": "de"}).status_code == 403
    assert server.call("PATCH", "images/u", ann, json={"metadata": {"owner": "bob"}}).status_code == 403
    assert server.call("PATCH", "images/u", ann, json={"contentLanguage": "de"}).json()["metageneration"] == "2"
    assert server.call("DELETE", "images/u", bob).status_code == 403
    assert server.call("DELETE", "images/u", ann).status_code == 204


def test_rules_see_an_object_as_documented(server: Firebase) -> None:
    answer = server.upload("typed/seen", b"abc", metadata={"k": "v"}, contentType="text/plain", contentLanguage="de")
    assert answer.status_code == 200, server.environment.denials.latest()[0].explanation
    assert server.call("GET", "typed/seen").status_code == 200, server.environment.denials.latest()[0].explanation


def test_lists_need_a_rule_for_their_folder(server: Firebase) -> None:
    ann = server.user("ann")
    assert server.call("GET", headers=ann, params={"prefix": "images/", "delimiter": "/"}).status_code == 200
    assert server.call("GET", params={"prefix": "images/", "delimiter": "/"}).status_code == 403
    assert server.call("GET", headers=ann, params={"prefix": "", "delimiter": "/"}).status_code == 403
    assert server.call("GET", headers=ann, params={"prefix": "users/ann/", "delimiter": "/"}).status_code == 200
    assert server.call("GET", headers=ann, params={"prefix": "users/bob/", "delimiter": "/"}).status_code == 403
    # Without a delimiter a list goes below folders, where the rules of images/{image} do not reach.
    assert server.call("GET", headers=ann, params={"prefix": "images/"}).status_code == 403
    assert server.call("GET", headers=ann, params={"prefix": "users/ann/"}).status_code == 200
    assert server.call("GET", headers=ann, params={"prefix": "users/an", "delimiter": "/"}).status_code == 403
    everything = server.call("GET", headers=OWNER).json()
    assert {"name": "elsewhere", "bucket": server.bucket} in everything["items"]


def test_claims_of_the_token_count(server: Firebase) -> None:
    assert server.call("GET", "roles/x", server.user("ann", role="admin")).status_code == 200
    assert server.call("GET", "roles/x", server.user("ann", role="reader")).status_code == 403


@pytest.mark.parametrize("owner", ["Bearer owner", "Firebase owner"])
def test_rules_do_not_apply_to_the_owner(server: Firebase, owner: str) -> None:
    assert server.call("GET", "elsewhere", {"Authorization": owner}).status_code == 200


def test_a_token_must_be_of_this_project_and_in_time(server: Firebase) -> None:
    now = int(server.clock.now().timestamp())
    for claims in (
        {"aud": "other", "iss": "https://securetoken.google.com/other"},
        {"iss": "https://example.org"},
        {"exp": now - 1},
        {"sub": ""},
    ):
        assert server.call("GET", "public/a", server.user("ann", **claims)).status_code == 401
    for header in ("Firebase nonsense", "Bearer a.b.c", "Basic b3duZXI6", "Firebase"):
        assert server.call("GET", "public/a", {"Authorization": header}).status_code == 401


def test_the_clock_ends_tokens_and_moves_rules(tmp_path: Path) -> None:
    with firebase_with(tmp_path, RULES) as server:
        ann = server.user("ann")
        server.upload("users/ann/x", headers=ann)
        server.upload("fresh/x")
        assert server.call("GET", "fresh/x").status_code == 200
        server.clock.ahead += timedelta(hours=1, seconds=1)
        assert server.call("GET", "users/ann/x", ann).status_code == 401
        assert server.call("GET", "fresh/x").status_code == 403


def test_a_download_token_stands_for_the_rules(server: Firebase) -> None:
    token = server.call("GET", "elsewhere", OWNER).json()["downloadTokens"]
    assert server.call("GET", "elsewhere", params={"alt": "media", "token": token}).content == b"x"
    assert server.call("GET", "elsewhere", params={"alt": "media", "token": f"{token}x"}).status_code == 403
    assert server.call("GET", "elsewhere", params={"alt": "media", "token": ""}).status_code == 403


def test_a_denial_says_which_rule_denied(server: Firebase) -> None:
    server.call("GET", "images/b")
    denial = server.environment.denials.latest()[0]
    assert (denial.service, denial.what) == ("storage", f"get {server.bucket}/images/b")
    assert "resource.contentType.matches('image/.*')" in denial.explanation


def test_what_was_evaluated_is_counted(tmp_path: Path) -> None:
    rules = tmp_path / "storage.rules"
    rules.write_text(OPEN.replace("read, write", "get: if request.auth != null"))
    ports = Ports(storage=0, control=0)
    config = Config(PROJECT, tmp_path / "data", "http://127.0.0.1:1", ports=ports, storage_rules=rules)
    with running(config, "storage", "control") as suite:
        url = f"http://{suite.addresses['storage']}/v0/b/{PROJECT}/o/x"
        for headers in ({}, {"Authorization": f"Firebase {token(MovableClock(), 'ann')}"}):
            requests.get(url, headers=headers, timeout=30)
        coverage = f"http://{suite.addresses['control']}/emulator/v1/storage:ruleCoverage"
        (condition,) = requests.get(coverage, timeout=30).json()["report"]
        page = requests.get(f"{coverage}.html", timeout=30).text
    counts = {value["value"]["boolValue"]: value["count"] for value in condition["values"]}
    assert counts == {True: 1, False: 1}
    assert "Rules coverage" in page


def test_without_rules_nothing_is_allowed_but_to_the_owner(tmp_path: Path) -> None:
    with firebase(tmp_path / "data", None) as server:
        assert server.upload("x", headers=OWNER).status_code == 200
        assert server.call("GET", "x").status_code == 403
        assert server.upload("y", headers=server.user("ann")).status_code == 403


def test_rules_that_read_documents_deny_where_there_is_no_firestore(tmp_path: Path) -> None:
    rules = tmp_path / "storage.rules"
    rules.write_text(OPEN.replace("read, write", "read: if !firestore.exists(/databases/(default)/documents/a/b)"))
    with firebase(tmp_path / "data", rules, documents=False) as server:
        server.upload("x", headers=OWNER)
        assert server.call("GET", "x").status_code == 403
        assert "no Firestore" in server.environment.denials.latest()[0].explanation


@pytest.mark.parametrize("source", ["service firebase.storage {", None])
def test_the_server_does_not_start_with_broken_rules(tmp_path: Path, source: str | None) -> None:
    rules = tmp_path / "storage.rules"
    if source is not None:
        rules.write_text(source)
    config = Config(PROJECT, tmp_path / "data", "http://127.0.0.1:1", ports=Ports(storage=0), storage_rules=rules)
    with pytest.raises(StartError, match=r"storage\.rules(:1:\d+ | cannot be read)"), running(config, "storage"):
        pass


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    rules = tmp_path / "storage.rules"
    with firebase_with(tmp_path, OPEN) as server:
        assert server.upload("x").status_code == 200
        for stamp, (source, status) in enumerate(
            [(OPEN.replace("read, write", "read"), 403), ("service {", 403), (OPEN, 200), ("service {", 200)]
        ):
            rules.write_text(source)
            os.utime(rules, ns=(stamp, stamp))  # whatever the file system's clock says, it has changed
            assert server.upload("x").status_code == status


def test_rules_are_set_at_run_time_as_rules_unit_testing_does(server_with_open_rules: Firebase) -> None:
    server = server_with_open_rules
    url = f"{server.url}/internal/setRules"

    def put(*files: dict[str, str]) -> tuple[int, str]:
        answer = server.http.put(url, json={"rules": {"files": list(files)}}, timeout=30)
        return answer.status_code, answer.json()["message"]

    closed = {"name": "storage.rules", "content": OPEN.replace("allow read, write", "allow read")}
    assert put(closed) == (200, "Rules updated successfully")
    assert server.upload("x").status_code == 403
    status, message = put({"name": "storage.rules", "content": "service firebase.storage {\n  match"})
    assert status == 400
    assert ":2:" in message
    assert server.upload("x").status_code == 403
    assert put() == (400, "Request body must include 'rules.files' array")
    assert put({"name": "x"})[0] == 400
    assert put({"name": "a", "content": OPEN, "resource": server.bucket}, {**closed, "resource": PROJECT})[0] == 200
    assert server.upload("x").status_code == 200
    server.bucket = PROJECT  # the test library's bucket, which nobody creates
    assert server.upload("x").status_code == 403
    assert server.upload("x", headers=OWNER).status_code == 200
    assert server.call("GET", "x").status_code == 200


@pytest.fixture
def server_with_open_rules(tmp_path: Path) -> Iterator[Firebase]:
    with firebase_with(tmp_path, OPEN) as running:
        yield running
