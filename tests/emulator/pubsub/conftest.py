from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.types import PublisherOptions
from google.pubsub_v1 import PublisherClient as RawPublisher

from emulator.clock import Clock
from emulator.config import Config, Ports
from tests.emulator.support import Receiver, receiving, running

PROJECT = "demo-test"
MANIFEST = """
endpoints:
  on_analysis:
    eventTrigger:
      eventFilters: {topic: analysis}
      eventType: google.cloud.pubsub.topic.v1.messagePublished
      retry: true
    region: [europe-west1]
"""


@dataclass
class Pubsub:
    """A running server with Google's clients on it, and the functions host behind it."""

    publisher: PublisherClient
    subscriber: SubscriberClient
    functions: Receiver

    def topic(self, name: str) -> str:
        return str(self.publisher.create_topic(name=f"projects/{PROJECT}/topics/{name}").name)

    def subscription(self, name: str, topic: str, **more: object) -> str:
        request = {"name": f"projects/{PROJECT}/subscriptions/{name}", "topic": topic, **more}
        return str(self.subscriber.create_subscription(request=request).name)

    def publish(self, topic: str, *bodies: bytes, key: str = "", **attributes: str) -> list[str]:
        return self.publish_raw(
            topic, [{"data": body, "attributes": attributes, "ordering_key": key} for body in bodies]
        )

    def publish_raw(self, topic: str, messages: list[dict[str, Any]]) -> list[str]:
        return list(RawPublisher.publish(self.publisher, request={"topic": topic, "messages": messages}).message_ids)

    def pull(self, subscription: str, most: int = 100, *, now: bool = False) -> list[tuple[bytes, str, int]]:
        """Data, ack id and attempt of each message; `now` does not wait for one."""
        request = {"subscription": subscription, "max_messages": most, "return_immediately": now}
        with warnings.catch_warnings():  # the client discourages return_immediately, in favour of waiting
            warnings.simplefilter("ignore", DeprecationWarning)
            response = self.subscriber.pull(request=request)
        return [(one.message.data, one.ack_id, one.delivery_attempt) for one in response.received_messages]

    def take(self, subscription: str, most: int = 100, *, now: bool = False) -> list[bytes]:
        """Pull and acknowledge."""
        got = self.pull(subscription, most, now=now)
        if got:
            self.subscriber.acknowledge(subscription=subscription, ack_ids=[ack_id for _, ack_id, _ in got])
        return [data for data, _, _ in got]

    def give_back(self, subscription: str, ack_id: str) -> None:
        self.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[ack_id], ack_deadline_seconds=0)


@contextmanager
def serving(
    data: Path, functions: Receiver, monkeypatch: pytest.MonkeyPatch, clock: Clock | None = None
) -> Iterator[Pubsub]:
    """A server with one function on the topic `analysis`, and clients on it, while the block runs."""
    data.mkdir(exist_ok=True)
    manifest = data / "functions.yaml"
    manifest.write_text(MANIFEST)
    config = Config(PROJECT, data, functions.url, ports=Ports(pubsub=0), manifest=manifest)
    with ExitStack() as stack:
        suite = stack.enter_context(running(config, "pubsub", clock=clock))
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", suite.addresses["pubsub"])
        publisher = PublisherClient(publisher_options=PublisherOptions(enable_message_ordering=True))
        subscriber = SubscriberClient()
        stack.callback(publisher.transport.close)
        stack.callback(subscriber.close)
        yield Pubsub(publisher, subscriber, functions)


@pytest.fixture
def pubsub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pubsub]:
    with receiving() as functions, serving(tmp_path / "data", functions, monkeypatch) as served:
        yield served
