"""What a call goes through in whatever protocol it comes: faults, who calls, the handler, the bytes that leave."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message

from emulator.clock import Clock
from emulator.faults.calls import CallFaults, Fault
from emulator.firestore.callers import identify
from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.meter import Meter
from emulator.firestore.wire.methods import Method

_SERVICE: Final = "firestore"


class Calls:
    """The handlers of the methods by `Method.attribute`; each takes its request and the caller."""

    def __init__(
        self, handlers: Mapping[str, Callable[..., Any]], clock: Clock, faults: CallFaults, meter: Meter
    ) -> None:
        self._handlers = handlers
        self._clock = clock
        self._faults = faults
        self._meter = meter

    async def unary(
        self, method: Method, request: Message, headers: Mapping[str, str], *, rpc: bool = False
    ) -> Message:
        """Answer a call. `headers`: by lower-case name. `rpc`: it came by gRPC (see `callers.identify`).

        Raises:
            FirestoreError: of any kind.
        """
        caller = identify(headers, self._clock, rpc=rpc)
        await self._fault(self._faults.before, method)
        response: Message = await self._handlers[method.attribute](request, caller)
        await self._fault(self._faults.after, method)
        self._meter.sent(response)
        return response

    async def stream(
        self,
        method: Method,
        request: Message | AsyncIterator[Message],
        headers: Mapping[str, str],
        *,
        rpc: bool = False,
    ) -> AsyncIterator[Message]:
        """Answer a call whose response is a stream; see `unary`.

        Raises:
            FirestoreError: of any kind.
        """
        caller = identify(headers, self._clock, rpc=rpc)
        await self._fault(self._faults.before, method)
        async for response in self._handlers[method.attribute](request, caller):
            self._meter.sent(response)
            yield response
        await self._fault(self._faults.after, method)

    async def _fault(self, hook: Callable[[str, str], Any], method: Method) -> None:
        try:
            await hook(_SERVICE, method.name)
        except Fault as fault:
            raise FirestoreError(Code(fault.code), fault.message, retry_after=fault.retry_after) from fault
