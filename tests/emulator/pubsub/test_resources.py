from __future__ import annotations

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, MethodNotImplemented, NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from tests.emulator.pubsub.conftest import PROJECT, Pubsub


def test_topics_are_created_read_listed_changed_and_deleted(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    assert pubsub.publisher.get_topic(topic=topic).name == topic
    with pytest.raises(AlreadyExists, match="resource=orders"):
        pubsub.topic("orders")
    changed = pubsub.publisher.update_topic(
        request={"topic": {"name": topic, "labels": {"a": "b"}}, "update_mask": FieldMask(paths=["labels"])}
    )
    assert dict(changed.labels) == {"a": "b"}
    assert dict(pubsub.publisher.get_topic(topic=topic).labels) == {"a": "b"}
    pubsub.publisher.delete_topic(topic=topic)
    with pytest.raises(NotFound, match="resource=orders"):
        pubsub.publisher.get_topic(topic=topic)
    with pytest.raises(NotFound):
        pubsub.publisher.delete_topic(topic=topic)


def test_the_topics_of_triggers_exist_from_the_start(pubsub: Pubsub) -> None:
    names = [topic.name for topic in pubsub.publisher.list_topics(project=f"projects/{PROJECT}")]
    assert names == [f"projects/{PROJECT}/topics/analysis"]


def test_lists_come_in_pages_by_name(pubsub: Pubsub) -> None:
    names = sorted([pubsub.topic(f"topic-{number}") for number in range(7)] + [f"projects/{PROJECT}/topics/analysis"])
    pages = pubsub.publisher.list_topics(request={"project": f"projects/{PROJECT}", "page_size": 3}).pages
    assert [[topic.name for topic in page.topics] for page in pages] == [names[:3], names[3:6], names[6:]]
    assert list(pubsub.publisher.list_topics(project="projects/other")) == []


@pytest.mark.parametrize("name", ["ab", "1abc", "googabc", "a/b", "with space", "x" * 256, ""])
def test_names_that_production_refuses_are_refused(pubsub: Pubsub, name: str) -> None:
    with pytest.raises(InvalidArgument):
        pubsub.topic(name)
    with pytest.raises(InvalidArgument):
        pubsub.subscription(name, f"projects/{PROJECT}/topics/analysis")


def test_subscriptions_have_production_s_defaults(pubsub: Pubsub) -> None:
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    subscription = pubsub.subscriber.get_subscription(subscription=name)
    assert subscription.ack_deadline_seconds == 10
    assert subscription.message_retention_duration.days == 7
    assert subscription.expiration_policy.ttl.days == 31
    assert list(pubsub.publisher.list_topic_subscriptions(topic=topic)) == [name]
    assert [one.name for one in pubsub.subscriber.list_subscriptions(project=f"projects/{PROJECT}")] == [name]
    with pytest.raises(AlreadyExists):
        pubsub.subscription("all", topic)
    pubsub.subscriber.delete_subscription(subscription=name)
    with pytest.raises(NotFound):
        pubsub.subscriber.get_subscription(subscription=name)


def test_a_subscription_needs_its_topic_and_outlives_it(pubsub: Pubsub) -> None:
    with pytest.raises(NotFound, match="resource=absent"):
        pubsub.subscription("all", f"projects/{PROJECT}/topics/absent")
    topic = pubsub.topic("orders")
    name = pubsub.subscription("all", topic)
    pubsub.publish(topic, b"kept")
    pubsub.publisher.delete_topic(topic=topic)
    assert pubsub.subscriber.get_subscription(subscription=name).topic == "_deleted-topic_"
    assert pubsub.take(name) == [b"kept"]


def test_only_the_masked_and_mutable_fields_of_a_subscription_change(pubsub: Pubsub) -> None:
    name = pubsub.subscription("all", pubsub.topic("orders"))

    def update(*paths: str, **fields: object) -> object:
        request = {"subscription": {"name": name, **fields}, "update_mask": FieldMask(paths=paths)}
        return pubsub.subscriber.update_subscription(request=request)

    update("ack_deadline_seconds", ack_deadline_seconds=60, labels={"ignored": "yes"})
    policy = {"minimum_backoff": Duration(seconds=1), "maximum_backoff": Duration(seconds=2)}
    update("retry_policy", retry_policy=policy)
    changed = pubsub.subscriber.get_subscription(subscription=name)
    assert (changed.ack_deadline_seconds, dict(changed.labels)) == (60, {})
    assert changed.retry_policy.minimum_backoff.seconds == 1
    update("retry_policy")
    assert "retry_policy" not in pubsub.subscriber.get_subscription(subscription=name)
    for paths in ([], ["topic"], ["filter"], ["no_such_field"]):
        with pytest.raises(InvalidArgument):
            update(*paths, topic="t", filter="f")
    with pytest.raises(InvalidArgument):
        update("ack_deadline_seconds", ack_deadline_seconds=601)


@pytest.mark.parametrize(
    "wish",
    [
        {"ack_deadline_seconds": 9},
        {"ack_deadline_seconds": 601},
        {"message_retention_duration": Duration(seconds=599)},
        {"push_config": {"push_endpoint": "ftp://somewhere"}},
        {"push_config": {"push_endpoint": "no url"}},
        {"dead_letter_policy": {"dead_letter_topic": "nonsense"}},
        {"dead_letter_policy": {"dead_letter_topic": "projects/p/topics/dead", "max_delivery_attempts": 4}},
        {"retry_policy": {"minimum_backoff": Duration(seconds=601)}},
        {"filter": "attributes.a > 3"},
    ],
)
def test_wishes_that_production_refuses_are_refused(pubsub: Pubsub, wish: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        pubsub.subscription("all", f"projects/{PROJECT}/topics/analysis", **wish)


def test_what_only_production_has_is_refused_in_words(pubsub: Pubsub) -> None:
    with pytest.raises(MethodNotImplemented, match="bigquery_config"):
        pubsub.subscription("all", f"projects/{PROJECT}/topics/analysis", bigquery_config={"table": "p.d.t"})
    with pytest.raises(MethodNotImplemented, match="schema_settings"):
        pubsub.publisher.create_topic(
            request={"name": f"projects/{PROJECT}/topics/typed", "schema_settings": {"schema": "s"}}
        )


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"data": b"x", "attributes": {"googclient": "v"}},
        {"data": b"x", "attributes": {"": "v"}},
        {"data": b"x", "attributes": {"k" * 257: "v"}},
        {"data": b"x", "attributes": {"k": "v" * 1025}},
        {"data": b"x", "attributes": {f"k{number}": "v" for number in range(101)}},
        {"data": b"x", "ordering_key": "k" * 1025},
        {"data": b"x" * 10_000_001},
    ],
)
def test_messages_that_production_refuses_are_refused(pubsub: Pubsub, message: dict[str, object]) -> None:
    topic = pubsub.topic("orders")
    with pytest.raises(InvalidArgument):
        pubsub.publish_raw(topic, [{"data": b"good"}, message])
    with pytest.raises(InvalidArgument):
        pubsub.publish_raw(topic, [])


def test_publishing_to_an_absent_topic_is_refused(pubsub: Pubsub) -> None:
    with pytest.raises(NotFound, match="resource=absent"):
        pubsub.publish(f"projects/{PROJECT}/topics/absent", b"x")
