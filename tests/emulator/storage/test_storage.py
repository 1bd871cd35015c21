from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import functions_framework
import pytest
import requests
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Blob, Bucket, Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.config import Config, Ports
from tests.emulator.storage.support import closing
from tests.emulator.support import Received, Receiver, eventually, receiving, running

PROJECT = "demo-test"
ROOT = Path(__file__).parents[3]
BUCKET = f"{PROJECT}.appspot.com"
MANIFEST = f"""
endpoints:
  on_upload:
    eventTrigger:
      eventFilters: {{bucket: {BUCKET}}}
      eventType: google.cloud.storage.object.v1.finalized
      retry: true
    region: [europe-west1]
  on_deletion:
    eventTrigger:
      eventFilters: {{bucket: {BUCKET}}}
      eventType: google.cloud.storage.object.v1.deleted
      retry: true
    region: [europe-west1]
  on_change:
    eventTrigger:
      eventFilters: {{bucket: {BUCKET}}}
      eventType: google.cloud.storage.object.v1.metadataUpdated
      retry: true
    region: [europe-west1]
"""
SOURCE = """
import json
from pathlib import Path

from firebase_functions import storage_fn

@storage_fn.on_object_finalized(bucket="demo-test.appspot.com")
def on_upload(event):
    seen = [event.subject, event.source, event.data.name, event.data.size, event.data.content_type, event.data.metadata]
    Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
"""


@dataclass
class Storage:
    client: Client
    functions: Receiver
    address: str
    data: Path

    @property
    def bucket(self) -> Bucket:
        return self.client.bucket(BUCKET)

    def events(self, function: str) -> list[tuple[str, str]]:
        """Subject and generation of each event that the function got."""
        posts = self.functions.of(function)
        return [(one.headers["ce-subject"], json.loads(one.body)["generation"]) for one in posts]


@contextmanager
def serving(data: Path, functions: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    data.mkdir(exist_ok=True)
    manifest = data / "functions.yaml"
    manifest.write_text(MANIFEST)
    config = Config(PROJECT, data, functions.url, ports=Ports(storage=0), manifest=manifest)
    with ExitStack() as stack:
        address = stack.enter_context(running(config, "storage")).addresses["storage"]
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{address}")
        client = stack.enter_context(connected())
        yield Storage(client, functions, address, data)


def connected() -> AbstractContextManager[Client]:
    return closing(Client(project=PROJECT, credentials=AnonymousCredentials()))


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    with receiving() as functions, serving(tmp_path / "data", functions, monkeypatch) as served:
        yield served


def test_the_project_s_default_buckets_exist(storage: Storage) -> None:
    names = {bucket.name for bucket in storage.client.list_buckets()}
    assert names == {f"{PROJECT}.appspot.com", f"{PROJECT}.firebasestorage.app"}


def test_objects_are_uploaded_downloaded_listed_and_deleted(storage: Storage) -> None:
    for name in ("a.txt", "logs/1", "logs/2", "logs", "with space/ü?#%"):
        storage.bucket.blob(name).upload_from_string(name.encode(), content_type="text/plain")
    assert storage.bucket.blob("logs").download_as_bytes() == b"logs"
    assert storage.bucket.blob("with space/ü?#%").download_as_bytes() == "with space/ü?#%".encode()
    assert storage.bucket.blob("a.txt").download_as_bytes(start=2, end=3) == b"tx"
    assert [blob.name for blob in storage.bucket.list_blobs(prefix="logs/")] == ["logs/1", "logs/2"]
    storage.bucket.blob("a.txt").delete()
    assert not storage.bucket.blob("a.txt").exists()
    with pytest.raises(NotFound):
        storage.bucket.blob("a.txt").download_as_bytes()
    with pytest.raises(NotFound):
        storage.bucket.blob("a.txt").delete()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=400) | st.lists(st.sampled_from([b"\r\n", b"--", b"\n", b"\x85", b"a"])).map(b"".join),
    content_type=st.sampled_from(["text/plain", "message/rfc822", "multipart/mixed; boundary=x", "application/json"]),
)
def test_any_content_comes_back_as_it_went_in(storage: Storage, content: bytes, content_type: str) -> None:
    blob = storage.bucket.blob("any")
    blob.upload_from_string(content, content_type=content_type)
    again = storage.bucket.get_blob("any")
    assert again is not None
    assert again.download_as_bytes() == content
    assert (again.size, again.content_type) == (len(content), content_type)


def test_a_resumable_upload_in_chunks_is_one_object_and_one_event(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "large"
    content = bytes(range(256)) * 4096
    source.write_bytes(content)
    blob = storage.bucket.blob("large", chunk_size=256 * 1024)
    blob.upload_from_filename(str(source), content_type="application/zip")
    assert storage.bucket.blob("large").download_as_bytes() == content
    blob.reload()
    eventually(lambda: storage.events("on_upload"))
    assert storage.events("on_upload") == [("objects/large", str(blob.generation))]


def test_an_event_carries_the_object_as_production_describes_it(storage: Storage, tmp_path: Path) -> None:
    blob = storage.bucket.blob("evidence/ä 1.txt")
    blob.metadata = {"incident": "7"}
    blob.upload_from_string(b"hello", content_type="text/plain")
    (post,) = eventually(lambda: storage.functions.of("on_upload"))
    assert post.path == f"/{PROJECT}/europe-west1/on_upload"
    headers = {name: value for name, value in post.headers.items() if name in ("ce-source", "ce-type", "ce-bucket")}
    assert headers == {
        "ce-source": f"//storage.googleapis.com/projects/_/buckets/{BUCKET}",
        "ce-type": "google.cloud.storage.object.v1.finalized",
        "ce-bucket": BUCKET,
    }
    data = json.loads(post.body)
    assert data["kind"] == "storage#object"
    assert (data["bucket"], data["name"]) == (BUCKET, "evidence/ä 1.txt")
    assert (data["size"], data["contentType"]) == ("5", "text/plain")
    assert data["md5Hash"] == blob.md5_hash
    assert data["generation"] == str(blob.generation)
    source = tmp_path / "handler.py"
    source.write_text(SOURCE)
    app = functions_framework.create_app("on_upload", str(source), "cloudevent")
    answer = app.test_client().post("/", data=post.body, headers=list(post.headers.items()))
    assert answer.status_code == 200, answer.text
    subject, origin, *rest = json.loads(source.with_name("seen.json").read_text())
    assert (subject, origin) == (post.headers["ce-subject"], headers["ce-source"])
    assert rest == ["evidence/ä 1.txt", "5", "text/plain", {"incident": "7"}]


def test_every_way_to_make_an_object_is_an_event(storage: Storage) -> None:
    first = storage.bucket.blob("first")
    first.upload_from_string(b"1")
    storage.bucket.copy_blob(first, storage.bucket, "copied")
    storage.bucket.blob("rewritten").rewrite(first)
    storage.bucket.blob("composed").compose([first, storage.bucket.blob("copied")])
    wanted = {"objects/first", "objects/copied", "objects/rewritten", "objects/composed"}
    eventually(lambda: {subject for subject, _ in storage.events("on_upload")} == wanted)
    assert storage.bucket.blob("composed").download_as_bytes() == b"11"
    # Events of different objects go out at once: which comes first is chance.
    sizes = {
        data["name"]: data["size"] for data in map(json.loads, (p.body for p in storage.functions.of("on_upload")))
    }
    assert sizes == {"first": "1", "copied": "1", "rewritten": "1", "composed": "2"}


def test_overwriting_and_deleting_end_a_generation_and_changing_does_not(storage: Storage) -> None:
    blob = storage.bucket.blob("one")
    blob.upload_from_string(b"1")
    first = str(blob.generation)
    blob.upload_from_string(b"2")
    second = str(blob.generation)
    blob.metadata = {"seen": "yes"}
    blob.patch()
    blob.delete()
    counts = {"on_upload": 2, "on_deletion": 2, "on_change": 1}  # of functions that get theirs independently
    eventually(lambda: {function: len(storage.events(function)) for function in counts} == counts)
    assert sorted(storage.events("on_upload")) == [("objects/one", first), ("objects/one", second)]
    assert sorted(storage.events("on_deletion")) == [("objects/one", first), ("objects/one", second)]
    assert storage.events("on_change") == [("objects/one", second)]


def test_what_apps_do_is_told_like_what_accounts_do(storage: Storage) -> None:
    url = f"http://{storage.address}/v0/b/{BUCKET}/o"
    owner = {"Authorization": "Bearer owner"}
    made = requests.post(url, params={"name": "by-app"}, data=b"x", headers=owner, timeout=30).json()
    requests.patch(f"{url}/by-app", json={"contentLanguage": "de"}, headers=owner, timeout=30)
    requests.delete(f"{url}/by-app", headers=owner, timeout=30)
    wanted = [("objects/by-app", made["generation"])]
    for function in ("on_upload", "on_change", "on_deletion"):
        assert eventually(partial(storage.events, function)) == wanted


def test_other_buckets_reach_no_function(storage: Storage) -> None:
    storage.client.create_bucket("other").blob("x").upload_from_string(b"1")
    storage.bucket.blob("y").upload_from_string(b"2")
    eventually(lambda: storage.functions.received)
    assert storage.events("on_upload") == [("objects/y", str(storage.bucket.get_blob("y").generation))]


def test_conditions_on_generations_hold(storage: Storage) -> None:
    blob = storage.bucket.blob("one")
    blob.upload_from_string(b"1", if_generation_match=0)
    first = blob.generation
    with pytest.raises(PreconditionFailed):
        storage.bucket.blob("one").upload_from_string(b"2", if_generation_match=0)
    assert blob.download_as_bytes() == b"1"
    blob.upload_from_string(b"2", if_generation_match=first)
    with pytest.raises(NotFound):
        storage.bucket.blob("one", generation=first).download_as_bytes()
    with pytest.raises(PreconditionFailed):
        blob.delete(if_generation_match=first)
    assert Blob("one", storage.bucket, generation=blob.generation).download_as_bytes() == b"2"
    storage.bucket.blob("absent").upload_from_string(b"3", if_generation_match=0)


def test_everything_survives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(lambda _: 500) as failing, serving(tmp_path / "data", failing, monkeypatch) as before:
        blob = before.bucket.blob("kept")
        blob.upload_from_string(b"1")
        before.bucket.blob("gone").upload_from_string(b"2")
        before.bucket.blob("gone").delete()
        before.client.create_bucket("other")
        eventually(lambda: before.functions.of("on_upload"))
    (before.data / "storage" / "contents" / BUCKET / "stray").write_bytes(b"left by a killed process")
    with receiving() as working, serving(tmp_path / "data", working, monkeypatch) as after:
        assert [one.name for one in after.bucket.list_blobs()] == ["kept"]
        assert after.bucket.blob("kept").download_as_bytes() == b"1"
        assert after.client.lookup_bucket("other") is not None
        eventually(lambda: ("objects/kept", str(blob.generation)) in after.events("on_upload"))
        assert not (after.data / "storage" / "contents" / BUCKET / "stray").exists()


def test_an_upload_that_was_answered_survives_the_kill_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "functions.yaml"
    manifest.write_text(MANIFEST)
    with receiving() as functions:
        functions.gate.clear()
        options = [f"--project={PROJECT}", f"--data={tmp_path}", "--only=storage", "--storage-port=0"]
        command = [sys.executable, "-m", "emulator", *options, f"--functions-url={functions.url}"]
        with subprocess.Popen([*command, f"--manifest={manifest}"], stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603  # ours
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["ready"]["storage"]
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{address}")
            with connected() as client:
                for number in range(20):
                    client.bucket(BUCKET).blob(f"{number}").upload_from_string(b"%d" % number)
            process.kill()
        functions.gate.set()
        with serving(tmp_path, functions, monkeypatch) as after:
            wanted = {f"objects/{number}" for number in range(20)}
            eventually(lambda: {subject for subject, _ in after.events("on_upload")} == wanted)
            contents = {blob.name: blob.download_as_bytes() for blob in after.bucket.list_blobs()}
    assert contents == {f"{number}": b"%d" % number for number in range(20)}


@pytest.mark.parametrize(
    ("method", "path", "content_type", "body", "status"),
    [
        ("GET", "/wipe", "", b"", 501),
        ("POST", "/storage/v1/b", "application/json", b"{", 400),
        ("POST", "/storage/v1/b", "application/json", b"[]", 400),
        ("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart", "multipart/related", b"x", 400),
        ("POST", f"/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart", "multipart/related; boundary=b", b"x", 400),
        ("PUT", f"/upload/storage/v1/b/{BUCKET}/o?upload_id=none", "text/plain", b"x", 404),
        ("GET", f"/storage/v1/b/{BUCKET}/o/..%2F..%2F..%2Fstorage.sqlite3?alt=media", "", b"", 404),
        ("DELETE", "/somewhere/else/entirely", "", b"", 404),
    ],
)
def test_requests_that_make_no_sense_are_refused_and_the_server_goes_on(
    storage: Storage, method: str, path: str, content_type: str, body: bytes, status: int
) -> None:
    request = urllib.request.Request(  # our own server
        f"http://{storage.address}{path}", data=body or None, method=method, headers={"Content-Type": content_type}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310  # our own server
    refused.value.close()
    assert refused.value.code == status
    assert storage.client.lookup_bucket(BUCKET) is not None


def test_a_failing_function_gets_the_same_event_again(storage: Storage) -> None:
    answers = iter([500, 500, 200])

    def answer(_: Received) -> int:
        return next(answers)

    storage.functions.answer = answer
    storage.bucket.blob("one").upload_from_string(b"1")
    posts = eventually(lambda: storage.functions.received[2:] and storage.functions.received)
    assert len({(one.headers["ce-id"], one.body) for one in posts}) == 1
