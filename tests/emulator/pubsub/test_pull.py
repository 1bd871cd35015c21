from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument, NotFound
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl
from google.protobuf.duration_pb2 import Duration

from tests.emulator.pubsub.conftest import PROJECT, Pubsub
from tests.emulator.support import eventually


def test_what_is_published_is_pulled_by_every_subscription_until_acknowledged(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    first, second = pubsub.subscription("first", topic), pubsub.subscription("second", topic)
    ids = pubsub.publish(topic, b"one", b"two", colour="blue")
    response = pubsub.subscriber.pull(subscription=first, max_messages=10)
    assert [one.message.data for one in response.received_messages] == [b"one", b"two"]
    assert [one.message.message_id for one in response.received_messages] == ids
    assert dict(response.received_messages[0].message.attributes) == {"colour": "blue"}
    age = datetime.now(UTC) - response.received_messages[0].message.publish_time
    assert abs(age.total_seconds()) < 60
    assert pubsub.take(second) == [b"one", b"two"]
    assert pubsub.take(second, now=True) == []


def test_a_subscription_gets_only_what_is_published_after_it(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    pubsub.publish(topic, b"before")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"after")
    assert pubsub.take(name) == [b"after"]


def test_a_pull_waits_for_a_message(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.extend(pubsub.take(name)))
    waiting.start()
    pubsub.publish(topic, b"late")
    waiting.join()
    assert got == [b"late"]


def test_a_message_that_is_given_back_comes_again_and_an_acknowledged_one_does_not(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"one")
    (_, first, _) = pubsub.pull(name)[0]
    assert pubsub.pull(name, now=True) == []
    pubsub.give_back(name, first)
    (data, second, _) = pubsub.pull(name)[0]
    assert data == b"one"
    pubsub.give_back(name, first)  # the first delivery is over: this touches nothing
    assert pubsub.pull(name, now=True) == []
    pubsub.subscriber.acknowledge(subscription=name, ack_ids=[second])
    pubsub.give_back(name, second)
    assert pubsub.pull(name, now=True) == []


def test_answers_that_mean_nothing_are_refused(pubsub: Pubsub) -> None:
    name = pubsub.subscription("all", pubsub.topic("orders"))
    for ack_ids in ([], ["nonsense"], ["x-y"]):
        with pytest.raises(InvalidArgument):
            pubsub.subscriber.acknowledge(subscription=name, ack_ids=ack_ids)
    with pytest.raises(InvalidArgument):
        pubsub.subscriber.modify_ack_deadline(subscription=name, ack_ids=["1-1"], ack_deadline_seconds=601)
    with pytest.raises(InvalidArgument):
        pubsub.pull(name, 0)
    with pytest.raises(NotFound):
        pubsub.pull(f"projects/{PROJECT}/subscriptions/absent")


def test_messages_with_one_ordering_key_come_one_after_the_other(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic, enable_message_ordering=True)
    pubsub.publish(topic, b"k1", b"k2", key="k")
    pubsub.publish(topic, b"l1", key="l")
    pubsub.publish(topic, b"free")
    got = pubsub.pull(name)
    assert [data for data, _, _ in got] == [b"k1", b"l1", b"free"]
    assert pubsub.pull(name, now=True) == []
    pubsub.give_back(name, got[0][1])
    assert pubsub.take(name) == [b"k1"]
    assert pubsub.take(name) == [b"k2"]


def test_a_message_that_fails_too_often_becomes_a_dead_letter(pubsub: Pubsub) -> None:
    topic, dead = pubsub.topic("orders"), pubsub.topic("dead")
    graves = pubsub.subscription("graves", dead)
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    name = pubsub.subscription("all", topic, dead_letter_policy=policy)
    pubsub.publish(topic, b"poison", colour="blue")
    for attempt in range(1, 6):
        ((data, ack_id, number),) = pubsub.pull(name)
        assert (data, number) == (b"poison", attempt)
        pubsub.give_back(name, ack_id)
    assert pubsub.pull(name, now=True) == []
    (one,) = pubsub.subscriber.pull(subscription=graves, max_messages=5).received_messages
    attributes = dict(one.message.attributes)
    assert one.message.data == b"poison"
    assert attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime").endswith("Z")
    assert attributes == {
        "colour": "blue",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "all",
        "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT,
    }


def test_a_dead_letter_lets_the_next_of_its_key_go(pubsub: Pubsub) -> None:
    topic, dead = pubsub.topic("orders"), pubsub.topic("dead")
    policy = {"dead_letter_topic": dead, "max_delivery_attempts": 5}
    name = pubsub.subscription("all", topic, dead_letter_policy=policy, enable_message_ordering=True)
    pubsub.publish(topic, b"poison", b"good", key="k")
    for _ in range(5):
        ((data, ack_id, _),) = pubsub.pull(name)
        assert data == b"poison"
        pubsub.give_back(name, ack_id)
    assert pubsub.take(name, now=True) == [b"good"]


def test_a_retry_policy_makes_a_failed_message_wait(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    policy = {"minimum_backoff": Duration(nanos=300_000_000), "maximum_backoff": Duration(seconds=1)}
    name = pubsub.subscription("all", topic, retry_policy=policy)
    pubsub.publish(topic, b"one")
    pubsub.give_back(name, pubsub.pull(name)[0][1])
    assert pubsub.pull(name, now=True) == []
    assert pubsub.take(name) == [b"one"]


def test_filters_choose_messages_by_attributes(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("blue", topic, filter='attributes.colour = "blue" AND NOT attributes:secret')
    pubsub.publish(topic, b"blue", colour="blue")
    pubsub.publish(topic, b"red", colour="red")
    pubsub.publish(topic, b"secret", colour="blue", secret="")
    pubsub.publish(topic, b"plain")
    assert pubsub.take(name) == [b"blue"]
    assert pubsub.take(name, now=True) == []


def test_seeking_forward_acknowledges_and_backward_brings_retained_messages_again(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    kept = pubsub.subscription("kept", topic, retain_acked_messages=True)
    plain = pubsub.subscription("plain", topic)
    start = datetime.now(UTC)
    pubsub.publish(topic, b"one", b"two")
    assert pubsub.take(kept) == pubsub.take(plain) == [b"one", b"two"]
    for name in (kept, plain):
        pubsub.subscriber.seek(request={"subscription": name, "time": start})
    assert pubsub.take(kept) == [b"one", b"two"]
    assert pubsub.take(plain, now=True) == []
    pubsub.publish(topic, b"three")
    for name in (kept, plain):
        pubsub.subscriber.seek(request={"subscription": name, "time": datetime.now(UTC)})
        assert pubsub.pull(name, now=True) == []
    pubsub.subscriber.seek(request={"subscription": kept, "time": start})
    assert pubsub.take(kept) == [b"one", b"two", b"three"]


def test_a_detached_subscription_delivers_no_more(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publisher.detach_subscription(request={"subscription": name})
    with pytest.raises(FailedPrecondition):
        pubsub.pull(name)


def test_the_streaming_client_gets_everything_and_its_acknowledgements_count(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, *[b"%d" % number for number in range(50)])
    got: list[bytes] = []

    def take(message: Message) -> None:
        got.append(message.data)
        message.ack()

    stream = pubsub.subscriber.subscribe(name, take, flow_control=FlowControl(max_messages=5))
    futures = [pubsub.publisher.publish(topic, b"%d" % number) for number in range(50, 300)]
    assert len({future.result() for future in futures}) == 250
    eventually(lambda: len(got) >= 300)
    stream.cancel()
    stream.result()
    assert sorted(got, key=int) == [b"%d" % number for number in range(300)]
    assert pubsub.take(name, now=True) == []


def test_the_streaming_client_keeps_the_order_of_a_key(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic, enable_message_ordering=True)
    got: list[bytes] = []
    refused: list[bytes] = []

    def take(message: Message) -> None:
        if message.data == b"3" and not refused:
            refused.append(message.data)
            message.nack()
            return
        got.append(message.data)
        message.ack()

    stream = pubsub.subscriber.subscribe(name, take)
    futures = [pubsub.publisher.publish(topic, b"%d" % number, ordering_key="k") for number in range(12)]
    assert all(future.result() for future in futures)
    eventually(lambda: len(got) >= 12)
    stream.cancel()
    stream.result()
    assert got == [b"%d" % number for number in range(12)]
    assert refused == [b"3"]


def test_a_stream_ends_when_its_subscription_is_deleted(pubsub: Pubsub) -> None:
    name = pubsub.subscription("all", pubsub.topic("orders"))
    stream = pubsub.subscriber.subscribe(name, lambda message: message.ack())
    pubsub.subscriber.delete_subscription(subscription=name)
    with pytest.raises(NotFound):
        stream.result(timeout=20)
