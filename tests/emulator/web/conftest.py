"""One Firestore for the tests of its web protocols, a project for each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from emulator.config import Config, Ports
from tests.emulator.support import running

_PROJECTS = itertools.count()
OWNER = {"Authorization": "Bearer owner"}


@dataclass(frozen=True)
class Rest:
    """REST as an administrator calls it, on one database."""

    url: str
    project: str

    @property
    def root(self) -> str:
        return f"projects/{self.project}/databases/(default)/documents"

    def call(self, verb: str, path: str, **options: Any) -> requests.Response:
        """`path` follows the documents' root, with its slash or colon."""
        options.setdefault("headers", OWNER)
        return requests.request(verb, f"{self.url}/v1/{self.root}{path}", timeout=20, **options)

    def ok(self, verb: str, path: str, **options: Any) -> Any:
        answer = self.call(verb, path, **options)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        return answer.json()

    def refused(self, verb: str, path: str, **options: Any) -> tuple[int, str]:
        """HTTP's status and Google's, of a refusal whose shape is checked."""
        answer = self.call(verb, path, **options)
        body = answer.json()
        error = (body[0] if isinstance(body, list) else body)["error"]
        assert error["code"] == answer.status_code
        assert error["message"]
        return answer.status_code, error["status"]

    def put(self, path: str, **fields: Any) -> None:
        self.ok("PATCH", f"/{path}", json={"fields": fields})


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("firestore")
    config = Config("demo-web", data, "http://127.0.0.1:9", ports=Ports(firestore=0))
    with running(config, "firestore") as suite:
        yield f"http://{suite.addresses['firestore']}"


@pytest.fixture
def rest(url: str) -> Rest:
    return Rest(url, f"demo-web-{os.getpid()}-{next(_PROJECTS)}")
