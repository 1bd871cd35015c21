"""An outbox of its own for each test, and the unmodified SendGrid client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sendgrid import SendGridAPIClient

from emulator.config import Config, Ports
from tests.emulator.support import running


@dataclass(frozen=True)
class Outbox:
    url: str

    @property
    def client(self) -> SendGridAPIClient:
        return SendGridAPIClient("any-key", host=self.url)

    def get(self, path: str, **query: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", params=query, timeout=20)

    def messages(self, **query: str) -> list[dict[str, Any]]:
        answer = self.get("/api/messages", **query)
        assert answer.status_code == 200
        return list(answer.json()["items"])

    def post(self, body: Any, authorization: str | None = "Bearer key") -> requests.Response:
        headers = {} if authorization is None else {"Authorization": authorization}
        return requests.post(f"{self.url}/v3/mail/send", json=body, headers=headers, timeout=20)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(project="demo-test", data=tmp_path, functions_url="http://127.0.0.1:9", ports=Ports(mail=0))


@pytest.fixture
def outbox(config: Config) -> Iterator[Outbox]:
    with running(config, "mail") as suite:
        yield Outbox(f"http://{suite.addresses['mail']}")


def mail(**changes: Any) -> dict[str, Any]:
    """A body that SendGrid accepts, with changes; None removes a field."""
    body: dict[str, Any] = {
        "personalizations": [{"to": [{"email": "lead@secura.com", "name": "Lead"}]}],
        "from": {"email": "no-reply@secura.com", "name": "Secura"},
        "subject": "Analysis",
        "content": [{"type": "text/plain", "value": "Phishing, high."}],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}
