"""A Storage server for tests of Firebase's API, with a clock and documents that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jwt
import requests
from google.cloud.storage import Client

from emulator.config import Config, Ports
from emulator.environment import Environment
from emulator.storage.service import create
from tests.emulator.support import LoopThread, MovableClock

PROJECT = "demo-test"
BUCKET = f"{PROJECT}.appspot.com"
OWNER = {"Authorization": "Bearer owner"}
OPEN = "rules_version = '2'; service firebase.storage { match /b/{b}/o { match /{n=**} { allow read, write; } } }"


class Documents:
    """A Firestore of a few documents, by their paths below the database."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        data = self.documents.get("/".join(path[3:]))
        return None if data is None else {"data": data, "id": path[-1]}

    get_after = get


@dataclass
class Firebase:
    """A running server, and how an app calls it."""

    environment: Environment
    clock: MovableClock
    documents: Documents
    http: requests.Session
    address: str = ""
    bucket: str = BUCKET
    names: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def call(
        self, method: str, name: str = "", headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """A call on the bucket, or on an object if it is named."""
        path = f"/v0/b/{self.bucket}/o" + (f"/{quote(name, safe='')}" if name else "")
        return self.http.request(method, self.url + path, headers=dict(headers or {}), timeout=30, **more)

    def upload(
        self, name: str, content: bytes = b"x", headers: Mapping[str, str] | None = None, **metadata: Any
    ) -> requests.Response:
        """An upload in one request, as the SDKs make it."""
        boundary = "b0undary"
        head = f"--{boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n"
        between = f"\r\n--{boundary}\r\nContent-Type: {metadata.get('contentType', 'text/plain')}\r\n\r\n"
        described = requests.compat.json.dumps(metadata)  # type: ignore[attr-defined]
        body = (head + described + between).encode() + content + f"\r\n--{boundary}--".encode()
        sent = {"X-Goog-Upload-Protocol": "multipart", "Content-Type": f"multipart/related; boundary={boundary}"}
        return self.call("POST", params={"name": name}, data=body, headers=sent | dict(headers or {}))

    def begin(self, name: str, headers: Mapping[str, str] | None = None, **declared: Any) -> requests.Response:
        """The beginning of a resumable upload; `declared` are `size` and `type`."""
        sent = {"X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
        if "size" in declared:
            sent["X-Goog-Upload-Header-Content-Length"] = str(declared["size"])
        sent["X-Goog-Upload-Header-Content-Type"] = declared.get("type", "text/plain")
        return self.call("POST", params={"name": name}, json={}, headers=sent | dict(headers or {}))

    def command(self, url: str, command: str, offset: int | None = None, data: bytes = b"") -> requests.Response:
        """A further request of a resumable upload."""
        headers = {"X-Goog-Upload-Command": command}
        if offset is not None:
            headers["X-Goog-Upload-Offset"] = str(offset)
        return self.http.post(url, headers=headers, data=data, timeout=30)

    def user(self, uid: str, **claims: Any) -> dict[str, str]:
        """The header of a signed-in user."""
        return {"Authorization": f"Firebase {token(self.clock, uid, **claims)}"}


def token(clock: MovableClock, uid: str, **claims: Any) -> str:
    """An ID token as the Auth emulator mints it."""
    now = int(clock.now().timestamp())
    standard = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": uid,
        "user_id": uid,
        "iat": now,
        "exp": now + 3600,
        "auth_time": now,
        "firebase": {"sign_in_provider": "password", "identities": {}},
    }
    return jwt.encode({**standard, **claims}, key="", algorithm="none")


@contextmanager
def firebase(folder: Path, rules: Path | None, *, documents: bool = True) -> Iterator[Firebase]:
    """A server that runs while the block does."""
    folder.mkdir(exist_ok=True)
    config = Config(PROJECT, folder, "http://127.0.0.1:1", ports=Ports(storage=0), storage_rules=rules)
    clock, firestore = MovableClock(), Documents()
    environment = Environment(config, clock=clock)
    environment.reachable.documents = firestore if documents else None
    with ExitStack() as stack:
        thread = stack.enter_context(LoopThread())
        service = create(environment)
        thread.run(service.start())
        stack.callback(lambda: thread.run(service.stop()))
        http = stack.enter_context(requests.Session())
        yield Firebase(environment, clock, firestore, http, service.address)


@contextmanager
def firebase_with(folder: Path, source: str) -> Iterator[Firebase]:
    """A server with these rules."""
    path = folder / "storage.rules"
    path.write_text(source)
    with firebase(folder / "data", path) as server:
        yield server


@contextmanager
def closing(client: Client) -> Iterator[Client]:
    """The client, closed after the block once it does nothing in the background any more.

    For its traces it asks for the buckets it meets in threads of its own. Such a call may reach the server while it
    stops: asyncio then builds half a connection, whose finalizer warns in whatever test the garbage collector runs.
    """
    try:
        yield client
    finally:
        for thread in threading.enumerate():
            if thread.name.endswith("_background)"):
                thread.join()
        client.close()
