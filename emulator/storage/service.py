"""The Cloud Storage server: HTTP on its port, and behind it the dispatcher of the objects' events."""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import buckets, objects
from gcp_storage_emulator.server import HANDLERS

from emulator.clock import Clock
from emulator.config import Config
from emulator.environment import Environment
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry
from emulator.listener import Listener
from emulator.storage.cloudevent import DELETED, FINALIZED, METADATA_UPDATED
from emulator.storage.conditions import ConditionNotMetError, Conditions
from emulator.storage.exchange import Request, Response
from emulator.storage.store import EventfulStorage

_LOG = logging.getLogger(__name__)
_MOST_BYTES: Final = 1 << 31  # of one request; larger objects come in chunks
# The library offers to delete everything on a GET, which any web page could make a browser send.
_ROUTES: Final = [(re.compile(pattern), handlers) for pattern, handlers in HANDLERS if pattern != "^/wipe$"]
_NONE: Final = Conditions()


def create(environment: Environment) -> StorageService:
    """The service, not yet started."""
    return StorageService(environment.config, environment.registry, environment.clock)


class StorageService:
    """Cloud Storage of one project, in `<data>/storage/`."""

    name = "storage"

    def __init__(self, config: Config, registry: TriggerRegistry, clock: Clock) -> None:
        self._config = config
        self._registry = registry
        self._clock = clock
        self._folder = config.data / "storage"
        self.deliveries = DeliveryQueue(self._folder / "storage.sqlite3", config.functions_url, config.project, clock)
        self._port = config.ports.storage

    @property
    def address(self) -> str:
        """host:port where it listens."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen; the project's default buckets and those that functions watch exist then.

        Raises:
            OSError: the port is taken.
        """
        self._folder.mkdir(exist_ok=True)
        self._storage = EventfulStorage(self._folder, self._registry, self._clock)
        self._make_buckets()
        # One thread works on the store: its methods are neither safe beside each other nor fast with large objects.
        self._thread = ThreadPoolExecutor(1, "storage")
        app = web.Application(client_max_size=_MOST_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._listener = Listener(app, patience=1.0, auto_decompress=False)
        try:
            self._port = await self._listener.start(self._config.host, self._config.ports.storage)
        except OSError:
            await self._close()
            raise
        await self.deliveries.start()

    async def stop(self) -> None:
        """Stop listening and delivering."""
        await self._close()
        await self.deliveries.stop()

    async def _close(self) -> None:
        await self._listener.stop()
        self._thread.shutdown()
        self._storage.close()

    def _make_buckets(self) -> None:
        project = self._config.project
        wanted = {f"{project}.appspot.com", f"{project}.firebasestorage.app"}
        for event_type in (FINALIZED, DELETED, METADATA_UPDATED):
            wanted |= {trigger.filters.get("bucket", "") for trigger in self._registry.of_type(event_type)}
        for name in sorted(wanted - {""}):
            buckets.create_bucket(name, self._storage)

    async def _serve(self, request: web.Request) -> web.Response:
        call = Request(
            request.headers.get("X-HTTP-Method-Override", request.method),
            f"http://{request.headers.get('Host', self.address)}",
            request.raw_path,
            request.headers,
            await request.read(),
        )
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._handle, call)
        if call.method not in {"GET", "HEAD"}:
            self.deliveries.wake()
        return web.Response(status=int(answer.status), headers=answer.headers, body=answer.body)

    def _handle(self, request: Request) -> Response:
        response = Response(request.base_url)
        handler = _route(request)
        if handler is None:
            response.refuse(HTTPStatus.NOT_IMPLEMENTED, "notImplemented", "The local Cloud Storage has no such call.")
            return response
        conditions = Conditions.of(request.query)
        # A call that writes an object reads others unconditionally, and has no live generation to name.
        writes = request.method in {"POST", "PUT"}
        self._storage.reading = _NONE if writes else conditions
        self._storage.writing = replace(conditions, generation=None) if writes else conditions
        try:
            handler(request, response, self._storage)
        except ConditionNotMetError:
            response.refuse(
                HTTPStatus.PRECONDITION_FAILED,
                "conditionNotMet",
                "At least one of the pre-conditions you specified did not hold.",
            )
        except NotFound:
            response.refuse(HTTPStatus.NOT_FOUND, "notFound", "No such object.")
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            # The library's handlers take requests apart without looking first.
            _LOG.info("malformed request to %s: %s", request.path, type(error).__name__)
            response.refuse(HTTPStatus.BAD_REQUEST, "invalid", "The request is malformed.")
        return response


def _route(request: Request) -> Any:
    """The library's handler for the request; its parameters are set on the way."""
    for pattern, handlers in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match is None:
            continue
        request.set_params(match.groupdict())
        method = "GET" if request.method == "HEAD" else request.method
        if method == "POST" and method not in handlers and "uploadType" in request.query:
            return objects.insert  # some clients post uploads without the prefix /upload
        return handlers.get(method)
    return None
