"""An Auth server of its own for each test, with Google's unmodified admin client and plain REST."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import firebase_admin
import jwt
import pytest
import requests

from emulator.auth.service import create
from emulator.config import Config, Ports
from emulator.environment import Environment
from tests.emulator.support import LoopThread

PROJECT = "demo-test"
PASSWORD = "a long password"


class MovableClock:
    """The machine's clock, moved by an offset that a test sets: clients use the machine's own."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


@dataclass(frozen=True)
class Rest:
    """The REST methods as a client without an SDK calls them."""

    address: str
    clock: MovableClock

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def call(self, method: str, **body: Any) -> requests.Response:
        """accounts:METHOD with an API key."""
        path = f"{self.url}/identitytoolkit.googleapis.com/v1/accounts:{method}"
        return requests.post(path, params={"key": "any"}, json=body, timeout=20)

    def ok(self, method: str, **body: Any) -> dict[str, Any]:
        answer = self.call(method, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refused(self, method: str, **body: Any) -> str:
        """The message of a refusal, whose shape is checked."""
        answer = self.call(method, **body)
        error = answer.json()["error"]
        assert error["code"] == answer.status_code == 400
        if "status" not in error:
            assert error["errors"] == [{"message": error["message"], "domain": "global", "reason": "invalid"}]
        return str(error["message"])

    def admin(self, verb: str, path: str, **body: Any) -> requests.Response:
        """A method of the project with the administrator's credentials."""
        url = f"{self.url}/identitytoolkit.googleapis.com/v1/projects/{PROJECT}{path}"
        return requests.request(verb, url, json=body or None, headers={"Authorization": "Bearer owner"}, timeout=20)

    def refresh(self, refresh_token: str) -> requests.Response:
        return requests.post(
            f"{self.url}/securetoken.googleapis.com/v1/token",
            params={"key": "any"},
            data={"grant_type": "refresh_token", "refresh_token": refresh_token},
            timeout=20,
        )

    def sign_up(self, email: str = "ann@secura.com", password: str = PASSWORD) -> dict[str, Any]:
        return self.ok("signUp", email=email, password=password, returnSecureToken=True)

    def sign_in(self, email: str = "ann@secura.com", password: str = PASSWORD) -> dict[str, Any]:
        return self.ok("signInWithPassword", email=email, password=password, returnSecureToken=True)

    def codes(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.url}/emulator/v1/projects/{PROJECT}/oobCodes", timeout=20)
        return list(answer.json()["oobCodes"])


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(project=PROJECT, data=tmp_path, functions_url="http://127.0.0.1:9", ports=Ports(auth=0))


@pytest.fixture
def rest(config: Config) -> Iterator[Rest]:
    clock = MovableClock()
    service = create(Environment(config, clock=clock))
    with LoopThread() as thread:
        thread.run(service.start())
        try:
            yield Rest(service.address, clock)
        finally:
            thread.run(service.stop())


@pytest.fixture
def app(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> Iterator[firebase_admin.App]:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", rest.address)
    app = firebase_admin.initialize_app(options={"projectId": PROJECT}, name=uuid.uuid4().hex)
    yield app
    firebase_admin.delete_app(app)
