"""Faults as the clients of the services meet them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.cloud.firestore import Client
from google.cloud.pubsub_v1 import PublisherClient

from tests.emulator.control.support import PROJECT, Controlled, assert_problem, configured, controlled
from tests.emulator.firestore.conftest import connect

FAULTS = "/emulator/v1/faults"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controlled]:
    config = configured(tmp_path_factory.mktemp("faults"))
    with controlled(config, "firestore", "auth", "pubsub", "storage", "mail") as control:
        yield control


@pytest.fixture
def control(suite: Controlled) -> Iterator[Controlled]:
    yield suite
    suite.ask("DELETE", FAULTS)


@pytest.fixture
def firestore(suite: Controlled) -> Iterator[Client]:
    client = connect(suite.suite.addresses["firestore"], PROJECT)
    yield client
    client.close()


@pytest.fixture
def publisher(suite: Controlled, monkeypatch: pytest.MonkeyPatch) -> Iterator[PublisherClient]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", suite.suite.addresses["pubsub"])
    client = PublisherClient()
    yield client
    client.stop()


def inject(control: Controlled, **rule: object) -> dict[str, Any]:
    return dict(control.post(FAULTS, rule))


def once(control: Controlled, **rule: object) -> None:
    inject(control, count=1, **rule)


def test_nothing_fails_unless_it_is_asked_for(control: Controlled, firestore: Client) -> None:
    for _ in range(20):
        firestore.document("c/plain").set({})
    listed = control.get(FAULTS)
    assert (listed["rules"], listed["strikes"]) == ([], [])


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("aborted", exceptions.Aborted),
        ("unavailable", exceptions.ServiceUnavailable),
        ("throttled", exceptions.ResourceExhausted),
        ("deadline", exceptions.DeadlineExceeded),
    ],
)
def test_a_commit_fails_and_nothing_is_written(
    control: Controlled, firestore: Client, kind: str, error: type[Exception]
) -> None:
    once(control, service="firestore", call="Commit", kind=kind, delay=0.01)
    document = firestore.document(f"c/{kind}")
    with pytest.raises(error, match="injected"):
        document.set({}, retry=None)
    assert not document.get().exists
    document.set({}, retry=None)
    assert document.get().exists


def test_google_s_client_tries_again_by_itself(control: Controlled, firestore: Client) -> None:
    inject(control, service="firestore", call="Commit", kind="unavailable", count=2)
    firestore.document("c/retried").set({})
    assert control.get(FAULTS)["rules"][0]["struck"] == 2


def test_a_commit_whose_answer_is_lost_is_done(control: Controlled, firestore: Client) -> None:
    once(control, service="firestore", call="Commit", kind="lost-response")
    document = firestore.document("c/lost")
    with pytest.raises(exceptions.ServiceUnavailable):
        document.create({"n": 1}, retry=None)
    assert document.get().to_dict() == {"n": 1}


def test_a_throttled_call_says_when_to_come_again(control: Controlled, firestore: Client) -> None:
    once(control, service="firestore", call="Commit", kind="throttled", delay=2.5)
    with pytest.raises(exceptions.ResourceExhausted) as raised:
        firestore.document("c/throttled").set({}, retry=None)
    (retry,) = raised.value.details
    assert retry.retry_delay.ToTimedelta().total_seconds() == 2.5


def test_a_call_can_be_slow(control: Controlled, firestore: Client) -> None:
    once(control, service="firestore", call="BatchGetDocuments", kind="delay", delay=0.2)
    began = time.monotonic()
    firestore.document("c/slow").get()
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("kind", ["aborted", "unavailable", "throttled", "lost-response"])
def test_pubsub_fails_as_asked(control: Controlled, publisher: PublisherClient, kind: str) -> None:
    topic = f"projects/{PROJECT}/topics/{kind}"
    once(control, service="pubsub", call="CreateTopic", kind=kind)
    with pytest.raises(exceptions.GoogleAPICallError, match="injected") as raised:
        publisher.create_topic(name=topic, retry=None)
    assert bool(raised.value.details) is (kind == "throttled")
    if kind == "lost-response":
        with pytest.raises(exceptions.AlreadyExists):
            publisher.create_topic(name=topic)
    else:
        publisher.create_topic(name=topic)


def test_pubsub_s_client_retries_a_publish(control: Controlled, publisher: PublisherClient) -> None:
    topic = f"projects/{PROJECT}/topics/published"
    publisher.create_topic(name=topic, retry=Retry())
    inject(control, service="pubsub", call="Publish", kind="unavailable", count=2)
    assert publisher.publish(topic, b"x").result(20)


def sign_up(control: Controlled, email: str) -> requests.Response:
    url = f"http://{control.suite.addresses['auth']}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=k"
    body = {"email": email, "password": "correct horse", "returnSecureToken": True}
    return requests.post(url, json=body, timeout=20)


def test_auth_fails_in_google_s_shape(control: Controlled) -> None:
    once(control, service="auth", call="POST *accounts:signUp", kind="throttled", delay=3)
    refused = sign_up(control, "throttled@example.org")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3"
    assert refused.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert refused.json()["error"]["details"][0]["retryDelay"] == "3s"
    assert sign_up(control, "throttled@example.org").status_code == 200


def test_a_sign_up_whose_answer_is_lost_has_happened(control: Controlled) -> None:
    once(control, service="auth", call="POST *accounts:signUp", kind="lost-response")
    assert sign_up(control, "lost@example.org").status_code == 503
    assert sign_up(control, "lost@example.org").json()["error"]["message"] == "EMAIL_EXISTS"


def test_a_page_can_read_auth_s_faults(control: Controlled) -> None:
    once(control, service="auth", kind="unavailable")
    url = f"http://{control.suite.addresses['auth']}/identitytoolkit.googleapis.com/v1/accounts:lookup?key=k"
    response = requests.post(url, json={}, headers={"Origin": "http://localhost:3000"}, timeout=20)
    assert response.status_code == 503
    assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_storage_fails_in_google_s_shape(control: Controlled) -> None:
    url = f"http://{control.suite.addresses['storage']}"
    upload = f"{url}/upload/storage/v1/b/{PROJECT}.appspot.com/o?uploadType=media&name=a.txt"
    once(control, service="storage", call="POST /upload/*", kind="lost-response")
    refused = requests.post(upload, data=b"text", timeout=20)
    assert refused.status_code == 503
    assert refused.json()["error"]["status"] == "UNAVAILABLE"
    once(control, service="storage", call="GET *", kind="throttled")
    read = f"{url}/storage/v1/b/{PROJECT}.appspot.com/o/a.txt?alt=media"
    assert requests.get(read, timeout=20).status_code == 429
    assert requests.get(read, timeout=20).content == b"text"  # what was lost was only the answer


def test_mail_fails_in_sendgrid_s_shape_and_its_pages_never(control: Controlled) -> None:
    url = f"http://{control.suite.addresses['mail']}"
    inject(control, service="mail", kind="unavailable")
    refused = requests.post(f"{url}/v3/mail/send", json={}, headers={"Authorization": "Bearer k"}, timeout=20)
    assert refused.status_code == 503
    assert [set(error) for error in refused.json()["errors"]] == [{"message", "field", "help"}]
    for path in ("/", "/api/messages"):
        assert requests.get(f"{url}{path}", timeout=20).status_code == 200


def test_rules_are_listed_with_what_they_struck(control: Controlled, firestore: Client) -> None:
    inject(control, service="firestore", call="Commit", kind="aborted", every=2)
    firestore.document("c/listed").set({})
    with pytest.raises(exceptions.Aborted):
        firestore.document("c/listed").set({}, retry=None)
    listed = control.get(FAULTS)
    (rule,) = listed["rules"]
    assert (rule["kind"], rule["every"], rule["matched"], rule["struck"]) == ("aborted", 2, 2, 1)
    (strike,) = listed["strikes"]
    assert (strike["rule"], strike["service"], strike["call"], strike["number"]) == (
        rule["id"],
        "firestore",
        "Commit",
        2,
    )


def test_rules_can_be_replaced_and_removed(control: Controlled, firestore: Client) -> None:
    rules = [{"service": "firestore", "kind": "aborted"}, {"service": "mail", "kind": "unavailable"}]
    listed = control.put(FAULTS, {"seed": 7, "rules": rules})
    assert (listed["seed"], [rule["id"] for rule in listed["rules"]]) == (7, [0, 1])
    assert control.ask("DELETE", f"{FAULTS}/0").json()["rules"][0]["id"] == 1
    firestore.document("c/free").set({}, retry=None)
    assert_problem(control.ask("DELETE", f"{FAULTS}/0"), 404)
    assert control.put(FAULTS, {"seed": 0, "rules": []})["rules"] == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda control: control.ask("POST", FAULTS, {"service": "firestore"}),
        lambda control: control.ask("POST", FAULTS, []),
        lambda control: control.ask("PUT", FAULTS, {"rules": {}}),
        lambda control: control.ask("PUT", FAULTS, {"rules": [1]}),
        lambda control: control.ask("PUT", FAULTS, {"seed": "x", "rules": []}),
    ],
)
def test_rules_without_sense_are_refused(control: Controlled, ask: Callable[[Controlled], requests.Response]) -> None:
    assert_problem(ask(control), 400)
    assert control.get(FAULTS)["rules"] == []


def test_the_same_seed_strikes_the_same_commits(control: Controlled, firestore: Client) -> None:
    def struck() -> list[int]:
        rule = {"service": "firestore", "call": "Commit", "kind": "aborted", "probability": 0.3}
        control.put(FAULTS, {"seed": 11, "rules": [rule]})
        for _ in range(30):
            try:
                firestore.document("c/seeded").set({}, retry=None)
            except exceptions.Aborted:
                continue
        return [strike["number"] for strike in control.get(FAULTS)["strikes"]]

    first = struck()
    assert first
    assert struck() == first


def test_faults_can_be_switched_on_from_the_command_line(tmp_path: Path) -> None:
    spec = "service=firestore,call=Commit,kind=aborted,every=2"
    with controlled(configured(tmp_path, faults=(spec,), fault_seed=3), "firestore") as control:
        assert control.get(FAULTS)["seed"] == 3
        client = connect(control.suite.addresses["firestore"], PROJECT)
        client.document("c/d").set({}, retry=None)
        with pytest.raises(exceptions.Aborted):
            client.document("c/d").set({}, retry=None)
        client.close()
