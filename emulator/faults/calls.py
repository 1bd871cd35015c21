"""Where calls and deliveries can be made to fail on purpose. Nothing fails unless it is switched on."""

from __future__ import annotations

from typing import Protocol

from emulator.events.policy import DeliveryPolicy, Faithful


class Fault(Exception):  # noqa: N818  # it is what the field calls it, and no mistake of anyone
    """A call fails because somebody wanted it to; `code` is a number of google.rpc.Code."""

    def __init__(self, code: int, message: str, retry_after: float | None = None) -> None:
        """`retry_after`: seconds after which the caller is told to come again."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


class CallFaults(Protocol):
    """What happens on the way to a service and back."""

    async def before(self, service: str, call: str) -> None:
        """A call arrives.

        Raises:
            Fault: it is answered with this instead.
        """
        ...

    async def after(self, service: str, call: str) -> None:
        """A call has been worked off, and its answer is to be sent.

        Raises:
            Fault: the answer is lost, and this takes its place.
        """
        ...


class Faults(CallFaults, Protocol):
    """Everything that can be made to fail."""

    def policy(self, service: str) -> DeliveryPolicy:
        """What happens between a service that posts to functions, `events` or `scheduler`, and them."""
        ...


class NoFaults:
    """Every call goes through."""

    async def before(self, service: str, call: str) -> None:
        """Nothing happens."""

    async def after(self, service: str, call: str) -> None:
        """Nothing happens."""

    def policy(self, service: str) -> DeliveryPolicy:
        """Nothing happens."""
        del service
        return Faithful()
