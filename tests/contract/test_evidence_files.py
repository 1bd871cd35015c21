"""Where evidence is kept: the fake, and Cloud Storage on the embedded service."""

from __future__ import annotations

import itertools
import os

import pytest
import requests

from shared.adapters.storage_evidence import StorageEvidenceFiles
from shared.domain.errors import UnavailableError
from shared.domain.evidence import Bucket
from shared.ports.evidence import ObjectGoneError, ObjectTakenError
from shared.ports.scanning import chunks
from tests.evidence_fakes import FakeEvidenceFiles

_RUNS = itertools.count()
NAME = "incidents/i1/e1"
MEGABYTE = 1024 * 1024


@pytest.fixture
def cloud(embedded, monkeypatch):
    """The real adapter, on buckets of its own."""
    from google.cloud.storage import Client  # noqa: PLC0415  # loaded only where a test needs it

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{embedded['storage']}")
    client = Client(project="demo-test")
    run = f"{os.getpid()}-{next(_RUNS)}"
    buckets = {bucket: f"contract-{run}-{bucket.value}" for bucket in Bucket}
    for name in buckets.values():
        client.create_bucket(name)
    yield StorageEvidenceFiles(client, buckets)
    client.close()


@pytest.fixture(params=["fake", "cloud"])
def files(request):
    return FakeEvidenceFiles() if request.param == "fake" else request.getfixturevalue("cloud")


def whole(files, stored):
    return b"".join(chunks(files.open(stored), 5))


def test_what_is_put_is_read_by_ranges_of_its_generation(files):
    stored = files.put(Bucket.QUARANTINE, NAME, [b"the ", b"", b"bytes"])
    assert (stored.bucket, stored.name, stored.size) == (Bucket.QUARANTINE, NAME, 9)
    assert stored.crc32c
    assert stored.generation.isdigit()
    assert files.stat(Bucket.QUARANTINE, NAME) == stored
    file = files.open(stored)
    assert (file.size, file.read(4, 3), file.read(4, 99), file.read(9, 1)) == (9, b"byt", b"bytes", b"")
    assert whole(files, stored) == b"the bytes"


def test_nothing_is_written_over(files):
    first = files.put(Bucket.CLEAN, NAME, [b"first"])
    with pytest.raises(ObjectTakenError):
        files.put(Bucket.CLEAN, NAME, [b"second"])
    assert whole(files, first) == b"first"


def test_content_that_breaks_off_leaves_nothing(files):
    def content():
        yield b"x" * MEGABYTE * 9  # more than is sent at once
        raise UnavailableError("the source does not answer")

    with pytest.raises(UnavailableError):
        files.put(Bucket.INFECTED, NAME, content())
    assert files.stat(Bucket.INFECTED, NAME) is None


def test_a_large_file_goes_through_in_pieces(files):
    stored = files.put(Bucket.INFECTED, NAME, (bytes([number]) * MEGABYTE for number in range(20)))
    assert stored.size == 20 * MEGABYTE
    assert files.open(stored).read(7 * MEGABYTE - 1, 2) == b"\6\7"


def test_a_copy_is_of_the_pinned_generation_and_is_made_once(files):
    stored = files.put(Bucket.QUARANTINE, NAME, [b"bytes"])
    copy = files.copy(stored, Bucket.CLEAN)
    assert (copy.bucket, copy.name, copy.size, copy.crc32c) == (Bucket.CLEAN, NAME, 5, stored.crc32c)
    assert whole(files, copy) == b"bytes"
    with pytest.raises(ObjectTakenError):
        files.copy(stored, Bucket.CLEAN)


def test_another_generation_is_another_file(files):
    first = files.put(Bucket.QUARANTINE, NAME, [b"first"])
    assert files.delete(first) is True
    second = files.put(Bucket.QUARANTINE, NAME, [b"other"])
    assert int(second.generation) > int(first.generation)
    with pytest.raises(ObjectGoneError):
        files.open(first).read(0, 5)
    with pytest.raises(ObjectGoneError):
        files.copy(first, Bucket.CLEAN)
    assert files.delete(first) is False
    assert files.stat(Bucket.QUARANTINE, NAME) == second


def test_an_object_that_never_was_is_none(files):
    assert files.stat(Bucket.CLEAN, "incidents/i1/none") is None


def test_a_session_says_until_when_it_lasts(files):
    session = files.start_session(NAME, 5)
    assert session.url.startswith("http")
    assert session.expires_at.utcoffset() is not None


def test_a_session_takes_the_bytes_once(cloud):
    session, other = (cloud.start_session(NAME, 5) for _ in range(2))
    assert requests.put(session.url, data=b"bytes", timeout=30).status_code == 200
    stored = cloud.stat(Bucket.QUARANTINE, NAME)
    assert whole(cloud, stored) == b"bytes"
    assert requests.put(other.url, data=b"other", timeout=30).status_code == 412
    assert cloud.stat(Bucket.QUARANTINE, NAME) == stored
