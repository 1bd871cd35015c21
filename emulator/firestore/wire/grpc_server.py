"""The service on gRPC. What is not gRPC's is in `rpc`, for the other protocols to share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from emulator.firestore.errors import FirestoreError
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.methods import METHODS, SERVICE, Method

_MAX_REQUEST: Final = 11 * 1024 * 1024  # production takes 10 MiB, and says so itself
_OPTIONS: Final = [
    ("grpc.max_receive_message_length", _MAX_REQUEST),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a lottery
    # Google's clients ping every 30 s, with or without a call under way.
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
]
_STATUS: Final = {status.value[0]: status for status in grpc.StatusCode}
_Context = grpc.aio.ServicerContext[Any, Any]


def build_server(calls: Calls) -> grpc.aio.Server:
    """A server of all methods."""
    server = grpc.aio.server(options=_OPTIONS)
    methods = {method.name: _handler(method, calls) for method in METHODS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    return server


def _handler(method: Method, calls: Calls) -> grpc.RpcMethodHandler[Any, Any]:
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streams, method.server_streams]
    adapted = _streaming(method, calls) if method.server_streams else _unary(method, calls)
    return make(adapted, request_deserializer=method.request.FromString, response_serializer=_serialize)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def _unary(method: Method, calls: Calls) -> Callable[[Any, _Context], Awaitable[Message]]:
    async def handle(request: Any, context: _Context) -> Message:
        try:
            return await calls.unary(method, request, _headers(context), rpc=True)
        except FirestoreError as error:
            await _refuse(context, error)
            raise

    return handle


def _streaming(method: Method, calls: Calls) -> Callable[[Any, _Context], AsyncIterator[Message]]:
    async def handle(request: Any, context: _Context) -> AsyncIterator[Message]:
        try:
            async for response in calls.stream(method, request, _headers(context), rpc=True):
                yield response
        except FirestoreError as error:
            await _refuse(context, error)

    return handle


async def _refuse(context: _Context, error: FirestoreError) -> None:
    await context.abort(_STATUS[error.code], error.message, _retry_info(error))


def _retry_info(error: FirestoreError) -> tuple[tuple[str, bytes], ...]:
    """What tells Google's clients when to come again: google.rpc.RetryInfo in the status' details."""
    if error.retry_after is None:
        return ()
    status = Status(code=error.code, message=error.message)
    nanos = round(error.retry_after * 1_000_000_000)
    delay = Duration(seconds=nanos // 1_000_000_000, nanos=nanos % 1_000_000_000)
    status.details.add().Pack(RetryInfo(retry_delay=delay))
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _headers(context: _Context) -> dict[str, str]:
    """The metadata of a call by lower-case name, which gRPC's names already are."""
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in context.invocation_metadata() or ()
    }
