"""The control port: every service's routes under `/emulator/v1`, and the official hub's."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from emulator.control.deliveries import DeliveryRoutes
from emulator.control.hub import Hub
from emulator.environment import Environment
from emulator.listener import Listener

_LARGEST: Final = 10 * 2**20  # bytes: security rules and lists of rules of faults


class ControlService:
    """Serves what the services have registered."""

    name = "control"

    def __init__(self, environment: Environment) -> None:
        self._config = environment.config
        self._control = environment.control
        self._port = environment.config.ports.control
        Hub(environment.addresses, environment.registry, environment.queues).add_to(environment.control)
        DeliveryRoutes(environment.queues).add_to(environment.control)

    @property
    def address(self) -> str:
        """host:port where it listens; known once started."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        app = web.Application(client_max_size=_LARGEST)
        app.router.add_route("*", r"/{path:[\s\S]*}", self._control.handle)
        self._listener = Listener(app)
        try:
            self._port = await self._listener.start(self._config.host, self._port)
        except OSError:
            await self._listener.stop()
            raise

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        await self._listener.stop()


def create(environment: Environment) -> ControlService:
    """The service, not started."""
    return ControlService(environment)
