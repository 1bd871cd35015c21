"""A suite with its control port, and who asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from emulator.clock import Clock, MovableClock
from emulator.config import Config, Ports
from emulator.suite import Suite
from tests.emulator.support import running

PROJECT = "demo-test"
FREE = Ports(**{field.name: 0 for field in fields(Ports)})
_PATIENCE = 30.0


@dataclass(frozen=True)
class Controlled:
    """A running suite."""

    suite: Suite

    @property
    def url(self) -> str:
        return f"http://{self.suite.addresses['control']}"

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """The answer to a request, whatever it is."""
        return requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_PATIENCE)

    def get(self, path: str) -> Any:
        """What a good answer to GET says."""
        return self._good(self.ask("GET", path))

    def post(self, path: str, body: object = None) -> Any:
        """What a good answer to POST says."""
        return self._good(self.ask("POST", path, body))

    def put(self, path: str, body: object = None) -> Any:
        """What a good answer to PUT says."""
        return self._good(self.ask("PUT", path, body))

    def advance(self, **by: object) -> Any:
        """Move the clock."""
        return self.post("/emulator/v1/clock:advance", by)

    @staticmethod
    def _good(response: requests.Response) -> Any:
        assert response.ok, response.text
        return response.json()


def configured(data: Path, functions_url: str = "http://127.0.0.1:9", **settings: Any) -> Config:
    """A configuration with free ports."""
    return Config(PROJECT, data, functions_url, ports=FREE, **settings)


def clock_at(folder: Path, text: str = "2040-01-01T00:00:30Z") -> MovableClock:
    """The clock of a data folder, at this time or later. Half a minute, so that no schedule is due by chance."""
    clock, to = MovableClock(folder / "clock.json"), datetime.fromisoformat(text)
    if clock.now() < to:
        clock.advance(to - clock.now())
    return clock


@contextmanager
def controlled(config: Config, *services: str, clock: Clock | None = None) -> Iterator[Controlled]:
    """The named services and the control port, while the block runs."""
    with running(config, *services, "control", clock=clock) as suite:
        yield Controlled(suite)


def assert_problem(response: requests.Response, status: int) -> str:
    """The answer is a problem by RFC 9457; its detail."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/problem+json")
    body = response.json()
    assert body["status"] == status
    return str(body["detail"])
