"""All embedded services of one project, started and stopped together on one event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from typing import Final

from emulator.clock import Clock, ClockError, MovableClock
from emulator.config import Config, Ports
from emulator.control.clock import ClockRoutes
from emulator.control.routes import Control
from emulator.environment import Environment
from emulator.events.manifest import ManifestError
from emulator.events.triggers import TriggerRegistry
from emulator.faults.injector import Injector
from emulator.faults.routes import FaultRoutes
from emulator.faults.rules import Rule, RuleError
from emulator.service import Service

SERVICES: Final = ("firestore", "auth", "pubsub", "storage", "mail", "scheduler", "control")
PORTS: Final = tuple(field.name for field in fields(Ports))  # the services that have one
Create = Callable[[Environment], Service]


class StartError(Exception):
    """The suite cannot start; the text is one line for the user."""


class Suite:
    """The chosen services of a project; all of them unless named."""

    def __init__(self, config: Config, services: Sequence[str] = SERVICES, clock: Clock | None = None) -> None:
        self._config = config
        self._names = services
        self._clock = clock
        self._running: list[Service] = []
        self._addresses: dict[str, str] = {}

    async def start(self) -> None:
        """Listen with every service.

        Raises:
            StartError: a port is taken, the data cannot be opened or written, or what is configured makes no sense;
                nothing runs then.
            ManifestError: the functions manifest is malformed.
        """
        _prepare(self._config)
        environment = self._environment()
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
            if service.address:
                self._addresses[name] = service.address

    def _environment(self) -> Environment:
        registry = TriggerRegistry.from_manifest(self._config.manifest, self._config.project)
        control = Control()
        try:
            clock = self._clock or MovableClock(self._config.data / "clock.json")
            injector = Injector(clock)
            injector.replace(map(Rule.parse, self._config.faults), self._config.fault_seed)
        except (OSError, ClockError, RuleError) as error:
            raise StartError(str(error)) from error
        if isinstance(clock, MovableClock):
            ClockRoutes(clock).add_to(control)
        FaultRoutes(injector).add_to(control)
        return Environment(self._config, registry, clock, control, injector, addresses=self._addresses)

    async def stop(self) -> None:
        """Stop what runs, all at once."""
        services, self._running = self._running, []
        self._addresses.clear()
        await asyncio.gather(*(service.stop() for service in services))

    @property
    def addresses(self) -> Mapping[str, str]:
        """host:port of each running service that listens, by name."""
        return dict(self._addresses)


def _prepare(config: Config) -> None:
    try:
        config.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"the data folder {config.data} cannot be made: {error.strerror}") from error
    if not os.access(config.data, os.W_OK | os.X_OK):
        raise StartError(f"the data folder {config.data} cannot be written")


def _check_ports(config: Config, names: Sequence[str]) -> None:
    """Refuse a taken port before anything starts: sooner, and in words that gRPC does not have."""
    for name in (name for name in names if name in PORTS):
        with socket.socket(socket.AF_INET6 if ":" in config.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
            try:
                probe.bind((config.host, getattr(config.ports, name)))
            except OSError as error:
                raise StartError(_sentence(config, name, error)) from error


def _sentence(config: Config, name: str, error: OSError | sqlite3.Error) -> str:
    if isinstance(error, sqlite3.Error):
        return f"{name} cannot start with its data in {config.data}: {error}"
    if name not in PORTS:
        return f"{name} cannot start: {error}"
    port = getattr(config.ports, name)
    # asyncio wraps what the system says in a sentence of its own.
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{name} cannot start on {config.host}:{port}: {reason}"
