"""Starts everything, in parallel where nothing waits for another, and stops everything."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import shlex
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from aiohttp import web
from rich.console import Console

from scripts.backend.buckets import bucket_names, create_buckets
from scripts.backend.console import LogView, show_addresses, show_users
from scripts.backend.datafolder import DataFolder
from scripts.backend.embedded import Embedded
from scripts.backend.gateway import Gateway
from scripts.backend.host import Host, listen
from scripts.backend.keys import platform_keys
from scripts.backend.manifest import deployed_files_of, functions_of, ports_of, rewrites_of
from scripts.backend.processes import Processes, Zygote

PROJECT = "demo-secura"
_REGION = "europe-west1"
_LOOPBACK = "127.0.0.1"
_STANDARD_PORTS = {"mail": 8025, "control": 4400}  # not among Firebase's own services in firebase.json
_WATCHED = ("main.py", "functions", "shared", "functions.yaml", ".env.local")


_NAMES = {"hosting": "gateway", "functions": "functions host"}


class PortTakenError(Exception):
    """A port cannot be had; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for. `port` 0 takes free ports for everything."""

    root: Path
    data: Path
    port: int
    fresh: bool
    demo: bool


@dataclass(slots=True)
class Addresses:
    """Where everything is."""

    gateway: str
    host: str
    services: Mapping[str, str]

    def variables(self) -> dict[str, str]:
        """What other programs need to find the services: the official emulator variables, and ours."""
        return {
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "FIRESTORE_EMULATOR_HOST": self.services["firestore"],
            "FIREBASE_AUTH_EMULATOR_HOST": self.services["auth"],
            "PUBSUB_EMULATOR_HOST": self.services["pubsub"],
            "STORAGE_EMULATOR_HOST": f"http://{self.services['storage']}",
            "FIREBASE_EMULATOR_HUB": self.services["control"],
            "SECURA_URL": self.gateway,
            "SECURA_MAIL_URL": f"http://{self.services['mail']}",
        }


@dataclass(slots=True)
class Supervisor:
    """One run of the backend."""

    options: Options
    console: Console
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    async def run(self, stop: asyncio.Event) -> int:
        """Run until `stop` is set; the exit status.

        Raises:
            DataFolderError, EmbeddedError, PortTakenError: it cannot start.
        """
        async with self._stack:
            stopped = asyncio.create_task(stop.wait())
            self._stack.callback(stopped.cancel)
            starting = asyncio.create_task(self._start())
            await asyncio.wait([stopped, starting], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()  # stopped before it was ready: what was begun is on the stack
                await asyncio.wait([starting])
                return 0
            parts = starting.result()
            await asyncio.wait([stopped, *parts], return_when=asyncio.FIRST_COMPLETED)
            for task, name in parts.items():
                if task.done():
                    self.console.print(f"[bold red]The {name} ended unexpectedly")
                    return 1
            self.console.print("Stopping …")
        return 0

    async def _start(self) -> dict[asyncio.Task[object], str]:
        """Start everything; what ends only when something is wrong, with its name for the user."""
        options = self.options
        folder = DataFolder(options.data, fresh=options.fresh)
        self._stack.callback(folder.close)
        logs = LogView(self.console, folder.path / "logs")
        self._stack.callback(logs.close)
        ports = self._ports()
        for name, port in ports.items():
            _check_free(name, port)  # before anything runs, so that the first word is the reason
        zygote = Zygote(options.root)
        await zygote.start()
        self._stack.callback(zygote.stop)
        sockets = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="secura-")))
        environment: dict[str, str] = {}
        processes = Processes(zygote, functions_of(options.root / "functions.yaml"), environment, sockets, logs)
        self._stack.push_async_callback(processes.close)
        host = Host(processes)
        self._stack.push_async_callback(host.close)
        host_port = await self._listen(host.application(), ports.pop("functions"), "functions")
        gateway_app = Gateway(host, rewrites_of(options.root / "firebase.json"), options.root / "public").application()
        gateway_port = await self._listen(gateway_app, ports.pop("hosting"), "hosting")
        host_url = f"http://{_LOOPBACK}:{host_port}"
        files = deployed_files_of(options.root / "firebase.json")
        embedded = Embedded(options.root, PROJECT, folder.path, ports, host_url, files)
        self._stack.push_async_callback(embedded.stop)
        addresses = Addresses(f"http://{_LOOPBACK}:{gateway_port}", host_url, await embedded.start())
        keys = platform_keys(folder.path)
        environment |= keys | function_environment(addresses, options.root / ".env.local")
        names = bucket_names(PROJECT, environment).values()
        await create_buckets(addresses.services["storage"], PROJECT, names)
        host.admit()
        folder.write_env(addresses.variables())
        # Before the functions start, so that no change is missed once they have.
        self._watch(processes, environment, addresses)
        await self._bring_up(processes)
        self._tell(addresses)
        return {
            asyncio.create_task(embedded.ended()): "embedded services",
            asyncio.create_task(zygote.ended()): "functions host",
        }

    def _ports(self) -> dict[str, int]:
        standard = ports_of(self.options.root / "firebase.json") | _STANDARD_PORTS
        if self.options.port == 0:
            return dict.fromkeys(standard, 0)
        return standard | {"hosting": self.options.port}

    async def _listen(self, app: web.Application, port: int, name: str) -> int:
        try:
            runner, bound = await listen(app, _LOOPBACK, port)
        except OSError as error:
            raise _refused(name, port, error) from error
        self._stack.push_async_callback(runner.cleanup)
        return bound

    async def _bring_up(self, processes: Processes) -> None:
        tasks: list[asyncio.Future[object]] = [asyncio.ensure_future(processes.start_all())]
        if self.options.demo:
            tasks.append(asyncio.ensure_future(processes.call("scripts.demo:create_demo_users")))
        broken, *demo = await asyncio.gather(*tasks)
        if isinstance(broken, list) and broken:
            self.console.print(f"[bold red]Not running, their output above says why: {', '.join(broken)}")
        if demo == [False]:
            self.console.print("[bold red]The demo users could not be created; the output above says why")

    def _watch(self, processes: Processes, environment: dict[str, str], addresses: Addresses) -> None:
        async def restart_on_change() -> None:
            import watchfiles

            paths = [path for name in _WATCHED if (path := self.options.root / name).exists()]
            async for changes in watchfiles.awatch(*paths, debounce=200, step=50):
                if all("__pycache__" in path for _, path in changes):
                    continue
                environment.update(function_environment(addresses, self.options.root / ".env.local"))
                self.console.print("[dim]The code changed: functions restart at their next request")
                processes.retire_all()

        task = asyncio.create_task(restart_on_change())
        self._stack.callback(task.cancel)

    def _tell(self, addresses: Addresses) -> None:
        services = addresses.services
        rows = [
            ("API (gateway)", addresses.gateway),
            ("API documentation", f"{addresses.gateway}/docs"),
            ("mail outbox", f"http://{services['mail']}"),
            ("functions, each at its own URL", f"{addresses.host}/{PROJECT}/REGION/FUNCTION"),
            ("Firestore", services["firestore"]),
            ("Authentication", services["auth"]),
            ("Pub/Sub", services["pubsub"]),
            ("Storage", services["storage"]),
            ("clock, schedules, faults, usage", f"http://{services['control']}/emulator/v1"),
            ("variables for other programs", str(self.options.data / "env")),
        ]
        show_addresses(self.console, rows)
        if self.options.demo:
            from scripts.demo import DEMO_USERS

            show_users(self.console, [(user.email, user.password, user.role.value) for user in DEMO_USERS])
        self.console.print(f"Secura is ready: {addresses.gateway}", style="bold", highlight=False, soft_wrap=True)


def function_environment(addresses: Addresses, overrides: Path) -> dict[str, str]:
    """Every function's variables: where the services are, and the settings that production has elsewhere."""
    bucket = f"{PROJECT}.appspot.com"
    variables = {
        **addresses.variables(),
        "GCLOUD_PROJECT": PROJECT,
        "FIREBASE_CONFIG": json.dumps({"projectId": PROJECT, "storageBucket": bucket}),
        "SECURA_PUBLIC_URL": addresses.gateway,
        "SECURA_FUNCTIONS_URL": f"{addresses.host}/{PROJECT}/{_REGION}",
        **bucket_names(PROJECT, os.environ),
        "SECURA_MAIL_ENDPOINT": f"http://{addresses.services['mail']}",
        "SECURA_MAIL_FROM": "secura@example.org",
        "SENDGRID_API_KEY": "only-for-the-local-outbox",
        "PYTHONUNBUFFERED": "1",
    }
    if overrides.is_file():
        for line in overrides.read_text().splitlines():
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals and not name.startswith("#"):
                variables[name.strip()] = "".join(shlex.split(value, comments=True)[:1])
    return variables


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free, as for a server
        try:
            probe.bind((_LOOPBACK, port))
        except OSError as error:
            raise _refused(name, port, error) from error


def _refused(name: str, port: int, error: OSError) -> PortTakenError:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(f"port {port} ({_NAMES.get(name, name)}) is taken{_by_whom(port)}")
    return PortTakenError(f"port {port} ({_NAMES.get(name, name)}) cannot be used: {error.strerror}")


def _by_whom(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN" and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return ""  # only an administrator may look at other people's processes
    return ""
