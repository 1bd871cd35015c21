"""Streaming pulls, with the client's flow control."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from emulator.pubsub.backlog import Lease
from emulator.pubsub.broker import Broker
from emulator.pubsub.errors import invalid
from emulator.pubsub.proto.v1 import (
    AcknowledgeRequest,
    Empty,
    ModifyAckDeadlineRequest,
    StreamingPullRequest,
    StreamingPullResponse,
)
from emulator.pubsub.resources import Queue
from emulator.pubsub.subscriber import Subscriber, deliveries, move_deadline, pullable, received

_BATCH: Final = 100
_SHORTEST: Final = 10
_LONGEST: Final = 600


class Flow:
    """What one stream has in its client's hands; limits of 0 are none."""

    def __init__(self, messages: int, size: int) -> None:
        self._most_messages = messages
        self._most_bytes = size
        self._held: dict[int, tuple[int, float]] = {}  # row to size and end of lease
        self._bytes = 0

    def room(self, now: float) -> int:
        """How many messages may still go, at most a batch."""
        for row in [row for row, (_, until) in self._held.items() if until <= now]:
            self.release(row)
        if self._most_bytes > 0 and self._bytes >= self._most_bytes:
            return 0
        return min(_BATCH, self._most_messages - len(self._held)) if self._most_messages > 0 else _BATCH

    def hold(self, lease: Lease) -> None:
        """The message went out."""
        size = lease.message.ByteSize()
        self._held[lease.row] = (size, lease.until)
        self._bytes += size

    def release(self, row: int) -> bool:
        """The message came back; False when it was not out."""
        held = self._held.pop(row, None)
        if held is None:
            return False
        self._bytes -= held[0]
        return True

    def extend(self, row: int, until: float) -> None:
        """The lease of the message ends later (or sooner) now."""
        if row in self._held:
            self._held[row] = (self._held[row][0], until)

    @property
    def first_end(self) -> float | None:
        """When the first lease runs out."""
        return min((until for _, until in self._held.values()), default=None)


class StreamingSubscriber(Subscriber):
    """The Subscriber service whole. Acknowledgements by any call count for the streams that gave the messages out."""

    def __init__(self, broker: Broker, push_changed: Callable[[], None]) -> None:
        super().__init__(broker, push_changed)
        self._flows: dict[str, set[Flow]] = {}

    async def acknowledge(self, request: AcknowledgeRequest) -> Empty:
        """`subscriptions.acknowledge`."""
        answer = await super().acknowledge(request)
        self._release(request.subscription, request.ack_ids)
        return answer

    async def modify_ack_deadline(self, request: ModifyAckDeadlineRequest) -> Empty:
        """`subscriptions.modifyAckDeadline`."""
        answer = await super().modify_ack_deadline(request)
        self._extend(request.subscription, request.ack_ids, request.ack_deadline_seconds)
        return answer

    async def streaming_pull(
        self, requests: AsyncIterator[StreamingPullRequest]
    ) -> AsyncIterator[StreamingPullResponse]:
        """`subscriptions.streamingPull`."""
        first = await anext(requests)
        stream = _Stream(self, self._broker, first)
        flows = self._flows.setdefault(first.subscription, set())
        flows.add(stream.flow)
        listening = asyncio.create_task(stream.listen(requests))
        listening.add_done_callback(lambda _: self._broker.doorbells.ring(first.subscription))
        try:
            while not listening.done():
                if (response := stream.next_response()) is not None:
                    yield response
                else:
                    await self._broker.doorbells.wait(first.subscription, stream.patience())
            listening.result()
        finally:
            listening.cancel()
            flows.discard(stream.flow)

    def take(self, queue: Queue, request: StreamingPullRequest) -> None:
        """The acknowledgements and deadlines that a client sends on its stream."""
        if len(request.modify_deadline_ack_ids) != len(request.modify_deadline_seconds):
            raise invalid("modify_deadline_ack_ids and modify_deadline_seconds must be of one length.")
        if request.ack_ids:
            self._broker.acknowledge(queue, [row for row, _ in deliveries(request.ack_ids)])
            self._release(queue.name, request.ack_ids)
        for ack_id, seconds in zip(request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=True):
            move_deadline(self._broker, queue, deliveries([ack_id]), seconds)
            self._extend(queue.name, [ack_id], seconds)

    def _release(self, subscription: str, ack_ids: Iterable[str]) -> None:
        rows = [row for row, _ in deliveries(ack_ids)]
        for flow in self._flows.get(subscription, ()):
            if sum(flow.release(row) for row in rows):
                self._broker.doorbells.ring(subscription)

    def _extend(self, subscription: str, ack_ids: Iterable[str], seconds: int) -> None:
        if not seconds:
            self._release(subscription, ack_ids)
            return
        until = self._broker.now() + seconds
        for flow in self._flows.get(subscription, ()):
            for row, _ in deliveries(ack_ids):
                flow.extend(row, until)


class _Stream:
    """One client's stream."""

    def __init__(self, subscriber: StreamingSubscriber, broker: Broker, first: StreamingPullRequest) -> None:
        self._subscriber = subscriber
        self._broker = broker
        self._name = first.subscription
        self._set_deadline(first.stream_ack_deadline_seconds)
        self.flow = Flow(first.max_outstanding_messages, first.max_outstanding_bytes)
        self._queue()
        self._subscriber.take(self._queue(), first)

    def _queue(self) -> Queue:
        return pullable(self._broker.resources.queue(self._name))

    def _set_deadline(self, seconds: int) -> None:
        if not _SHORTEST <= seconds <= _LONGEST:
            raise invalid(f"Invalid stream_ack_deadline_seconds: {seconds}, not {_SHORTEST} to {_LONGEST}.")
        self._deadline = seconds

    async def listen(self, requests: AsyncIterator[StreamingPullRequest]) -> None:
        """Take what the client sends, until it has no more to say."""
        async for request in requests:
            if request.stream_ack_deadline_seconds:
                self._set_deadline(request.stream_ack_deadline_seconds)
            self._subscriber.take(self._queue(), request)

    def next_response(self) -> StreamingPullResponse | None:
        """The next messages; None when there are none or the client has enough."""
        queue = self._queue()
        room = self.flow.room(self._broker.now())
        leases = self._broker.lease(queue, room, self._deadline) if room > 0 else []
        if not leases:
            return None
        for lease in leases:
            self.flow.hold(lease)
        return StreamingPullResponse(
            received_messages=[received(queue, lease) for lease in leases],
            subscription_properties=StreamingPullResponse.SubscriptionProperties(
                exactly_once_delivery_enabled=queue.proto.enable_exactly_once_delivery,
                message_ordering_enabled=queue.proto.enable_message_ordering,
            ),
        )

    def patience(self) -> float | None:
        """Seconds after which something may have changed by itself."""
        end = self.flow.first_end
        due = self._broker.next_due(self._queue())
        waits = [] if due is None else [due]
        if end is not None:
            waits.append(max(0.001, end - self._broker.now()))
        return min(waits, default=None)
