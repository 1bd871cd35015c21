"""Push subscriptions: each message is posted to the endpoint until it is acknowledged."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Final

import aiohttp

from emulator.pubsub.backlog import Lease
from emulator.pubsub.broker import Broker
from emulator.pubsub.cloudevent import message_json
from emulator.pubsub.errors import PubsubError
from emulator.pubsub.resources import Queue

_FIRST_PAUSE: Final = 0.1  # seconds; production's push back-off, unless the subscription has a retry policy
_LONGEST_PAUSE: Final = 60.0
_AT_ONCE: Final = 16
_ACKNOWLEDGED: Final = frozenset({102, 200, 201, 202, 204})  # source: "Push subscriptions: receive messages"
_FAREWELL: Final = 1.0  # seconds


class Pusher:
    """One task for each push subscription, and one for each message under way."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._work: dict[str, asyncio.Task[None]] = {}
        self._posts: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to push."""
        self._http = aiohttp.ClientSession()
        self.sync()

    async def stop(self) -> None:
        """Stop pushing. What runs has a second; what is not acknowledged then goes out again after the next start."""
        for task in self._work.values():
            task.cancel()
        if self._posts:
            _, late = await asyncio.wait(self._posts, timeout=_FAREWELL)
            for task in late:
                task.cancel()
        await asyncio.gather(*self._work.values(), *self._posts, return_exceptions=True)
        await self._http.close()

    def sync(self) -> None:
        """Work for exactly the subscriptions that have an endpoint now."""
        wanted = {queue.name for queue in self._broker.resources.queues if queue.is_push and not queue.proto.detached}
        for name in set(self._work) - wanted:
            self._work.pop(name).cancel()
        for name in wanted - set(self._work):
            self._work[name] = asyncio.create_task(self._push_all(name))

    async def _push_all(self, name: str) -> None:
        running: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            running.discard(task)
            self._posts.discard(task)
            self._broker.doorbells.ring(name)

        while True:
            queue = self._broker.resources.queue(name)
            free = _AT_ONCE - len(running)
            for lease in self._broker.lease(queue, free, queue.proto.ack_deadline_seconds) if free else ():
                task = asyncio.create_task(self._push(queue, lease))
                running.add(task)
                self._posts.add(task)
                task.add_done_callback(ended)
            await self._broker.doorbells.wait(name, self._broker.next_due(queue))

    async def _push(self, queue: Queue, lease: Lease) -> None:
        headers, body = _request(queue, lease)
        timeout = aiohttp.ClientTimeout(total=queue.proto.ack_deadline_seconds)
        try:
            async with self._http.post(
                queue.proto.push_config.push_endpoint, data=body, headers=headers, timeout=timeout
            ) as answer:
                acknowledged = answer.status in _ACKNOWLEDGED
        except (aiohttp.ClientError, TimeoutError):
            acknowledged = False
        try:
            queue = self._broker.resources.queue(queue.name)
        except PubsubError:  # it was deleted meanwhile, and its messages with it
            return
        if acknowledged:
            self._broker.acknowledge(queue, [lease.row])
        else:
            self._broker.give_back(queue, [(lease.row, lease.attempts)], _pause(queue, lease.attempts))


def _pause(queue: Queue, attempts: int) -> float:
    """Seconds until the next try where no retry policy says more."""
    if queue.proto.HasField("retry_policy"):
        return 0.0
    whole: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(attempts - 1, 30))
    return random.uniform(whole / 2, whole)  # noqa: S311  # jitter, not a secret


def _request(queue: Queue, lease: Lease) -> tuple[dict[str, str], bytes]:
    """Headers and body of a push: the message wrapped in JSON, or bare where the subscription says so."""
    message = lease.message
    config = queue.proto.push_config
    if not config.HasField("no_wrapper"):
        body: dict[str, object] = {"message": message_json(message), "subscription": queue.name}
        if queue.most_attempts is not None:
            body["deliveryAttempt"] = lease.attempts
        return {"content-type": "application/json"}, json.dumps(body).encode()
    headers = {"content-type": "application/octet-stream"}
    if config.no_wrapper.write_metadata:
        headers |= {
            "x-goog-pubsub-subscription-name": queue.name,
            "x-goog-pubsub-message-id": message.message_id,
            "x-goog-pubsub-publish-time": message.publish_time.ToJsonString(),
        }
        if message.ordering_key:
            headers["x-goog-pubsub-ordering-key"] = message.ordering_key
        headers |= message.attributes
    return {name: value for name, value in headers.items() if _is_header(name, value)}, message.data


def _is_header(name: str, value: str) -> bool:
    """Attributes that cannot be a header are left out."""
    return name.isascii() and name.replace("-", "").replace("_", "").isalnum() and value.isprintable()
