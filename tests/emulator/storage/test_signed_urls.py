"""Signed URLs, as google-cloud-storage makes them with a service account's key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud.storage import Blob, Client
from google.oauth2.service_account import Credentials

from tests.emulator.storage.support import BUCKET, PROJECT, Firebase, closing, firebase


@pytest.fixture(scope="module")
def credentials() -> Credentials:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {"client_email": "signer@demo.example", "private_key": key.decode(), "token_uri": "http://127.0.0.1:1"}
    made: Credentials = Credentials.from_service_account_info(info)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firebase]:
    with firebase(tmp_path_factory.mktemp("storage") / "data", None) as running:
        yield running


@pytest.fixture
def blob(server: Firebase, credentials: Credentials) -> Iterator[Blob]:
    with closing(Client(PROJECT, credentials, client_options={"api_endpoint": server.url})) as client:
        yield client.bucket(BUCKET).blob("evidence/ä 1?.bin")


def signed(server: Firebase, blob: Blob, method: str, **more: Any) -> str:
    options = {"version": "v4", "expiration": timedelta(minutes=5), "api_access_endpoint": server.url}
    url: str = blob.generate_signed_url(method=method, **options | more)
    return url


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_a_content_goes_up_and_down_by_signed_urls(server: Firebase, blob: Blob, version: str) -> None:
    put = signed(server, blob, "PUT", version=version, content_type="application/x-evidence")
    headers = {"Content-Type": "application/x-evidence", "x-goog-meta-incident": "7"}
    answer = requests.put(put, data=b"evidence", headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    got = requests.get(signed(server, blob, "GET", version=version), timeout=30)
    assert (got.content, got.headers["Content-Type"]) == (b"evidence", "application/x-evidence")
    assert got.headers["x-goog-meta-incident"] == "7"
    assert requests.head(signed(server, blob, "HEAD", version=version), timeout=30).headers["Content-Length"] == "8"
    named = signed(server, blob, "GET", version=version, response_disposition="attachment; filename=e.bin")
    assert requests.get(named, timeout=30).headers["Content-Disposition"] == "attachment; filename=e.bin"
    assert requests.delete(signed(server, blob, "DELETE", version=version), timeout=30).status_code == 204
    gone = requests.get(signed(server, blob, "GET", version=version), timeout=30)
    assert gone.status_code == 404
    assert "<Code>NoSuchKey</Code>" in gone.text


def test_a_resumable_upload_begins_by_a_signed_url_and_goes_on_by_its_own(server: Firebase, blob: Blob) -> None:
    headers = {"x-goog-resumable": "start", "x-goog-content-length-range": "0,20"}
    begun = requests.post(signed(server, blob, "RESUMABLE", headers=headers), headers=headers, timeout=30)
    assert begun.status_code == 201, begun.text
    url = begun.headers["Location"]
    first = requests.put(url, data=b"01234", headers={"Content-Range": "bytes 0-4/10"}, timeout=30)
    assert (first.status_code, first.headers["Range"]) == (308, "bytes=0-4")
    assert requests.put(url, headers={"Content-Range": "bytes */10"}, timeout=30).headers["Range"] == "bytes=0-4"
    done = requests.put(url, data=b"56789", headers={"Content-Range": "bytes 5-9/10"}, timeout=30)
    assert done.status_code == 200
    assert requests.get(signed(server, blob, "GET"), timeout=30).content == b"0123456789"


def test_a_signed_url_bounds_the_size(server: Firebase, blob: Blob) -> None:
    headers = {"x-goog-content-length-range": "2,4"}
    url = signed(server, blob, "PUT", headers=headers)
    for content, status in [(b"1", 400), (b"12345", 400), (b"123", 200)]:
        assert requests.put(url, data=content, headers=headers, timeout=30).status_code == status
    assert requests.put(url, data=b"123", timeout=30).status_code == 403  # the header was signed
    start = {**headers, "x-goog-resumable": "start"}
    begun = requests.post(signed(server, blob, "RESUMABLE", headers=start), headers=start, timeout=30)
    assert requests.put(begun.headers["Location"], data=b"12345", timeout=30).status_code == 400


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_a_signed_url_ends_with_its_time(server: Firebase, blob: Blob, version: str) -> None:
    url = signed(server, blob, "GET", version=version)
    server.clock.ahead += timedelta(minutes=6)
    try:
        over = requests.get(url, timeout=30)
    finally:
        server.clock.ahead -= timedelta(minutes=6)
    assert over.status_code == 400
    assert "<Code>ExpiredToken</Code>" in over.text
    assert requests.get(url, timeout=30).status_code != 400


def test_a_url_is_not_valid_before_its_time(server: Firebase, blob: Blob) -> None:
    url = signed(server, blob, "GET")
    server.clock.ahead -= timedelta(hours=1)
    try:
        assert requests.get(url, timeout=30).status_code == 403
    finally:
        server.clock.ahead += timedelta(hours=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Goog-Algorithm", "none"),
        ("X-Goog-Algorithm", None),
        ("X-Goog-Credential", "signer"),
        ("X-Goog-Credential", None),
        ("X-Goog-Date", "yesterday"),
        ("X-Goog-Expires", "604801"),
        ("X-Goog-Expires", "0"),
        ("X-Goog-Expires", "x"),
        ("X-Goog-SignedHeaders", None),
    ],
)
def test_a_malformed_signed_url_is_refused(server: Firebase, blob: Blob, name: str, value: str | None) -> None:
    parts = urlsplit(signed(server, blob, "GET"))
    query = {key: text for key, text in parse_qsl(parts.query) if key != name} | ({name: value} if value else {})
    answer = requests.get(urlunsplit(parts._replace(query=urlencode(query))), timeout=30)
    assert answer.status_code == 400
    assert "<Code>InvalidArgument</Code>" in answer.text


def test_conditions_and_checksums_hold_by_headers(server: Firebase, blob: Blob) -> None:
    url = f"{server.url}/{BUCKET}/conditions"
    assert requests.put(url, data=b"1", headers={"x-goog-if-generation-match": "0"}, timeout=30).status_code == 200
    assert requests.put(url, data=b"2", headers={"x-goog-if-generation-match": "0"}, timeout=30).status_code == 412
    assert (
        requests.put(url, data=b"2", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, timeout=30).status_code == 400
    )
    assert requests.put(url, data=b"2", headers={"Content-MD5": "?"}, timeout=30).status_code == 400
    assert requests.get(url, timeout=30).content == b"1"
    assert requests.post(url, timeout=30).status_code == 400
    assert "<Code>NoSuchBucket</Code>" in requests.put(f"{server.url}/no-bucket/x", data=b"", timeout=30).text
