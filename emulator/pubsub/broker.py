"""What happens to messages, each step in one transaction, and who is woken by it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from emulator.clock import Clock
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry
from emulator.pubsub import backlog
from emulator.pubsub.backlog import Lease
from emulator.pubsub.cloudevent import PUBLISHED, published
from emulator.pubsub.database import Database
from emulator.pubsub.proto.v1 import PubsubMessage
from emulator.pubsub.resources import Queue, Resources

_SOURCE: Final = "CloudPubSubDeadLetterSource"


class Doorbells:
    """Who waits for a subscription's messages is woken when there may be some."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def ring(self, name: str) -> None:
        """Wake everybody who waits at the subscription."""
        for waiter in self._waiting.pop(name, ()):
            if not waiter.done():
                waiter.set_result(None)

    def ring_all(self) -> None:
        """Wake everybody: the clock was moved."""
        for name in list(self._waiting):
            self.ring(name)

    async def wait(self, name: str, seconds: float | None) -> None:
        """Return when it rings, or after so many seconds."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[name].add(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            waiter.cancel()
            self._waiting.get(name, set()).discard(waiter)


class Broker:
    """Publishing, leasing and acknowledging."""

    def __init__(
        self,
        database: Database,
        resources: Resources,
        registry: TriggerRegistry,
        functions: DeliveryQueue,
        clock: Clock,
    ) -> None:
        self.resources = resources
        self.doorbells = Doorbells()
        self._database = database
        self._registry = registry
        self._functions = functions
        self._clock = clock

    def now(self) -> float:
        """The present in seconds since the epoch."""
        return self._clock.now().timestamp()

    def publish(self, topic: str, messages: Sequence[PubsubMessage]) -> list[str]:
        """Keep the messages for all subscriptions and functions of the topic; their ids.

        The messages are changed: they get their id and time.
        """
        with self._database.transaction() as connection:
            ids = [self._publish(connection, topic, message) for message in messages]
        self._announce(topic)
        return ids

    def _publish(self, connection: sqlite3.Connection, topic: str, message: PubsubMessage) -> str:
        now = self._clock.now()
        row = backlog.insert(connection, message, now)
        backlog.fan_out(connection, row, message, self.resources.queues_of(topic), now.timestamp())
        _, project, _, topic_id = topic.split("/")
        for trigger in self._registry.matching(PUBLISHED, {"topic": topic_id}):
            self._functions.enqueue(
                connection,
                trigger,
                published(project, topic_id, trigger, message),
                now=now,
                ordering_key=message.ordering_key or None,
            )
        return message.message_id

    def _announce(self, topic: str) -> None:
        for queue in self.resources.queues_of(topic):
            self.doorbells.ring(queue.name)
        self._functions.wake()

    def lease(self, queue: Queue, limit: int, seconds: float) -> list[Lease]:
        """Hand out at most `limit` messages; what was tried often enough goes to the dead-letter topic instead."""
        while True:
            with self._database.transaction() as connection:
                taken = backlog.lease(connection, queue, limit, seconds, self.now())
                dead = self._dead(queue, taken.leases)
                for one in dead:
                    self._publish(
                        connection, queue.proto.dead_letter_policy.dead_letter_topic, _dead_letter(queue, one)
                    )
                backlog.remove(connection, queue, [one.row for one in dead], self.now(), retain=False)
            if dead:
                self._announce(queue.proto.dead_letter_policy.dead_letter_topic)
            leases = [one for one in taken.leases if one not in dead]
            # What was removed may have been all that was due, with others of its ordering key behind it.
            if leases or not (dead or taken.expired):
                return leases

    def _dead(self, queue: Queue, leases: Sequence[Lease]) -> list[Lease]:
        most = queue.most_attempts
        if most is None or not self.resources.has_topic(queue.proto.dead_letter_policy.dead_letter_topic):
            return []
        return [one for one in leases if one.attempts > most]

    def acknowledge(self, queue: Queue, rows: Iterable[int]) -> None:
        """Be done with the messages; what is no longer there is ignored, as in production."""
        with self._database.transaction() as connection:
            backlog.remove(connection, queue, rows, self.now(), retain=queue.proto.retain_acked_messages)
        if queue.proto.enable_message_ordering:
            self.doorbells.ring(queue.name)

    def extend(self, queue: Queue, deliveries: Iterable[tuple[int, int]], seconds: float) -> None:
        """Give the leases so many seconds from now."""
        with self._database.transaction() as connection:
            backlog.postpone(connection, queue, deliveries, self.now() + seconds)

    def give_back(self, queue: Queue, deliveries: Sequence[tuple[int, int]], pause: float = 0.0) -> None:
        """Deliver the messages again, at once or when the retry policy or `pause` (seconds) says."""
        with self._database.transaction() as connection:
            for row, attempts in deliveries:
                wait = max(pause, backlog.policy_pause(queue, attempts))
                backlog.postpone(connection, queue, [(row, attempts)], self.now() + wait)
        self.doorbells.ring(queue.name)

    def seek(self, queue: Queue, to: float) -> None:
        """Go to a time, in seconds since the epoch."""
        with self._database.transaction() as connection:
            backlog.seek(connection, queue, to, self.now())
        self.doorbells.ring(queue.name)

    def sweep(self) -> None:
        """Drop what is too old."""
        with self._database.transaction() as connection:
            backlog.sweep(connection, list(self.resources.queues), self.now())

    def next_due(self, queue: Queue) -> float | None:
        """Seconds until the next message becomes due by itself."""
        now = self.now()
        due = backlog.next_due(self._database.connection, queue, now)
        return None if due is None else max(0.001, due - now)


def _dead_letter(queue: Queue, lease: Lease) -> PubsubMessage:
    message = PubsubMessage()
    message.CopyFrom(lease.message)
    _, project, _, name = queue.name.split("/")
    message.attributes[f"{_SOURCE}DeliveryCount"] = str(lease.attempts - 1)
    message.attributes[f"{_SOURCE}Subscription"] = name
    message.attributes[f"{_SOURCE}SubscriptionProject"] = project
    message.attributes[f"{_SOURCE}TopicPublishTime"] = lease.message.publish_time.ToJsonString()
    return message
