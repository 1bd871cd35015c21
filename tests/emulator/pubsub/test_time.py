from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration

from emulator.pubsub.backlog import Lease
from emulator.pubsub.proto.v1 import PubsubMessage
from emulator.pubsub.streaming import Flow
from tests.emulator.pubsub.conftest import Pubsub, serving
from tests.emulator.support import MovableClock, receiving


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def pubsub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: MovableClock) -> Iterator[Pubsub]:
    with receiving() as functions, serving(tmp_path / "data", functions, monkeypatch, clock) as served:
        yield served


def test_a_message_comes_again_when_its_deadline_passes(pubsub: Pubsub, clock: MovableClock) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"one")
    (_, first, _) = pubsub.pull(name)[0]
    clock.ahead += timedelta(seconds=11)
    ((data, second, _),) = pubsub.pull(name)
    assert data == b"one"
    assert first != second
    pubsub.subscriber.acknowledge(subscription=name, ack_ids=[first])
    clock.ahead += timedelta(seconds=11)
    assert pubsub.pull(name, now=True) == []


def test_a_deadline_can_be_moved(pubsub: Pubsub, clock: MovableClock) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"one")
    (_, ack_id, _) = pubsub.pull(name)[0]
    pubsub.subscriber.modify_ack_deadline(subscription=name, ack_ids=[ack_id], ack_deadline_seconds=60)
    clock.ahead += timedelta(seconds=30)
    assert pubsub.pull(name, now=True) == []
    clock.ahead += timedelta(seconds=31)
    assert pubsub.take(name) == [b"one"]


def test_unacknowledged_messages_are_kept_as_long_as_the_subscription_says(pubsub: Pubsub, clock: MovableClock) -> None:
    topic = pubsub.topic("orders")
    week = pubsub.subscription("week", topic)
    hour = pubsub.subscription("hour", topic, message_retention_duration=Duration(seconds=3600))
    pubsub.publish(topic, b"one", b"two")
    clock.ahead += timedelta(hours=2)
    assert pubsub.pull(hour, now=True) == []
    assert pubsub.take(week, 1) == [b"one"]
    clock.ahead += timedelta(days=7)
    assert pubsub.pull(week, now=True) == []


def test_an_expired_message_lets_the_next_of_its_key_go(pubsub: Pubsub, clock: MovableClock) -> None:
    topic = pubsub.topic("orders")
    policy = {"message_retention_duration": Duration(seconds=3600), "enable_message_ordering": True}
    name = pubsub.subscription("all", topic, **policy)
    pubsub.publish(topic, b"old", key="k")
    clock.ahead += timedelta(hours=2)
    pubsub.publish(topic, b"new", key="k")
    assert pubsub.take(name, now=True) == [b"new"]


def _lease(row: int, size: int, until: float) -> Lease:
    return Lease(row, PubsubMessage(data=b"x" * size), 1, until)


def test_flow_control_counts_messages_bytes_and_ends_of_leases() -> None:
    flow = Flow(messages=2, size=0)
    assert flow.room(now=0) == 2
    flow.hold(_lease(1, 10, until=5))
    flow.hold(_lease(2, 10, until=9))
    assert (flow.room(now=1), flow.first_end) == (0, 5)
    assert flow.room(now=6) == 1
    assert flow.release(2)
    assert not flow.release(2)
    assert flow.room(now=6) == 2

    flow = Flow(messages=0, size=25)
    flow.hold(_lease(1, 20, until=5))
    assert flow.room(now=1) > 0
    flow.hold(_lease(2, 20, until=5))
    assert flow.room(now=1) == 0
    flow.extend(1, until=50)
    assert flow.room(now=6) > 0
    assert flow.first_end == 50
