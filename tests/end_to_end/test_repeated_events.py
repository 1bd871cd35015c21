"""Every event delivered again, in any order, leaves the state as it was and sends no second mail."""

from __future__ import annotations

import json
import sqlite3

import pytest
import requests

from tests.end_to_end.conftest import eventually
from tests.end_to_end.test_main_job import analysed, mails_about, report

pytestmark = pytest.mark.slow


@pytest.fixture
def publish(backend, monkeypatch):
    from google.cloud.pubsub_v1 import PublisherClient  # noqa: PLC0415  # loaded only where a test needs it

    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", backend.env["PUBSUB_EMULATOR_HOST"])
    client = PublisherClient()

    def send(topic: str, **payload: str) -> None:
        path = client.topic_path(backend.env["GOOGLE_CLOUD_PROJECT"], topic)
        client.publish(path, json.dumps(payload).encode()).result(30)

    yield send
    client.stop()


def quiet(backend) -> bool:
    """Whether no event is on its way."""
    for name in ("firestore", "pubsub"):
        with sqlite3.connect(f"file:{backend.data}/{name}.sqlite3?mode=ro", uri=True) as database:
            (waiting,) = database.execute("select count(*) from deliveries").fetchone()
        database.close()
        if waiting:
            return False
    return True


def test_repeated_messages_change_nothing_and_mail_nobody_twice(backend, publish):
    employee = backend.sign_in("employee1@secura.com", "SecuraEmployee123!")
    made = report(backend, employee, title="Seen once").json()
    before = analysed(backend, employee, made["id"])
    eventually(lambda: mails_about(backend, made["reference"]))
    for _ in range(3):
        publish("email-notifications", outbox_id=f"{made['id']}-incident_analysis")
        publish("incident-analysis", incident_id=made["id"])
    publish("incident-analysis", incident_id="nowhere")
    eventually(lambda: quiet(backend))
    after = requests.get(f"{backend.url}/api/incidents/{made['id']}", headers=employee, timeout=60).json()
    assert after == before
    assert len(mails_about(backend, made["reference"])) == 1


def test_repeated_changes_of_the_document_mail_nobody_twice(backend):
    analyst = backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")
    made = report(backend, analyst, title="Changed often").json()
    version = analysed(backend, analyst, made["id"])["version"]
    url = f"{backend.url}/api/incidents/{made['id']}"
    for n in range(4):
        change = {"tags": [f"tag-{n}"]}
        answer = requests.put(url, json=change, headers=analyst | {"If-Match": f'"{version}"'}, timeout=60)
        version = answer.json()["version"]
    eventually(lambda: mails_about(backend, made["reference"]))
    eventually(lambda: quiet(backend))
    assert len(mails_about(backend, made["reference"])) == 1
