"""Whatever is sent, the server answers it with a refusal at the worst, and goes on."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.storage.support import BUCKET, OPEN, OWNER, Firebase, firebase_with

PIECES = st.sampled_from([
    *("v0", "b", BUCKET, "o", "x", "storage", "v1", "upload", "download", "batch", "acl", "iam", "compose", "copyTo"),
    *("rewriteTo", "restore", "moveTo", "defaultObjectAcl", "..", "%2e%2e", "%00", "%ff", "%0A", "a%20b", "", "%2F"),
    *("internal", "setRules", "testPermissions", "_staged", "resumable", "%F0%9F%98%80", "~", "*", "{x}"),
])  # fmt: skip
NAMES = st.sampled_from([
    *("name", "uploadType", "upload_id", "alt", "token", "prefix", "delimiter", "maxResults", "pageToken"),
    *("ifGenerationMatch", "create_token", "delete_token", "X-Goog-Signature", "Expires", "Signature", "softDeleted"),
    *("matchGlob", "versions", "generation", "X-Goog-Date", "startOffset", "endOffset", "sourceGeneration"),
])  # fmt: skip
VALUES = st.sampled_from([
    *("", "x", "0", "-1", "99999999999999999999", "true", "media", "multipart", "resumable", "%ff", "%00", "1e5", "[!"),
    *("{", "W10=", "WyJ4IiwgSW5maW5pdHksIDBd", "**", "/"),
])  # fmt: skip
HEADERS = st.dictionaries(
    st.sampled_from([
        *("Range", "Content-Range", "X-Goog-Upload-Protocol", "X-Goog-Upload-Command", "X-Goog-Upload-Offset", "Host"),
        *("X-HTTP-Method-Override", "Authorization", "Origin", "X-Goog-Hash", "Content-Encoding", "X-Goog-Resumable"),
        *("X-Goog-Upload-Header-Content-Length", "X-Upload-Content-Length", "X-Goog-Content-Length-Range"),
        "Content-Type",
    ]),
    st.sampled_from([
        *("", "x", "bytes=0-", "bytes */*", "bytes 0-1/2", "bytes 9-0/*", "multipart", "resumable", "start", "1,2"),
        *("query", "cancel", "-1", "1", "multipart/related; boundary=b", "multipart/mixed; boundary=b", "null"),
        *("DELETE", "PATCH", "Bearer owner", "Firebase x.y.z", "http://[", "crc32c=,md5=x", "gzip"),
        *("application/json", "upload, finalize"),
    ]),
    max_size=4,
)  # fmt: skip
BODIES = st.binary(max_size=30) | st.sampled_from([
    *(b"{}", b"[]", b"{", b'{"name": "x"}', b'{"metadata": {"k": "\\ud800"}}', b'{"labels": 7}', b'{"name": 7}'),
    *(b'{"softDeletePolicy": {"retentionDurationSeconds": "99999999999"}}', b'{"retentionPolicy": 7}', b"[" * 20_000),
    *(b'{"contentType": "\\ud800", "acl": [{}]}', b'{"acl": [{"entity": [], "role": 1}]}', b'{"versioning": []}'),
    *(b"--b\r\n\r\n{}\r\n--b\r\n\r\nx\r\n--b--", b"--b\nContent-ID: <1>\n\nGET /b HTTP/1.1\n\n\n--b--"),
    *(b"--b\n\nGET http://[ HTTP/1.1\n\n\n--b\n\nDELETE /b/x/o/%ff\n\n\n--b--", b'{"sourceObjects": [{"name": 1}]}'),
    b'{"rules": {"files": [7]}}',
])  # fmt: skip
STARTS = ["/", f"/v0/b/{BUCKET}/o/", f"/storage/v1/b/{BUCKET}/", f"/upload/storage/v1/b/{BUCKET}/o"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firebase]:
    with firebase_with(tmp_path_factory.mktemp("storage"), OPEN) as running:
        yield running


@settings(max_examples=400)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    start=st.sampled_from(STARTS),
    pieces=st.lists(PIECES, max_size=6),
    query=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    headers=HEADERS,
    body=BODIES,
)
def test_no_request_is_an_error_of_the_server(
    server: Firebase,
    method: str,
    start: str,
    pieces: list[str],
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
) -> None:
    target = start + "/".join(pieces) + "?" + "&".join(f"{name}={value}" for name, value in query)
    connection = http.client.HTTPConnection(server.address, timeout=30)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    assert answer.status < 500 or answer.status == 501, (method, target, headers, body)
    assert server.call("GET", headers=OWNER).status_code in {200, 404}
