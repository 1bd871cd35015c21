"""Topics and subscriptions: in memory, with every change written through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.pubsub.database import Database
from emulator.pubsub.errors import already_exists, not_found
from emulator.pubsub.filters import Filter, compile_filter
from emulator.pubsub.names import DELETED_TOPIC
from emulator.pubsub.proto.v1 import Subscription, Topic

_DEFAULT_ATTEMPTS = 5  # of a dead-letter policy that does not say


@dataclass(frozen=True, slots=True)
class Queue:
    """A subscription as the backlog knows it."""

    id: int
    proto: Subscription
    accepts: Filter

    @property
    def name(self) -> str:
        """Its full name."""
        return self.proto.name

    @property
    def is_push(self) -> bool:
        """Whether messages are posted to an endpoint."""
        return bool(self.proto.push_config.push_endpoint)

    @property
    def most_attempts(self) -> int | None:
        """Deliveries after which a message goes to the dead-letter topic; None without one."""
        if not self.proto.HasField("dead_letter_policy"):
            return None
        return self.proto.dead_letter_policy.max_delivery_attempts or _DEFAULT_ATTEMPTS


class Resources:
    """What was created."""

    def __init__(self, database: Database) -> None:
        self._database = database
        connection = database.connection
        self._topics = {
            name: Topic.FromString(proto) for name, proto in connection.execute("select name, proto from topics")
        }
        self._queues = {
            queue.name: queue
            for queue in (
                _queue(row, Subscription.FromString(proto))
                for row, proto in connection.execute("select id, proto from subscriptions")
            )
        }

    @property
    def topics(self) -> Iterable[Topic]:
        """All topics."""
        return self._topics.values()

    @property
    def queues(self) -> Iterable[Queue]:
        """All subscriptions."""
        return self._queues.values()

    def topic(self, name: str) -> Topic:
        """The topic.

        Raises:
            PubsubError: NOT_FOUND.
        """
        if name not in self._topics:
            raise not_found(name)
        return self._topics[name]

    def has_topic(self, name: str) -> bool:
        """Whether the topic exists."""
        return name in self._topics

    def add_topic(self, topic: Topic) -> None:
        """Keep a new topic.

        Raises:
            PubsubError: ALREADY_EXISTS.
        """
        if topic.name in self._topics:
            raise already_exists(topic.name)
        self.set_topic(topic)

    def set_topic(self, topic: Topic) -> None:
        """Write a topic, in the place of the one with its name."""
        with self._database.transaction() as connection:
            connection.execute("insert or replace into topics values (?, ?)", (topic.name, topic.SerializeToString()))
        self._topics[topic.name] = topic

    def remove_topic(self, name: str) -> None:
        """Remove the topic. Its subscriptions stay with what they have, on a topic that is gone."""
        self.topic(name)
        orphans = []
        with self._database.transaction() as connection:
            connection.execute("delete from topics where name = ?", (name,))
            for queue in self.queues_of(name):
                proto = Subscription()
                proto.CopyFrom(queue.proto)
                proto.topic = DELETED_TOPIC
                connection.execute(
                    "update subscriptions set proto = ? where id = ?", (proto.SerializeToString(), queue.id)
                )
                orphans.append(Queue(queue.id, proto, queue.accepts))
        del self._topics[name]
        self._queues |= {orphan.name: orphan for orphan in orphans}

    def queues_of(self, topic: str) -> list[Queue]:
        """The subscriptions of a topic by name."""
        found = (queue for queue in self._queues.values() if queue.proto.topic == topic and not queue.proto.detached)
        return sorted(found, key=lambda queue: queue.name)

    def queue(self, name: str) -> Queue:
        """The subscription.

        Raises:
            PubsubError: NOT_FOUND.
        """
        if name not in self._queues:
            raise not_found(name)
        return self._queues[name]

    def add_queue(self, proto: Subscription) -> None:
        """Keep a new subscription.

        Raises:
            PubsubError: ALREADY_EXISTS; INVALID_ARGUMENT for its filter.
        """
        if proto.name in self._queues:
            raise already_exists(proto.name)
        queue = _queue(0, proto)
        with self._database.transaction() as connection:
            row = connection.execute(
                "insert into subscriptions (name, proto) values (?, ?)", (proto.name, proto.SerializeToString())
            ).lastrowid
        self._queues[proto.name] = Queue(row or 0, proto, queue.accepts)

    def set_queue(self, proto: Subscription) -> None:
        """Write a subscription in the place of the one with its name."""
        queue = _queue(self.queue(proto.name).id, proto)
        with self._database.transaction() as connection:
            connection.execute("update subscriptions set proto = ? where id = ?", (proto.SerializeToString(), queue.id))
        self._queues[proto.name] = queue

    def remove_queue(self, name: str) -> None:
        """Remove the subscription; what it had goes with it."""
        queue = self.queue(name)
        with self._database.transaction() as connection:
            connection.execute("delete from subscriptions where id = ?", (queue.id,))
        del self._queues[name]


def _queue(row: int, proto: Subscription) -> Queue:
    return Queue(row, proto, compile_filter(proto.filter))
