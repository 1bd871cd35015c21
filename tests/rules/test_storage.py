"""storage.rules: nobody reaches a file but through the functions, in no bucket and at no depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

from tests.rules.personas import OTHER, PERSONAS, PROJECT, Persona
from tests.rules.place import Place, place

BUCKETS = (f"{PROJECT}.appspot.com", f"{PROJECT}-evidence")
FILES = (
    "{me}",
    "users/{me}/photo",
    "evidence/of-{me}/1/mail.eml",
    "applications/of-{me}/cv.pdf",
    "exports/{me}/all.zip",
)
BAD_METADATA: tuple[Mapping[str, Any], ...] = (
    {"metadata": {"owner": "somebody"}},
    {"contentType": "text/html"},
    {"metadata": {"firebaseStorageDownloadTokens": "11111111-2222-3333-4444-555555555555"}},
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("files")) as running:
        _create_bucket(running, BUCKETS[1])
        for bucket in BUCKETS:
            for uid in (OTHER, *(persona.uid for persona in PERSONAS)):
                for file in FILES:
                    made = _upload(running, bucket, file.format(me=uid), {"Authorization": "Bearer owner"})
                    assert made.status == 200
        yield running


def _create_bucket(place: Place, name: str) -> None:
    url = f"http://{place.addresses['storage']}/storage/v1/b?project={PROJECT}"
    answer = place.http.request("POST", url, json={"name": name}, headers={"Authorization": "Bearer owner"}, timeout=60)
    assert answer.status == 200


def _call(place: Place, method: str, bucket: str, rest: str, headers: Mapping[str, str], **more: Any) -> Any:
    url = f"http://{place.addresses['storage']}/v0/b/{bucket}/o{rest}"
    return place.http.request(method, url, headers=dict(headers), timeout=60, retries=False, **more)


def _upload(place: Place, bucket: str, name: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
    sent = {"Content-Type": "text/plain", **headers}
    answer: urllib3.BaseHTTPResponse = _call(place, "POST", bucket, f"?name={quote(name, safe='')}", sent, body=b"x")
    return answer


def _operations(place: Place, bucket: str, name: str, headers: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    object_ = f"/{quote(name, safe='')}"
    folder = quote(name.rpartition("/")[0] + "/", safe="")
    resumable = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}

    def call(method: str, rest: str, more_headers: Mapping[str, str] | None = None, **more: Any) -> int:
        status: int = _call(place, method, bucket, rest, {**headers, **(more_headers or {})}, **more).status
        return status

    yield "get", call("GET", object_)
    yield "get content", call("GET", f"{object_}?alt=media")
    yield "list", call("GET", f"?prefix={folder}&delimiter=%2F")
    yield "list all", call("GET", "")
    yield "create", _upload(place, bucket, f"{name}-new", headers).status
    new = f"?name={quote(name, safe='')}-new"
    yield "begin an upload", call("POST", new, {**resumable, "X-Goog-Upload-Header-Content-Length": "1"}, json={})
    # What an upload will be is not known where it does not say its size: then it is refused at its end.
    begun = _call(place, "POST", bucket, new, {**headers, **resumable}, json={})
    end = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0", **headers}
    address = begun.headers["X-Goog-Upload-URL"]
    yield "end an upload", place.http.request("POST", address, body=b"x", headers=end, timeout=60, retries=False).status
    yield "overwrite", _upload(place, bucket, name, headers).status
    for metadata in BAD_METADATA:
        yield f"update with {metadata}", call("PATCH", object_, json=metadata)
    yield "delete", call("DELETE", object_)


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_nobody_does_anything(filled: Place, persona: Persona) -> None:
    token = persona.token()
    headers = {"Authorization": f"Firebase {token}"} if token else {}
    answered = {
        (bucket, name, operation): status
        for bucket in BUCKETS
        for file in (*FILES, "evidence/of-somebody/1/mail.eml")
        for name in [file.format(me=persona.uid)]
        for operation, status in _operations(filled, bucket, name, headers)
    }
    assert {asked: status for asked, status in answered.items() if status != 403} == {}
    assert len(answered) == len(BUCKETS) * (len(FILES) + 1) * 12
