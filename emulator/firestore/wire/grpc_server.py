"""The service on gRPC. What is not gRPC's is in `rpc`, for the other protocols to share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
from google.protobuf.message import Message

from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.wire.access import check_access
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


def build_server(handlers: Mapping[str, Callable[..., Any]]) -> grpc.aio.Server:
    """A server that gives each method's requests to the handler of its name."""
    server = grpc.aio.server(options=_OPTIONS)
    methods = {method.name: _handler(method, handlers[method.attribute]) for method in METHODS}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    return server


def _handler(method: Method, call: Callable[..., Any]) -> grpc.RpcMethodHandler[Any, Any]:
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.client_streams, method.server_streams]
    adapted = _streaming(call) if method.server_streams else _unary(call)
    return make(adapted, request_deserializer=method.request.FromString, response_serializer=_serialize)


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def _unary(call: Callable[[Any], Awaitable[Message]]) -> Callable[[Any, _Context], Awaitable[Message]]:
    async def handle(request: Any, context: _Context) -> Message:
        try:
            check_access(context.invocation_metadata())
            return await call(request)
        except FirestoreError as error:
            await _refuse(context, error.code, error.message)
            raise

    return handle


def _streaming(call: Callable[[Any], AsyncIterator[Message]]) -> Callable[[Any, _Context], AsyncIterator[Message]]:
    async def handle(request: Any, context: _Context) -> AsyncIterator[Message]:
        try:
            check_access(context.invocation_metadata())
            async for response in call(request):
                yield response
        except FirestoreError as error:
            await _refuse(context, error.code, error.message)

    return handle


async def _refuse(context: _Context, code: Code, message: str) -> None:
    await context.abort(_STATUS[code], message)
