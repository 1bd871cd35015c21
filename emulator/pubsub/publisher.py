"""The Publisher service."""

from __future__ import annotations

from emulator.pubsub.broker import Broker
from emulator.pubsub.names import page
from emulator.pubsub.proto.v1 import (
    DeleteTopicRequest,
    DetachSubscriptionRequest,
    DetachSubscriptionResponse,
    Empty,
    GetTopicRequest,
    ListTopicsRequest,
    ListTopicsResponse,
    ListTopicSubscriptionsRequest,
    ListTopicSubscriptionsResponse,
    PublishRequest,
    PublishResponse,
    Subscription,
    Topic,
    UpdateTopicRequest,
)
from emulator.pubsub.validation import check_publish, check_topic, updated


class Publisher:
    """Topics, and publishing to them."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._resources = broker.resources

    async def create_topic(self, request: Topic) -> Topic:
        """`topics.create`."""
        check_topic(request)
        request.state = Topic.ACTIVE
        self._resources.add_topic(request)
        return request

    async def update_topic(self, request: UpdateTopicRequest) -> Topic:
        """`topics.patch`."""
        topic = updated(request.topic, self._resources.topic(request.topic.name), request.update_mask)
        check_topic(topic)
        self._resources.set_topic(topic)
        return topic

    async def get_topic(self, request: GetTopicRequest) -> Topic:
        """`topics.get`."""
        return self._resources.topic(request.topic)

    async def list_topics(self, request: ListTopicsRequest) -> ListTopicsResponse:
        """`topics.list`."""
        topics, token = page(self._resources.topics, request.project, request.page_size, request.page_token)
        return ListTopicsResponse(topics=topics, next_page_token=token)

    async def list_topic_subscriptions(self, request: ListTopicSubscriptionsRequest) -> ListTopicSubscriptionsResponse:
        """`topics.subscriptions.list`."""
        self._resources.topic(request.topic)
        protos = [queue.proto for queue in self._resources.queues_of(request.topic)]
        found, token = page(protos, "projects", request.page_size, request.page_token)
        return ListTopicSubscriptionsResponse(subscriptions=[one.name for one in found], next_page_token=token)

    async def delete_topic(self, request: DeleteTopicRequest) -> Empty:
        """`topics.delete`."""
        self._resources.remove_topic(request.topic)
        return Empty()

    async def detach_subscription(self, request: DetachSubscriptionRequest) -> DetachSubscriptionResponse:
        """`subscriptions.detach`: it gets nothing more, and can deliver nothing more."""
        detached = Subscription()
        detached.CopyFrom(self._resources.queue(request.subscription).proto)
        detached.detached = True
        self._resources.set_queue(detached)
        self._broker.doorbells.ring(detached.name)
        return DetachSubscriptionResponse()

    async def publish(self, request: PublishRequest) -> PublishResponse:
        """`topics.publish`."""
        self._resources.topic(request.topic)
        check_publish(request)
        return PublishResponse(message_ids=self._broker.publish(request.topic, request.messages))
