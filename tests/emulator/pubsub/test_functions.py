from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import functions_framework
import pytest
from google.cloud.pubsub_v1 import PublisherClient

from tests.emulator.pubsub.conftest import MANIFEST, PROJECT, Pubsub, serving
from tests.emulator.support import Received, eventually, receiving

ROOT = Path(__file__).parents[3]

ANALYSIS = f"projects/{PROJECT}/topics/analysis"
SOURCE = """
import json
from pathlib import Path

from firebase_functions import pubsub_fn

@pubsub_fn.on_message_published(topic="analysis")
def on_analysis(event):
    message = event.data.message
    data = message.json if message.data else None
    seen = [event.id, event.source, event.type, data, message.attributes, message.ordering_key,
                 message.message_id, message.publish_time == event.time, event.data.subscription]
    with Path(__file__).with_name("seen.jsonl").open("a") as file:
        file.write(json.dumps(seen) + "\\n")
"""


def posts(pubsub: Pubsub) -> list[Received]:
    return pubsub.functions.of("on_analysis")


def test_a_publish_reaches_the_function_as_the_event_that_google_s_decoder_reads(
    pubsub: Pubsub, tmp_path: Path
) -> None:
    pubsub.publish(ANALYSIS, b'{"incident": 7}', kind="new", key="k")
    pubsub.publish(ANALYSIS, b"", only="attributes")
    eventually(lambda: len(posts(pubsub)) == 2)
    source = tmp_path / "handler.py"
    source.write_text(SOURCE)
    app = functions_framework.create_app("on_analysis", str(source), "cloudevent")
    for post in sorted(posts(pubsub), key=lambda one: one.headers["ce-id"]):
        assert post.path == f"/{PROJECT}/europe-west1/on_analysis"
        answer = app.test_client().post("/", data=post.body, headers=list(post.headers.items()))
        assert answer.status_code == 200, answer.text
    first, second = map(json.loads, source.with_name("seen.jsonl").read_text().splitlines())
    assert first[1:6] == [
        f"//pubsub.googleapis.com/{ANALYSIS}",
        "google.cloud.pubsub.topic.v1.messagePublished",
        {"incident": 7},
        {"kind": "new"},
        "k",
    ]
    assert first[0] == first[6]
    assert first[7] is True
    assert first[8].startswith(f"projects/{PROJECT}/subscriptions/eventarc-europe-west1-on-analysis")
    assert (second[3], second[4]) == (None, {"only": "attributes"})


def test_other_topics_reach_no_function(pubsub: Pubsub) -> None:
    pubsub.publish(pubsub.topic("orders"), b"one")
    pubsub.publish(ANALYSIS, b"two")
    (post,) = eventually(lambda: pubsub.functions.received)
    assert post.function == "on_analysis"


def test_a_failing_function_gets_the_same_event_again(pubsub: Pubsub) -> None:
    answers = iter([500, 400, 200])
    pubsub.functions.answer = lambda _: next(answers)
    (message_id,) = pubsub.publish(ANALYSIS, b"one")
    eventually(lambda: len(posts(pubsub)) == 3)
    assert {one.headers["ce-id"] for one in posts(pubsub)} == {message_id}


def test_an_ordering_key_orders_what_a_function_gets(pubsub: Pubsub) -> None:
    pubsub.publish(ANALYSIS, *[b"%d" % number for number in range(10)], key="k")
    eventually(lambda: len(posts(pubsub)) == 10)
    ids = [one.headers["ce-id"] for one in posts(pubsub)]
    assert ids == sorted(ids, key=int)


def test_messages_wait_for_functions_and_subscribers_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(lambda _: 500) as failing, serving(tmp_path, failing, monkeypatch) as before:
        name = before.subscription("all", ANALYSIS)
        ids = before.publish(ANALYSIS, b"one")
        eventually(lambda: failing.received)
    with receiving() as working, serving(tmp_path, working, monkeypatch) as after:
        eventually(lambda: working.received)
        assert after.take(name) == [b"one"]
    assert [one.headers["ce-id"] for one in working.received] == ids


def test_a_message_whose_publisher_was_answered_survives_the_kill_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "functions.yaml"
    manifest.write_text(MANIFEST)
    with receiving() as functions:
        functions.gate.clear()
        options = [f"--project={PROJECT}", f"--data={tmp_path}", "--only=pubsub", "--pubsub-port=0"]
        command = [sys.executable, "-m", "emulator", *options, f"--functions-url={functions.url}"]
        with subprocess.Popen([*command, f"--manifest={manifest}"], stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603  # ours
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["ready"]["pubsub"]
            monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
            with PublisherClient() as publisher:
                ids = [publisher.publish(ANALYSIS, b"%d" % number).result() for number in range(20)]
            eventually(lambda: functions.running)
            process.kill()
        functions.gate.set()
        with serving(tmp_path, functions, monkeypatch):
            eventually(lambda: {one.headers["ce-id"] for one in functions.received} == set(ids))
