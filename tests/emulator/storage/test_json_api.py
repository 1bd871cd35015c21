"""The JSON API as google-cloud-storage uses it, beyond uploads and downloads."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    MethodNotImplemented,
    NotFound,
    PreconditionFailed,
)
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Bucket, Client

from tests.emulator.storage.support import BUCKET, PROJECT, Firebase, closing, firebase


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Firebase]:
    with firebase(tmp_path / "data", None) as running:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", running.url)
        yield running


@pytest.fixture
def client(server: Firebase) -> Iterator[Client]:
    with closing(Client(project=PROJECT, credentials=AnonymousCredentials())) as client:
        yield client


@pytest.fixture
def bucket(client: Client) -> Bucket:
    return client.bucket(BUCKET)


def test_lists_come_in_pages_and_fold_at_delimiters(bucket: Bucket) -> None:
    for name in ("a", "b/1", "b/2", "c", "d/e/3"):
        bucket.blob(name).upload_from_string(name)
    pages = bucket.list_blobs(page_size=2).pages
    assert [[blob.name for blob in page] for page in pages] == [["a", "b/1"], ["b/2", "c"], ["d/e/3"]]
    folded = bucket.list_blobs(delimiter="/")
    assert [blob.name for blob in folded] == ["a", "c"]
    assert folded.prefixes == {"b/", "d/"}
    assert [blob.name for blob in bucket.list_blobs(match_glob="**/[12]")] == ["b/1", "b/2"]
    assert [blob.name for blob in bucket.list_blobs(start_offset="b/2", end_offset="d")] == ["b/2", "c"]
    with pytest.raises(NotFound):
        list(bucket.client.list_blobs("no-such-bucket"))


def test_buckets_are_made_changed_listed_and_removed(client: Client) -> None:
    made = client.create_bucket("made-here", location="europe-west3")
    assert made.location == "EUROPE-WEST3"
    with pytest.raises(Conflict):
        client.create_bucket("made-here")
    for name in ("Upper", "a", "with space", "dot..dot"):
        with pytest.raises(BadRequest):
            client.create_bucket(name)
    made.labels = {"team": "red"}
    made.versioning_enabled = True
    made.patch()
    again = client.get_bucket("made-here")
    assert (again.labels, again.versioning_enabled, again.metageneration) == ({"team": "red"}, True, 2)
    assert [bucket.name for bucket in client.list_buckets(prefix="made", page_size=1)] == ["made-here"]
    made.blob("x").upload_from_string("x")
    with pytest.raises(Conflict):
        made.delete()
    made.delete(force=True)
    assert client.lookup_bucket("made-here") is None


def test_a_policy_is_kept_and_its_tag_checked(bucket: Bucket) -> None:
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"allUsers"}})
    bucket.set_iam_policy(policy)
    assert bucket.get_iam_policy().bindings[0]["members"] == {"allUsers"}
    with pytest.raises(Conflict):
        bucket.set_iam_policy(policy)
    assert bucket.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"]


def test_metadata_is_patched_and_removed(bucket: Bucket) -> None:
    blob = bucket.blob("described")
    blob.metadata = {"a": "1", "b": "2"}
    blob.cache_control = "no-store"
    blob.upload_from_string("x")
    blob.metadata = {"a": None, "c": "3"}
    blob.cache_control = None
    blob.patch(if_metageneration_match=1)
    blob.reload()
    assert (blob.metadata, blob.cache_control, blob.metageneration) == ({"b": "2", "c": "3"}, None, 2)
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=1)
    blob.metadata = None
    blob.update()
    blob.reload()
    assert blob.metadata is None
    blob.acl.all().grant_read()
    blob.acl.save()
    assert [entry["entity"] for entry in bucket.blob("described").acl] == ["allUsers"]


def test_versions_are_kept_where_the_bucket_says_so(client: Client) -> None:
    bucket = client.create_bucket("versions")
    bucket.versioning_enabled = True
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("first")
    first = blob.generation
    blob.upload_from_string("second")
    bucket.blob("x").delete()
    assert bucket.get_blob("x") is None
    assert [one.generation for one in bucket.list_blobs(versions=True)] == [first, blob.generation]
    assert bucket.blob("x", generation=first).download_as_bytes() == b"first"
    bucket.copy_blob(bucket.blob("x"), bucket, source_generation=first)
    assert bucket.blob("x").download_as_bytes() == b"first"
    bucket.delete_blob("x", generation=first)
    with pytest.raises(NotFound):
        bucket.blob("x", generation=first).download_as_bytes()


def test_what_is_deleted_can_be_restored_until_its_time_is_over(server: Firebase, bucket: Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("content", content_type="text/plain")
    generation = blob.generation
    blob.delete()
    assert [one.generation for one in bucket.list_blobs(soft_deleted=True)] == [generation]
    restored = bucket.restore_blob("x", generation=generation)
    assert restored.generation > generation
    assert bucket.blob("x").download_as_bytes() == b"content"
    bucket.delete_blob("x")
    server.clock.ahead += timedelta(days=8)
    assert list(bucket.list_blobs(soft_deleted=True)) == []
    with pytest.raises(NotFound):
        bucket.restore_blob("x", generation=restored.generation)
    contents = server.environment.config.data / "storage" / "contents"
    assert [path for path in contents.rglob("*") if path.is_file()] == []


def test_a_hold_keeps_an_object(bucket: Bucket) -> None:
    blob = bucket.blob("held")
    blob.upload_from_string("x")
    blob.temporary_hold = True
    blob.patch()
    for change in (blob.delete, lambda: blob.upload_from_string("y")):
        with pytest.raises(Forbidden):
            change()
    blob.temporary_hold = False
    blob.patch()
    blob.delete()


def test_a_retention_policy_keeps_objects_for_its_time(server: Firebase, bucket: Bucket) -> None:
    blob = bucket.blob("evidence")
    blob.upload_from_string("x")
    bucket.reload()
    bucket.retention_period = 3600
    bucket.patch()
    for change in (blob.delete, lambda: blob.upload_from_string("y")):
        with pytest.raises(Forbidden):
            change()
    server.clock.ahead += timedelta(hours=1)
    blob.delete()


def test_keys_of_customers_are_refused(bucket: Bucket) -> None:
    with pytest.raises(MethodNotImplemented):
        bucket.blob("x", encryption_key=b"k" * 32).upload_from_string("x")


def test_objects_are_composed_copied_and_moved(bucket: Bucket) -> None:
    for name in ("1", "2"):
        bucket.blob(name).upload_from_string(name * 3, content_type="text/x")
    composed = bucket.blob("12")
    composed.compose([bucket.blob("1"), bucket.blob("2")])
    assert (composed.download_as_bytes(), composed.content_type, composed.component_count) == (b"111222", "text/x", 2)
    copied = bucket.copy_blob(composed, bucket, "copy")
    assert (copied.download_as_bytes(), copied.crc32c) == (b"111222", composed.crc32c)
    composed.delete()
    assert copied.download_as_bytes() == b"111222"
    bucket.rename_blob(copied, "renamed")
    assert bucket.get_blob("copy") is None
    moved = bucket.move_blob(bucket.blob("renamed"), "moved")
    assert moved.download_as_bytes() == b"111222"
    with pytest.raises(NotFound):
        bucket.blob("x").compose([bucket.blob("absent")])
    with pytest.raises(PreconditionFailed):
        bucket.copy_blob(bucket.blob("1"), bucket, "moved", if_generation_match=0)


def test_calls_go_in_batches_and_each_has_its_own_answer(client: Client, bucket: Bucket) -> None:
    blobs = [bucket.blob(f"{number} %/ü") for number in range(3)]
    for blob in blobs:
        blob.upload_from_string("x")
        blob.metadata = {"batch": "yes"}
    with client.batch():
        for blob in blobs:
            blob.patch()
    assert [blob.metadata for blob in bucket.list_blobs()] == [{"batch": "yes"}] * 3
    with client.batch(raise_exception=False) as batch:
        bucket.delete_blob(blobs[0].name)
        bucket.delete_blob("absent")
        bucket.delete_blob(blobs[1].name)
    assert [answer.status_code for answer in batch._responses] == [204, 404, 204]
    assert [blob.name for blob in bucket.list_blobs()] == [blobs[2].name]


def test_checksums_of_the_sender_are_compared(server: Firebase, bucket: Bucket) -> None:
    for checksum in ("md5", "crc32c"):
        bucket.blob(checksum).upload_from_string("x", checksum=checksum)
    url = f"{server.url}/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=wrong"
    for sent in ("crc32c=AAAAAA==", "md5=1B2M2Y8AsgTpgAmY7PhCfg=="):
        assert requests.post(url, data=b"x", headers={"X-Goog-Hash": sent}, timeout=30).status_code == 400
    assert bucket.get_blob("wrong") is None


def test_what_is_stored_compressed_is_sent_as_the_client_takes_it(server: Firebase, bucket: Bucket) -> None:
    content = b"text " * 200_000
    blob = bucket.blob("compressed")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(content), content_type="text/plain")
    assert blob.download_as_bytes() == content
    assert gzip.decompress(blob.download_as_bytes(raw_download=True)) == content
    plain = requests.get(f"{server.url}/{BUCKET}/compressed", headers={"Accept-Encoding": "identity"}, timeout=30)
    assert plain.content == content
    assert "Content-Encoding" not in plain.headers


def test_an_object_that_the_reader_has_is_not_sent_again(bucket: Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    query = {"ifGenerationNotMatch": str(blob.generation)}
    url = f"{bucket.client._connection.API_BASE_URL}/storage/v1/b/{BUCKET}/o/x"
    assert requests.get(url, params=query, timeout=30).status_code == 304
    assert requests.get(url, params={"ifGenerationNotMatch": "1"}, timeout=30).status_code == 200
    assert requests.get(url, params={"ifGenerationMatch": "x"}, timeout=30).status_code == 400


def test_a_stream_of_unknown_length_is_uploaded_and_read_in_chunks(bucket: Bucket) -> None:
    content = bytes(range(256)) * 4000
    with bucket.blob("stream").open("wb", chunk_size=256 << 10) as writer:
        for start in range(0, len(content), 100_000):
            writer.write(content[start : start + 100_000])
    with bucket.blob("stream").open("rb", chunk_size=300_000) as reader:
        assert reader.read() == content
    target = io.BytesIO()
    bucket.blob("stream", chunk_size=256 << 10).download_to_file(target)
    assert target.getvalue() == content


def test_a_resumable_upload_is_resumed_and_cancelled_by_hand(server: Firebase) -> None:
    begin = f"{server.url}/upload/storage/v1/b/{BUCKET}/o?uploadType=resumable&name=by-hand"
    url = requests.post(begin, json={"contentType": "text/x"}, timeout=30).headers["Location"]

    def put(content_range: str, data: bytes = b"") -> requests.Response:
        return requests.put(url, data=data, headers={"Content-Range": content_range}, timeout=30)

    assert "Range" not in put("bytes */*").headers
    assert put("bytes 0-4/*", b"01234").headers["Range"] == "bytes=0-4"
    assert put("bytes */10").status_code == 308
    assert put("bytes 6-9/10", b"6789").status_code == 400
    assert put("bytes 3-9/11", b"34").status_code == 400
    assert put("nonsense").status_code == 400
    done = put("bytes 3-*/10", b"3456789")
    assert (done.status_code, done.json()["size"], done.json()["contentType"]) == (200, "10", "text/x")
    assert put("bytes */10").json() == done.json()
    url = requests.post(begin, timeout=30).headers["Location"]
    assert requests.delete(url, timeout=30).status_code == 499
    assert put("bytes */*").status_code == 410


def test_an_earlier_version_s_data_is_taken_over(server: Firebase, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    (folder / "storage" / "contents" / BUCKET).mkdir(parents=True)
    digest = hashlib.sha256(b"kept/x\n17").hexdigest()
    (folder / "storage" / "contents" / BUCKET / digest).write_bytes(b"old")
    resource = {"name": "kept/x", "bucket": BUCKET, "generation": "17", "metageneration": "1", "size": 3,
                "storageClass": "STANDARD", "etag": "e", "updated": "2026-01-01T00:00:00.000Z", "selfLink": "http://x",
                "timeCreated": "2026-01-01T00:00:00.000Z", "crc32c": "x", "contentType": "text/plain"}  # fmt: skip
    old = sqlite3.connect(folder / "storage" / "storage.sqlite3")
    old.execute("create table resources (path text primary key, json text not null) without rowid")
    bucket = {"name": "mine", "metageneration": "1"}
    for path, value in ((["objects", BUCKET, "kept/x"], resource), (["buckets", "mine"], bucket)):
        old.execute("insert into resources values (?, ?)", (json.dumps(path), json.dumps(value)))
    old.commit()
    old.close()
    with firebase(folder, None) as taken_over:
        assert requests.get(f"{taken_over.url}/{BUCKET}/kept/x", timeout=30).content == b"old"
        assert requests.get(f"{taken_over.url}/storage/v1/b/mine", timeout=30).status_code == 200
