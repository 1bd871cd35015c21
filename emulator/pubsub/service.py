"""The Pub/Sub server: gRPC on its port, and behind it the pusher and the dispatcher of the functions' events."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio

from emulator.clock import Clock
from emulator.config import Config
from emulator.environment import Environment
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import ManifestError, TriggerRegistry
from emulator.pubsub.broker import Broker
from emulator.pubsub.cloudevent import PUBLISHED
from emulator.pubsub.database import Database
from emulator.pubsub.errors import PubsubError
from emulator.pubsub.names import check_name
from emulator.pubsub.proto import v1
from emulator.pubsub.proto.methods import PUBLISHER, SUBSCRIBER
from emulator.pubsub.publisher import Publisher
from emulator.pubsub.push import Pusher
from emulator.pubsub.resources import Resources
from emulator.pubsub.streaming import StreamingSubscriber

# Requests may be 10 MB; one that is somewhat larger is to be refused by us, in words.
_OPTIONS: Final = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 20_000_000)]
_SWEEP_EVERY: Final = 600.0  # seconds
_GRACE: Final = 0.1  # seconds; streaming pulls end only when they are cut


def create(environment: Environment) -> PubsubService:
    """The service, not yet started."""
    return PubsubService(environment.config, environment.registry, environment.clock)


class PubsubService:
    """Pub/Sub of one project, in `<data>/pubsub.sqlite3`."""

    name = "pubsub"

    def __init__(self, config: Config, registry: TriggerRegistry, clock: Clock) -> None:
        self._config = config
        self._registry = registry
        path = config.data / "pubsub.sqlite3"
        self.deliveries = DeliveryQueue(path, config.functions_url, config.project, clock)
        self._path = path
        self._clock = clock
        self._port = config.ports.pubsub

    @property
    def address(self) -> str:
        """host:port where it listens."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen; the topics that functions wait for exist then.

        Raises:
            OSError: the port is taken.
            sqlite3.Error: the database cannot be opened.
            ManifestError: a trigger names a topic that cannot be.
        """
        self._server = grpc.aio.server(options=_OPTIONS)
        try:
            self._port = self._server.add_insecure_port(f"{self._config.host}:{self._config.ports.pubsub}")
        except RuntimeError as error:  # all that gRPC says of any address that it cannot listen on
            raise OSError(errno.EADDRINUSE, "Address already in use") from error
        try:
            self._database = Database(self._path)
        except sqlite3.Error:
            await self._server.stop(None)
            raise
        broker = Broker(self._database, Resources(self._database), self._registry, self.deliveries, self._clock)
        self._pusher = Pusher(broker)
        self._make_topics(broker.resources)
        self._server.add_generic_rpc_handlers(
            (
                _handlers("google.pubsub.v1.Publisher", PUBLISHER, Publisher(broker)),
                _handlers("google.pubsub.v1.Subscriber", SUBSCRIBER, StreamingSubscriber(broker, self._pusher.sync)),
            )
        )
        await self.deliveries.start()
        await self._pusher.start()
        self._sweeping = asyncio.create_task(_sweep(broker))
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening and delivering."""
        self._sweeping.cancel()
        await self._server.stop(_GRACE)
        await asyncio.gather(self._pusher.stop(), self.deliveries.stop())
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeping
        self._database.close()

    def _make_topics(self, resources: Resources) -> None:
        for trigger in self._registry.of_type(PUBLISHED):
            name = f"projects/{self._config.project}/topics/{trigger.filters.get('topic', '')}"
            try:
                check_name("topics", name)
            except PubsubError as error:
                raise ManifestError(f"function {trigger.function} waits for no topic: {error}") from error
            if not resources.has_topic(name):
                resources.add_topic(v1.Topic(name=name, state=v1.Topic.ACTIVE))


async def _sweep(broker: Broker) -> None:
    while True:
        broker.sweep()
        await asyncio.sleep(_SWEEP_EVERY)


def _handlers(service: str, methods: Mapping[str, tuple[str, str]], target: object) -> grpc.GenericRpcHandler[Any, Any]:
    """gRPC's view of the methods; the messages are raw protobuf, which no client library wraps a second time."""
    handlers: dict[str, Any] = {}
    for name, (request, response) in methods.items():
        method = getattr(target, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        decode = getattr(v1, request).FromString
        encode = getattr(v1, response).SerializeToString
        if name == "StreamingPull":
            handlers[name] = grpc.stream_stream_rpc_method_handler(_stream(method), decode, encode)
        else:
            handlers[name] = grpc.unary_unary_rpc_method_handler(_unary(method), decode, encode)
    return grpc.method_handlers_generic_handler(service, handlers)


def _unary(method: Callable[[Any], Awaitable[Any]]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await method(request)
        except PubsubError as error:
            return await context.abort(error.code, str(error))

    return call


def _stream(method: Callable[[AsyncIterator[Any]], AsyncGenerator[Any, None]]) -> Any:
    async def call(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            async with contextlib.aclosing(method(requests)) as answers:
                async for answer in answers:
                    yield answer
        except PubsubError as error:
            await context.abort(error.code, str(error))

    return call
