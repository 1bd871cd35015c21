"""The part of the official emulator hub that `@firebase/rules-unit-testing` and other tools look for.

Source: firebase-tools, src/emulator/hub.ts: `GET /emulators`, and the switch for background triggers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, MutableSequence
from typing import Any, Final

from aiohttp import web

from emulator.control.routes import Control
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry

_PATIENCE: Final = 10.0  # seconds that switching off waits for deliveries under way


class Hub:
    """Answers as the hub of the official suite."""

    def __init__(
        self, addresses: Mapping[str, str], registry: TriggerRegistry, queues: MutableSequence[DeliveryQueue]
    ) -> None:
        """`addresses`: host:port of each running service by name; it may grow later, as may `queues`."""
        self._addresses = addresses
        self._registry = registry
        self._queues = queues

    def add_to(self, control: Control) -> None:
        """Offer the routes."""
        control.add("GET", "/", self.emulators)
        control.add("GET", "/emulators", self.emulators)
        control.add("PUT", "/functions/disableBackgroundTriggers", self.disable)
        control.add("PUT", "/functions/enableBackgroundTriggers", self.enable)

    async def emulators(self, _: web.Request) -> web.Response:
        """Where each running service listens, as the official hub tells it."""
        return web.json_response({_NAMES.get(name, name): _entry(name, text) for name, text in self._listed()})

    async def disable(self, _: web.Request) -> web.Response:
        """From now on no event leads to a function; answers when those before have been delivered (10 s at most)."""
        self._registry.enabled = False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(queue.drained() for queue in self._queues)), _PATIENCE)
        return web.json_response({"enabled": False})

    async def enable(self, _: web.Request) -> web.Response:
        """Events lead to functions again; those in between are lost, as with the official emulator."""
        self._registry.enabled = True
        return web.json_response({"enabled": True})

    def _listed(self) -> list[tuple[str, str]]:
        return [(name, address) for name, address in self._addresses.items() if address]


_NAMES: Final = {"control": "hub"}


def _entry(name: str, address: str) -> dict[str, Any]:
    host, _, port = address.rpartition(":")
    family = "IPv6" if ":" in host else "IPv4"
    plain = host.strip("[]")
    listen = [{"address": plain, "family": family, "port": int(port)}]
    return {"name": _NAMES.get(name, name), "host": plain, "port": int(port), "listen": listen}
