"""The Subscriber service, but for the streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from emulator.pubsub.backlog import Lease, parse_ack_id
from emulator.pubsub.broker import Broker
from emulator.pubsub.errors import failed_precondition, invalid, unimplemented
from emulator.pubsub.names import page
from emulator.pubsub.proto.v1 import (
    AcknowledgeRequest,
    DeleteSubscriptionRequest,
    Empty,
    GetSubscriptionRequest,
    ListSubscriptionsRequest,
    ListSubscriptionsResponse,
    ModifyAckDeadlineRequest,
    ModifyPushConfigRequest,
    PullRequest,
    PullResponse,
    ReceivedMessage,
    SeekRequest,
    SeekResponse,
    Subscription,
    UpdateSubscriptionRequest,
)
from emulator.pubsub.resources import Queue
from emulator.pubsub.validation import check_push, check_subscription, updated

_DEFAULT_DEADLINE: Final = 10
_DEFAULT_RETENTION: Final = 7 * 86_400
_DEFAULT_EXPIRATION: Final = 31 * 86_400
_LONGEST_DEADLINE: Final = 600
_MOST_AT_ONCE: Final = 1000
_PATIENCE: Final = 5.0  # seconds that a pull waits for a first message


class Subscriber:
    """Subscriptions, and taking messages from them.

    `push_changed` is called when a subscription comes, goes, or changes its endpoint.
    """

    def __init__(self, broker: Broker, push_changed: Callable[[], None]) -> None:
        self._broker = broker
        self._resources = broker.resources
        self._push_changed = push_changed

    async def create_subscription(self, request: Subscription) -> Subscription:
        """`subscriptions.create`."""
        request.ack_deadline_seconds = request.ack_deadline_seconds or _DEFAULT_DEADLINE
        if not request.HasField("message_retention_duration"):
            request.message_retention_duration.FromSeconds(_DEFAULT_RETENTION)
        if not request.HasField("expiration_policy"):
            request.expiration_policy.ttl.FromSeconds(_DEFAULT_EXPIRATION)
        check_subscription(request)
        self._resources.topic(request.topic)
        request.push_config.SetInParent()
        request.state = Subscription.ACTIVE
        self._resources.add_queue(request)
        self._push_changed()
        return request

    async def get_subscription(self, request: GetSubscriptionRequest) -> Subscription:
        """`subscriptions.get`."""
        return self._resources.queue(request.subscription).proto

    async def update_subscription(self, request: UpdateSubscriptionRequest) -> Subscription:
        """`subscriptions.patch`."""
        current = self._resources.queue(request.subscription.name).proto
        subscription = updated(request.subscription, current, request.update_mask)
        check_subscription(subscription)
        self._change(subscription)
        return subscription

    async def modify_push_config(self, request: ModifyPushConfigRequest) -> Empty:
        """`subscriptions.modifyPushConfig`: to another endpoint, or to pull with an empty one."""
        check_push(request.push_config)
        subscription = Subscription()
        subscription.CopyFrom(self._resources.queue(request.subscription).proto)
        subscription.push_config.CopyFrom(request.push_config)
        self._change(subscription)
        return Empty()

    def _change(self, subscription: Subscription) -> None:
        self._resources.set_queue(subscription)
        self._push_changed()
        self._broker.doorbells.ring(subscription.name)

    async def list_subscriptions(self, request: ListSubscriptionsRequest) -> ListSubscriptionsResponse:
        """`subscriptions.list`."""
        protos = [queue.proto for queue in self._resources.queues]
        found, token = page(protos, request.project, request.page_size, request.page_token)
        return ListSubscriptionsResponse(subscriptions=found, next_page_token=token)

    async def delete_subscription(self, request: DeleteSubscriptionRequest) -> Empty:
        """`subscriptions.delete`."""
        self._resources.remove_queue(request.subscription)
        self._push_changed()
        self._broker.doorbells.ring(request.subscription)
        return Empty()

    async def acknowledge(self, request: AcknowledgeRequest) -> Empty:
        """`subscriptions.acknowledge`."""
        queue = self._resources.queue(request.subscription)
        self._broker.acknowledge(queue, [row for row, _ in deliveries(request.ack_ids)])
        return Empty()

    async def modify_ack_deadline(self, request: ModifyAckDeadlineRequest) -> Empty:
        """`subscriptions.modifyAckDeadline`; 0 seconds gives the messages back."""
        queue = self._resources.queue(request.subscription)
        move_deadline(self._broker, queue, deliveries(request.ack_ids), request.ack_deadline_seconds)
        return Empty()

    async def pull(self, request: PullRequest) -> PullResponse:
        """`subscriptions.pull`: what there is, or what comes within a few seconds."""
        if request.max_messages < 1:
            raise invalid(f"The value for max_messages is too small. You passed {request.max_messages} in the request.")
        limit = min(request.max_messages, _MOST_AT_ONCE)
        give_up = self._broker.now() + _PATIENCE
        while True:
            queue = pullable(self._resources.queue(request.subscription))
            leases = self._broker.lease(queue, limit, queue.proto.ack_deadline_seconds)
            patience = give_up - self._broker.now()
            if leases or request.return_immediately or patience <= 0:
                return PullResponse(received_messages=[received(queue, one) for one in leases])
            due = self._broker.next_due(queue)
            await self._broker.doorbells.wait(queue.name, patience if due is None else min(due, patience))

    async def seek(self, request: SeekRequest) -> SeekResponse:
        """`subscriptions.seek`, to a time."""
        queue = self._resources.queue(request.subscription)
        if not request.HasField("time"):
            raise unimplemented("The local Pub/Sub seeks to a time; it has no snapshots.")
        self._broker.seek(queue, request.time.ToNanoseconds() / 1e9)
        return SeekResponse()


def deliveries(ack_ids: Iterable[str]) -> list[tuple[int, int]]:
    """The row and number of each delivery that is meant.

    Raises:
        PubsubError: INVALID_ARGUMENT, one is no ack id or there is none.
    """
    found = []
    for ack_id in ack_ids:
        if (delivery := parse_ack_id(ack_id)) is None:
            raise invalid(f"You have passed an invalid ack ID to the service (ack_id={ack_id[:100]}).")
        found.append(delivery)
    if not found:
        raise invalid("No ack ids specified.")
    return found


def move_deadline(broker: Broker, queue: Queue, chosen: list[tuple[int, int]], seconds: int) -> None:
    """Move the end of the leases to so many seconds from now.

    Raises:
        PubsubError: INVALID_ARGUMENT, it is too long or negative.
    """
    if not 0 <= seconds <= _LONGEST_DEADLINE:
        raise invalid(f"Invalid ack deadline given: (value={seconds}), not 0 to {_LONGEST_DEADLINE}.")
    if seconds:
        broker.extend(queue, chosen, seconds)
    else:
        broker.give_back(queue, chosen)


def pullable(queue: Queue) -> Queue:
    """The subscription, if clients may take messages from it.

    Raises:
        PubsubError: FAILED_PRECONDITION, it pushes or is detached.
    """
    if queue.is_push:
        raise failed_precondition(
            f"This method is not supported for this subscription type (resource={queue.name}): it pushes."
        )
    if queue.proto.detached:
        raise failed_precondition(f"Subscription is detached (resource={queue.name}).")
    return queue


def received(queue: Queue, lease: Lease) -> ReceivedMessage:
    """The message as a subscriber gets it."""
    attempt = lease.attempts if queue.most_attempts is not None else 0
    return ReceivedMessage(ack_id=lease.ack_id, message=lease.message, delivery_attempt=attempt)
