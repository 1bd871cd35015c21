"""All embedded services of one project, started and stopped together on one event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from emulator.clock import Clock, SystemClock
from emulator.config import Config
from emulator.environment import Environment
from emulator.events.triggers import ManifestError, TriggerRegistry
from emulator.service import Service

SERVICES: Final = ("firestore", "auth", "pubsub", "storage", "mail")
Create = Callable[[Environment], Service]


class StartError(Exception):
    """The suite cannot start; the text is one line for the user."""


class Suite:
    """The chosen services of a project; all of them unless named."""

    def __init__(self, config: Config, services: Sequence[str] = SERVICES, clock: Clock | None = None) -> None:
        self._config = config
        self._names = services
        self._clock = clock or SystemClock()
        self._running: list[Service] = []

    async def start(self) -> None:
        """Listen with every service.

        Raises:
            StartError: a port is taken, or the data cannot be opened or written; nothing runs then.
            ManifestError: the functions manifest is malformed.
        """
        registry = TriggerRegistry.from_manifest(self._config.manifest)
        environment = Environment(self._config, registry, self._clock)
        _prepare(self._config)
        _check_ports(self._config, self._names)
        for name in self._names:
            create: Create = import_module(f"emulator.{name}.service").create
            try:
                service = create(environment)
                await service.start()
            except (OSError, sqlite3.Error) as error:
                await self.stop()
                raise StartError(_sentence(self._config, name, error)) from error
            except ManifestError:
                await self.stop()
                raise
            self._running.append(service)

    async def stop(self) -> None:
        """Stop what runs, all at once."""
        services, self._running = self._running, []
        await asyncio.gather(*(service.stop() for service in services))

    @property
    def addresses(self) -> Mapping[str, str]:
        """host:port of each running service by name."""
        return {service.name: service.address for service in self._running}


def _prepare(config: Config) -> None:
    try:
        config.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"the data folder {config.data} cannot be made: {error.strerror}") from error
    if not os.access(config.data, os.W_OK | os.X_OK):
        raise StartError(f"the data folder {config.data} cannot be written")


def _check_ports(config: Config, names: Sequence[str]) -> None:
    """Refuse a taken port before anything starts: sooner, and in words that gRPC does not have."""
    for name in names:
        with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
            try:
                probe.bind((config.host, getattr(config.ports, name)))
            except OSError as error:
                raise StartError(_sentence(config, name, error)) from error


def _sentence(config: Config, name: str, error: OSError | sqlite3.Error) -> str:
    if isinstance(error, sqlite3.Error):
        return f"{name} cannot start with its data in {config.data}: {error}"
    port = getattr(config.ports, name)
    # asyncio wraps what the system says in a sentence of its own.
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{name} cannot start on {config.host}:{port}: {reason}"
