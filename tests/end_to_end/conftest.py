"""The whole backend, started as a user starts it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.conftest import ROOT

READY = "Secura is ready: "


PASSWORD = "violet anchors drift slowly"


def eventually(probe: Callable[[], Any]) -> Any:
    """The first true answer of the probe."""
    for _ in range(600):
        if found := probe():
            return found
        time.sleep(0.05)
    pytest.fail("it did not come")


@dataclass(frozen=True)
class Person:
    """Somebody who joined and is signed in: `headers` carry their ID token."""

    uid: str
    address: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Backend:
    """A running backend: its data folder and the variables of its env file."""

    data: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self.env["SECURA_URL"]

    def sign_in(self, email: str, password: str) -> dict[str, str]:
        """The headers of somebody who is signed in."""
        answer = requests.post(
            f"http://{self.env['FIREBASE_AUTH_EMULATOR_HOST']}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword",
            params={"key": "local"},
            json={"email": email, "password": password, "returnSecureToken": True},
            timeout=30,
        )
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['idToken']}"}

    def join(self, name: str = "Pat Person") -> Person:
        """Somebody new, as people join: registered, the link of the mail followed, signed in."""
        address = f"person-{uuid.uuid4().hex[:12]}@example.org"
        body = {"email": address, "password": PASSWORD, "display_name": name}
        made = requests.post(f"{self.url}/api/auth/register", json=body, timeout=60)
        assert made.status_code == 201, made.text
        (link,) = re.findall(r"http://\S+", self.mail_to(address, "Verify your address"))
        assert requests.post(link, timeout=60).status_code == 200  # the button of the page it leads to
        return Person(made.json()["uid"], address, self.sign_in(address, PASSWORD))

    def mail_to(self, address: str, words: str) -> str:
        """The text of the mail to the address with these words in its subject, once it has come."""
        mail = eventually(lambda: next((one for one in self.mails(to=address) if words in str(one["subject"])), None))
        return str(requests.get(f"{self.env['SECURA_MAIL_URL']}/api/messages/{mail['id']}", timeout=60).json()["text"])

    def mails(self, **query: str) -> list[dict[str, object]]:
        """What is in the outbox."""
        answer = requests.get(
            f"{self.env['SECURA_MAIL_URL']}/api/messages", params={"limit": "100", **query}, timeout=30
        )
        answer.raise_for_status()
        items: list[dict[str, object]] = answer.json()["items"]
        return items


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """`scripts/local` on free ports with the demo users."""
    data = tmp_path_factory.mktemp("backend") / ".local"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["SECURA_RATE_LIMITS"] = "auth=10000"  # here a hundred people join in a minute from one address
    environment["SECURA_AUDIT_LAG"] = "0"  # so that the schedule seals what was just recorded
    process = subprocess.Popen(  # noqa: S603  # our own program
        [ROOT / "scripts" / "local", "--port", "0", "--data", data],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if line.startswith(READY):
            break
    else:
        pytest.fail("scripts/local ended before it was ready:\n" + "".join(said))
    # What it says later has to be read, or it would wait for us.
    reader = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    reader.start()
    lines = (data / "env").read_text().splitlines()
    env = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
    yield Backend(data, env)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    reader.join()
    process.stdout.close()
