"""Kill -9 in the middle of uploads: what was answered is there, what was not is not there in part."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulator.storage.support import BUCKET, OWNER, PROJECT, Firebase, firebase
from tests.emulator.support import eventually

ROOT = Path(__file__).parents[3]
CONTENT = bytes(range(256)) * 4096


@contextmanager
def process(data: Path) -> Iterator[tuple[str, Any]]:
    options = [f"--project={PROJECT}", f"--data={data}", "--only=storage", "--storage-port=0"]
    command = [sys.executable, "-m", "emulator", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as running:  # noqa: S603  # ours
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline())["ready"]["storage"], running
        finally:
            running.kill()


def staged(data: Path) -> list[Path]:
    return list((data / "storage" / "contents" / "_staged").iterdir())


@pytest.mark.slow
def test_a_kill_in_mid_upload_leaves_the_object_as_it_was(tmp_path: Path) -> None:
    with process(tmp_path) as (address, server):
        url = f"http://{address}/v0/b/{BUCKET}/o?name=x"
        assert requests.post(url, data=b"before", headers=OWNER, timeout=30).status_code == 200
        begin = {**OWNER, "X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
        resumable = requests.post(url, json={}, headers=begin, timeout=30).headers["X-Goog-Upload-URL"]
        chunk = {"X-Goog-Upload-Command": "upload", "X-Goog-Upload-Offset": "0"}
        requests.post(resumable, data=CONTENT[:600_000], headers=chunk, timeout=30)
        host, port = address.split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /v0/b/{BUCKET}/o?name=x HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer owner\r\n"
            connection.sendall(f"{head}Content-Length: {len(CONTENT)}\r\n\r\n".encode() + CONTENT[:700_000])
            eventually(lambda: any(path.stat().st_size == 700_000 for path in staged(tmp_path)), "the half upload")
            server.kill()
    with firebase(tmp_path, None) as after:
        assert after.call("GET", "x", OWNER, params={"alt": "media"}).content == b"before"
        assert [path.stat().st_size for path in staged(tmp_path)] == [600_000]  # the resumable one goes on
        moved = resumable.replace(address, after.address)
        done = after.command(moved, "upload, finalize", 600_000, CONTENT[600_000:])
        assert done.json()["size"] == str(len(CONTENT))
        assert after.call("GET", "x", OWNER, params={"alt": "media"}).content == CONTENT


@pytest.mark.slow
def test_a_kill_under_load_loses_no_answered_upload_and_keeps_no_half_one(tmp_path: Path) -> None:
    answered: list[str] = []

    def upload(address: str, first: int) -> None:
        with requests.Session() as session:
            for number in range(first, 10**6, 4):
                url = f"http://{address}/v0/b/{BUCKET}/o?name={number}"
                try:
                    answer = session.post(url, data=b"%d" % number * 20_000, headers=OWNER, timeout=30)
                except requests.ConnectionError:
                    return
                if answer.status_code == 200:
                    answered.append(str(number))

    with process(tmp_path) as (address, server):
        threads = [threading.Thread(target=upload, args=(address, first)) for first in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(answered) > 40, "the load")
        server.kill()
        for thread in threads:
            thread.join()
    with firebase(tmp_path, None) as after:
        listed = names(after)
        assert set(answered) <= listed
        for name in listed:
            content = after.call("GET", name, OWNER, params={"alt": "media"}).content
            assert content == name.encode() * 20_000
        assert staged(tmp_path) == []


def names(server: Firebase) -> set[str]:
    return {item["name"] for item in server.call("GET", headers=OWNER).json()["items"]}
