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

from emulator.clock import Follower, follow
from emulator.environment import Environment
from emulator.events.manifest import ManifestError
from emulator.faults.calls import CallFaults, Fault
from emulator.faults.grpc import retry_info
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
_STATUS: Final = {status.value[0]: status for status in grpc.StatusCode}
_GRACE: Final = 0.1  # seconds; streaming pulls end only when they are cut


def create(environment: Environment) -> PubsubService:
    """The service, not yet started."""
    return PubsubService(environment)


class PubsubService:
    """Pub/Sub of one project, in `<data>/pubsub.sqlite3`."""

    name = "pubsub"

    def __init__(self, environment: Environment) -> None:
        self._config = environment.config
        self._registry = environment.registry
        self._path = self._config.data / "pubsub.sqlite3"
        self.deliveries = environment.delivery_queue(self._path)
        self._clock = environment.clock
        self._faults = environment.faults
        self._port = self._config.ports.pubsub

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
        subscriber = StreamingSubscriber(broker, self._pusher.sync)
        self._server.add_generic_rpc_handlers(
            (
                _handlers("google.pubsub.v1.Publisher", PUBLISHER, Publisher(broker), self._faults),
                _handlers("google.pubsub.v1.Subscriber", SUBSCRIBER, subscriber, self._faults),
            )
        )
        await self.deliveries.start()
        await self._pusher.start()
        self._sweeping = asyncio.create_task(_sweep(broker))
        self._leave_clock = follow(self._clock, Follower(broker.doorbells.ring_all))
        await self._server.start()

    async def stop(self) -> None:
        """Stop listening and delivering."""
        self._leave_clock()
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


def _handlers(
    service: str, methods: Mapping[str, tuple[str, str]], target: object, faults: CallFaults
) -> grpc.GenericRpcHandler[Any, Any]:
    """gRPC's view of the methods; the messages are raw protobuf, which no client library wraps a second time."""
    handlers: dict[str, Any] = {}
    for name, (request, response) in methods.items():
        method = getattr(target, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())
        decode = getattr(v1, request).FromString
        encode = getattr(v1, response).SerializeToString
        if name == "StreamingPull":
            handlers[name] = grpc.stream_stream_rpc_method_handler(_stream(method, name, faults), decode, encode)
        else:
            handlers[name] = grpc.unary_unary_rpc_method_handler(_unary(method, name, faults), decode, encode)
    return grpc.method_handlers_generic_handler(service, handlers)


def _unary(method: Callable[[Any], Awaitable[Any]], name: str, faults: CallFaults) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            await faults.before(PubsubService.name, name)
            answer = await method(request)
            await faults.after(PubsubService.name, name)
        except PubsubError as error:
            return await context.abort(error.code, str(error))
        except Fault as fault:
            return await context.abort(_STATUS[fault.code], fault.message, retry_info(fault))
        return answer

    return call


def _stream(method: Callable[[AsyncIterator[Any]], AsyncGenerator[Any, None]], name: str, faults: CallFaults) -> Any:
    async def call(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext[Any, Any]) -> AsyncIterator[Any]:
        try:
            await faults.before(PubsubService.name, name)
            async with contextlib.aclosing(method(requests)) as answers:
                async for answer in answers:
                    yield answer
        except PubsubError as error:
            await context.abort(error.code, str(error))
        except Fault as fault:
            await context.abort(_STATUS[fault.code], fault.message, retry_info(fault))

    return call
