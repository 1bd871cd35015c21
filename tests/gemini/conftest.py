from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import pytest
from google.oauth2.credentials import Credentials
from pydantic import BaseModel, ConfigDict, Field

from shared.adapters.gemini.client import Connection
from shared.adapters.gemini.language_model import GeminiLanguageModel, Patience, Terms
from shared.adapters.gemini.models import NANO, table
from shared.domain.disclosure import Marking
from shared.domain.taxonomy import Pap, Tlp
from shared.ports.language_model import Prompt
from tests.fakes import CountingIds, FakeClock
from tests.fakes_ai import FakeAiUsage
from tests.gemini.server import Gemini

OPEN = Marking(Tlp.GREEN, Pap.GREEN)


class Summary(BaseModel):
    """The form that the tests ask for."""

    model_config = ConfigDict(extra="forbid")

    summary: Annotated[str, Field(max_length=200)]
    steps: Annotated[list[str], Field(max_length=5)] = []


def prompt(data: str = "The mail server is down.", **changes) -> Prompt[Summary]:
    given = {
        "purpose": "summary",
        "version": "summary-1",
        "instruction": "Summarise the report for the security team in one sentence of plain words.",
        "data": data,
        "answer": Summary,
        "marking": OPEN,
        "request_id": "request-1",
    }
    return Prompt(**{**given, **changes})


@pytest.fixture
def server() -> Iterator[Gemini]:
    with Gemini() as gemini:
        thread = threading.Thread(target=gemini.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield gemini
        gemini.released.set()
        gemini.shutdown()
        thread.join()
    assert gemini.faults == []


@dataclass
class World:
    """The adapter on the local server."""

    server: Gemini
    usage: FakeAiUsage
    clock: FakeClock
    make: Callable[..., GeminiLanguageModel]

    @property
    def model(self) -> GeminiLanguageModel:
        return self.make()

    @property
    def today(self):
        return self.usage.read(self.clock.now().date())


@pytest.fixture
def world(server) -> World:
    usage, clock, ids = FakeAiUsage(), FakeClock(), CountingIds()
    connection = Connection(
        "demo-project", "europe-west1", base_url=server.url, credentials=Credentials(token="a-token"), seconds=5
    )

    def make(budget=NANO, ceiling=Tlp.GREEN, names=(), **patience):
        terms = Terms(table().chain(names), budget, ceiling, Patience(**{"request": 5.0, "pause": 0.01, **patience}))
        return GeminiLanguageModel(connection, terms, usage, clock, ids)

    return World(server, usage, clock, make)
