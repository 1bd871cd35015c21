from __future__ import annotations

import base64
import json
from collections import Counter

from google.protobuf.duration_pb2 import Duration

from tests.emulator.pubsub.conftest import Pubsub
from tests.emulator.support import Received, eventually


def bodies(received: list[Received]) -> list[bytes]:
    return [base64.b64decode(json.loads(one.body)["message"]["data"]) for one in received]


def test_messages_are_posted_wrapped_until_the_endpoint_takes_them(pubsub: Pubsub) -> None:
    answers = iter([500, 503, 204])
    pubsub.functions.answer = lambda _: next(answers)
    topic = pubsub.topic("orders")
    push = {"push_endpoint": f"{pubsub.functions.url}/hook"}
    name = pubsub.subscription("all", topic, push_config=push)
    (message_id,) = pubsub.publish(topic, b"hello", colour="blue")
    posts = eventually(lambda: pubsub.functions.received[2:] and pubsub.functions.received)
    assert len({one.body for one in posts}) == 1
    body = json.loads(posts[0].body)
    assert body["subscription"] == name
    message = body["message"]
    assert message.pop("publishTime") == message.pop("publish_time")
    assert message == {
        "data": base64.b64encode(b"hello").decode(),
        "attributes": {"colour": "blue"},
        "messageId": message_id,
        "message_id": message_id,
    }


def test_a_pushed_message_that_fails_too_often_becomes_a_dead_letter(pubsub: Pubsub) -> None:
    pubsub.functions.answer = lambda _: 500
    topic, dead = pubsub.topic("orders"), pubsub.topic("dead")
    graves = pubsub.subscription("graves", dead)
    pubsub.subscription(
        "all",
        topic,
        push_config={"push_endpoint": f"{pubsub.functions.url}/hook"},
        dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": 5},
        retry_policy={"minimum_backoff": Duration(nanos=1_000_000), "maximum_backoff": Duration(nanos=2_000_000)},
    )
    pubsub.publish(topic, b"poison")
    # A pull may come back empty before the message is there, as it may in production.
    pulled = next(filter(None, (pubsub.take(graves) for _ in range(10))), [])
    assert pulled == [b"poison"]
    assert [json.loads(one.body)["deliveryAttempt"] for one in pubsub.functions.received] == [1, 2, 3, 4, 5]


def test_pushes_keep_the_order_of_a_key_past_failures(pubsub: Pubsub) -> None:
    seen: Counter[bytes] = Counter()

    def answer(one: Received) -> int:
        seen[one.body] += 1
        return 500 if seen[one.body] == 1 else 200

    pubsub.functions.answer = answer
    topic = pubsub.topic("orders")
    push = {"push_endpoint": f"{pubsub.functions.url}/hook"}
    pubsub.subscription("all", topic, push_config=push, enable_message_ordering=True)
    pubsub.publish(topic, b"1", b"2", b"3", key="k")
    eventually(lambda: len(pubsub.functions.received) >= 6)
    assert bodies(pubsub.functions.received) == [b"1", b"1", b"2", b"2", b"3", b"3"]


def test_bare_pushes_carry_the_data_and_the_metadata_in_headers(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    push = {"push_endpoint": f"{pubsub.functions.url}/hook", "no_wrapper": {"write_metadata": True}}
    name = pubsub.subscription("all", topic, push_config=push)
    (message_id,) = pubsub.publish(topic, b"\x00hello", colour="blue", evil="a\r\nb: c")
    (post,) = eventually(lambda: pubsub.functions.received)
    assert post.body == b"\x00hello"
    assert post.headers["x-goog-pubsub-subscription-name"] == name
    assert post.headers["x-goog-pubsub-message-id"] == message_id
    assert post.headers["colour"] == "blue"
    assert "evil" not in post.headers


def test_a_subscription_turns_from_pull_to_push_and_back(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"one")
    push = {"push_endpoint": f"{pubsub.functions.url}/hook"}
    pubsub.subscriber.modify_push_config(subscription=name, push_config=push)
    eventually(lambda: bodies(pubsub.functions.received) == [b"one"])
    pubsub.subscriber.modify_push_config(subscription=name, push_config={})
    pubsub.publish(topic, b"two")
    assert pubsub.take(name) == [b"two"]
