"""Firebase's API as the SDKs speak it: uploads in every protocol, tokens, pages of other origins, hostile names."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.storage.support import BUCKET, OPEN, OWNER, Firebase, firebase_with

CHUNK = 256 << 10


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firebase]:
    with firebase_with(tmp_path_factory.mktemp("storage"), OPEN) as running:
        yield running


def staged(server: Firebase) -> list[str]:
    folder = server.environment.config.data / "storage" / "contents" / "_staged"
    return [path.name for path in folder.iterdir()]


def test_an_upload_in_parts_has_the_metadata_that_apps_may_set(server: Firebase) -> None:
    sent: dict[str, Any] = {
        "contentType": "image/png",
        "cacheControl": "no-cache",
        "contentDisposition": "attachment",
        "contentEncoding": "br",
        "contentLanguage": "de",
        "metadata": {"k": "v", "firebaseStorageDownloadTokens": "chosen"},
        "generation": "7",
        "timeCreated": "2001-01-01T00:00:00Z",
    }
    found = server.upload("folder/ä.png", b"content", **sent).json()
    for name in ("contentType", "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage"):
        assert found[name] == sent[name]
    assert (found["name"], found["bucket"], found["size"]) == ("folder/ä.png", BUCKET, "7")
    assert found["metadata"] == {"k": "v"}
    assert found["generation"] != "7"
    assert not found["timeCreated"].startswith("2001")
    assert found["md5Hash"] == "mgNkuembtIDdJeHwKEyFVQ=="
    assert "chosen" not in found["downloadTokens"]
    assert server.call("GET", "folder/ä.png").json() == found


def test_raw_bytes_are_uploaded_with_the_type_of_the_request(server: Firebase) -> None:
    answer = server.call("POST", params={"name": "raw"}, data=b"abc", headers={"Content-Type": "text/csv"})
    assert answer.json()["contentType"] == "text/csv"
    assert server.call("GET", "raw", params={"alt": "media"}).content == b"abc"


def test_a_resumable_upload_goes_on_where_the_server_says(server: Firebase) -> None:
    content = bytes(range(256)) * 2048
    begun = server.begin("resumed", size=len(content), type="application/zip")
    assert begun.headers["X-Goog-Upload-Status"] == "active"
    assert int(begun.headers["X-Goog-Upload-Chunk-Granularity"]) == CHUNK
    url = begun.headers["X-Goog-Upload-URL"]
    assert server.command(url, "upload", 0, content[:CHUNK]).headers["X-Goog-Upload-Status"] == "active"
    asked = server.command(url, "query")
    assert asked.headers["X-Goog-Upload-Size-Received"] == str(CHUNK)
    assert server.command(url, "upload", CHUNK + 1, b"gap").status_code == 400
    again = server.command(url, "upload", CHUNK - 10, content[CHUNK - 10 : CHUNK + 10])  # the answer had been lost
    assert again.headers["X-Goog-Upload-Size-Received"] == str(CHUNK + 10)
    assert server.command(url, "finalize").status_code == 400
    done = server.command(url, "upload, finalize", CHUNK + 10, content[CHUNK + 10 :])
    assert done.headers["X-Goog-Upload-Status"] == "final"
    assert (done.json()["size"], done.json()["contentType"]) == (str(len(content)), "application/zip")
    assert server.call("GET", "resumed", params={"alt": "media"}).content == content
    repeated = server.command(url, "upload, finalize", CHUNK + 10, content[CHUNK + 10 :])  # that answer was lost, too
    assert repeated.json() == done.json()
    assert server.command(url, "query").headers["X-Goog-Upload-Status"] == "final"
    assert not staged(server)


def test_a_cancelled_upload_is_over(server: Firebase) -> None:
    url = server.begin("cancelled").headers["X-Goog-Upload-URL"]
    server.command(url, "upload", 0, b"some")
    assert server.command(url, "cancel").headers["X-Goog-Upload-Status"] == "cancelled"
    assert server.command(url, "query").headers["X-Goog-Upload-Status"] == "cancelled"
    assert server.command(url, "upload, finalize", 4, b"more").status_code == 410
    assert server.call("GET", "cancelled").status_code == 404
    assert not staged(server)


def test_more_bytes_than_declared_are_refused(server: Firebase) -> None:
    url = server.begin("longer", size=3).headers["X-Goog-Upload-URL"]
    assert server.command(url, "upload, finalize", 0, b"four").status_code == 400
    assert server.call("GET", "longer").status_code == 404
    server.command(url, "cancel")


@pytest.mark.parametrize("command", ["", "start", "rewind", "upload, rewind"])
def test_commands_that_there_are_not_are_refused(server: Firebase, command: str) -> None:
    url = server.begin("commands").headers["X-Goog-Upload-URL"]
    assert server.command(url, command, 0, b"x").status_code == 400
    server.command(url, "cancel")


@pytest.mark.parametrize("upload", ["none", "../../storage.sqlite3", "%2e%2e", ""])
def test_uploads_that_there_are_not_are_not_found(server: Firebase, upload: str) -> None:
    url = f"{server.url}/v0/b/{BUCKET}/o?name=x&upload_id={upload}"
    assert server.command(url, "upload, finalize", 0, b"x").status_code == 404


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/related", b""),
        ("multipart/related; boundary=b", b""),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b\r\n\r\ncontent"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n[]\r\n--b\r\n\r\ncontent\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{\r\n--b\r\n\r\ncontent\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b\r\n\r\nx\r\n--b\r\n\r\nthird\r\n--b--"),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"metadata": 7}\r\n--b\r\n\r\nx\r\n--b--'),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"metadata": {"k": {}}}\r\n--b\r\n\r\nx\r\n--b--'),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"contentType": 7}\r\n--b\r\n\r\nx\r\n--b--'),
        ("multipart/related; boundary=b", b'--b\r\n\r\n{"md5Hash": "AAAA"}\r\n--b\r\n\r\nx\r\n--b--'),
    ],
)
def test_malformed_uploads_are_refused_and_leave_nothing(server: Firebase, content_type: str, body: bytes) -> None:
    headers = {"X-Goog-Upload-Protocol": "multipart", "Content-Type": content_type}
    answer = server.call("POST", params={"name": "malformed"}, data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400
    assert server.call("GET", "malformed").status_code == 404
    assert not staged(server)


@pytest.mark.parametrize(
    "name",
    [
        "a/../b",
        "../up",
        "%2e%2e",
        "..%2f",
        "a//b",
        "/lead",
        "trail/",
        "nul\0",
        "tab\t",
        "?#[]*",
        "日本語/😀",
        "x" * 1024,
        "acl",
        "a/acl",
        "b/compose",
        "a/o/b",
    ],
)
def test_any_name_that_production_has_is_one_object(server: Firebase, name: str) -> None:
    assert server.upload(name, name.encode()).json()["name"] == name
    assert server.call("GET", name, params={"alt": "media"}).content == name.encode()
    assert server.call("DELETE", name).status_code == 204


@pytest.mark.parametrize("name", [".", "..", "a\nb", "a\rb", "x" * 1025, "é" * 513, ".well-known/acme-challenge/x"])
def test_names_that_production_refuses_are_refused(server: Firebase, name: str) -> None:
    assert server.upload(name).status_code == 400
    target = f"/v0/b/{BUCKET}/o/{quote(name, safe='').replace('.', '%2e')}"
    assert raw(server, "GET", target)[0] == 400


@pytest.mark.parametrize(
    "target",
    [
        "/v0/b/../o/x",
        "/v0/b/..%2f/o/x",
        "/v0/b/_staged/o/x",
        "/v0/b/A/o/x",
        "/v0/b/none.such/o",
        f"/v0/b/{BUCKET}/o/%ff",
    ],
)
def test_paths_that_lead_nowhere_are_refused(server: Firebase, target: str) -> None:
    status, body = raw(server, "POST", target + "?name=x", b"x")
    assert status in {400, 404, 501}
    assert json.loads(body)["error"]["code"] == status


def raw(server: Firebase, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    """A request whose path no client library has tidied up."""
    connection = http.client.HTTPConnection(server.address, timeout=30)
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("header", "status", "content", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-100", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
    ],
)
def test_ranges_are_served(
    server: Firebase, header: str, status: int, content: bytes | None, content_range: str | None
) -> None:
    server.upload("digits", b"0123456789")
    answer = server.call("GET", "digits", {"Range": header}, params={"alt": "media"})
    assert answer.status_code == status
    assert answer.headers.get("Content-Range") == content_range
    assert content is None or answer.content == content


def test_tokens_are_made_and_revoked_by_administrators_only(server: Firebase) -> None:
    first = server.upload("tokens", b"secret").json()["downloadTokens"]
    assert server.call("POST", "tokens", params={"create_token": "true"}).status_code == 403
    assert server.call("POST", "tokens", OWNER, params={"create_token": "yes"}).status_code == 400
    both = server.call("POST", "tokens", OWNER, params={"create_token": "true"}).json()["downloadTokens"].split(",")
    assert both[0] == first
    left = server.call("POST", "tokens", OWNER, params={"delete_token": first}).json()["downloadTokens"]
    assert left == both[1]
    fresh = server.call("POST", "tokens", OWNER, params={"delete_token": left}).json()["downloadTokens"]
    assert fresh
    assert fresh not in both
    assert server.call("POST", "absent", OWNER, params={"create_token": "true"}).status_code == 404


def test_metadata_is_merged_and_null_removes(server: Firebase) -> None:
    server.upload("patched", metadata={"a": "1", "b": "2"}, cacheControl="no-store")
    token = server.call("GET", "patched").json()["downloadTokens"]

    def patch(**changes: object) -> dict[str, object]:
        found: dict[str, object] = server.call("PATCH", "patched", json=changes).json()
        return found

    assert patch(metadata={"a": None, "c": "3"})["metadata"] == {"b": "2", "c": "3"}
    assert "cacheControl" not in patch(cacheControl=None)
    assert "metadata" not in patch(metadata=None)
    unchanged = patch(name="other", size="7", md5Hash="x", downloadTokens="mine")
    assert (unchanged["name"], unchanged["size"], unchanged["downloadTokens"]) == ("patched", "1", token)
    assert server.call("PATCH", "patched", json={"metadata": "text"}).status_code == 400
    assert server.call("PATCH", "patched", data="{").status_code == 400
    overridden = server.call("POST", "patched", {"X-HTTP-Method-Override": "PATCH"}, json={"contentLanguage": "de"})
    assert overridden.json()["contentLanguage"] == "de"


def test_pages_of_any_origin_call_as_users_and_only_local_ones_as_administrators(server: Firebase) -> None:
    server.upload("cors")
    page, local = {"Origin": "https://app.example.org"}, {"Origin": "http://localhost:5173"}
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-goog-upload-url",
    }
    allowed = server.call("OPTIONS", "cors", page | asked)
    assert allowed.headers["Access-Control-Allow-Origin"] == page["Origin"]
    assert allowed.headers["Access-Control-Allow-Headers"] == asked["Access-Control-Request-Headers"]
    answer = server.call("GET", "cors", page)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == page["Origin"]
    assert "X-Goog-Upload-URL" in answer.headers["Access-Control-Expose-Headers"]
    assert server.call("GET", "cors", page, params={"alt": "media"}).headers["Access-Control-Allow-Origin"]
    assert server.call("GET", "absent", page).headers["Access-Control-Allow-Origin"]  # the SDK reads refusals, too
    assert server.call("GET", "cors", page | OWNER).status_code == 403
    assert server.call("GET", "cors", local | OWNER).status_code == 200
    for path in (f"/storage/v1/b/{BUCKET}/o", f"/{BUCKET}/cors"):
        assert server.http.get(server.url + path, headers=page, timeout=30).status_code == 403
        assert server.http.get(server.url + path, headers=local, timeout=30).status_code == 200
    rules = server.http.put(f"{server.url}/internal/setRules", json={}, headers=page, timeout=30)
    assert rules.status_code == 403
    assert "Access-Control-Allow-Origin" not in rules.headers


def test_uploaded_pages_cannot_act_in_the_name_of_the_server(server: Firebase) -> None:
    server.upload("page.html", b"<script>alert(1)</script>", contentType="text/html")
    headers = server.call("GET", "page.html", params={"alt": "media"}).headers
    assert headers["Content-Security-Policy"] == "sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_metadata_cannot_add_headers(server: Firebase) -> None:
    server.upload(
        "split", contentDisposition="inline\r\nSet-Cookie: a=b", metadata={"bad name:": "x", "k": "v\r\nX: y"}
    )
    headers = server.call("GET", "split", params={"alt": "media"}).headers
    assert "Set-Cookie" not in headers
    assert headers["X-Goog-Meta-k"] == "v  X: y"


def test_lists_leave_out_what_apps_cannot_name(server: Firebase) -> None:
    for name in ("odd/x", "odd/", "odd//y", "odd/sub//z", "/odd/w"):
        server.upload(name)
    found = server.call("GET", params={"prefix": "odd/", "delimiter": "/"}).json()
    assert [item["name"] for item in found["items"]] == ["odd/x"]
    assert found["prefixes"] == ["odd/sub/"]


def test_bad_pages_of_lists_are_refused(server: Firebase) -> None:
    for params in ({"pageToken": "nonsense"}, {"pageToken": "WyJ4Il0="}, {"maxResults": "many"}, {"maxResults": "-1"}):
        assert server.call("GET", params=params).status_code == 400


def test_an_object_of_a_service_account_gets_its_token_when_an_app_asks(server: Firebase) -> None:
    url = f"{server.url}/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=by-account"
    assert server.http.post(url, data=b"x", timeout=30).status_code == 200
    token = server.call("GET", "by-account").json()["downloadTokens"]
    assert token
    stored = server.http.get(f"{server.url}/storage/v1/b/{BUCKET}/o/by-account", timeout=30).json()
    assert stored["metadata"] == {"firebaseStorageDownloadTokens": token}
    assert "firebaseStorageDownloadTokens" not in server.call("GET", "by-account").json().get("metadata", {})


def test_an_upload_goes_on_after_a_restart(tmp_path: Path) -> None:
    with firebase_with(tmp_path, OPEN) as before:
        url = before.begin("kept", size=10).headers["X-Goog-Upload-URL"]
        before.command(url, "upload", 0, b"01234")
        address = before.address
    with firebase_with(tmp_path, OPEN) as after:
        moved = url.replace(address, after.address)
        assert after.command(moved, "query").headers["X-Goog-Upload-Size-Received"] == "5"
        done = after.command(moved, "upload, finalize", 5, b"56789").json()
        assert done["md5Hash"] == "eB5eJF1ptWaXm4bijSPyxw=="
        assert after.call("GET", "kept", params={"alt": "media"}).content == b"0123456789"
