"""The Cloud Storage server: its three APIs on one port, and behind them the dispatcher of the objects' events."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from emulator.environment import Environment
from emulator.faults.http import faults_of, google_error
from emulator.listener import Listener
from emulator.storage.backend import Backend
from emulator.storage.cloudevent import ARCHIVED, DELETED, FINALIZED, METADATA_UPDATED
from emulator.storage.errors import ForbiddenError, StorageError, UnsupportedError
from emulator.storage.exchange import cors
from emulator.storage.exchange.call import Call
from emulator.storage.firebase import internal
from emulator.storage.firebase import routes as firebase
from emulator.storage.firebase.api import Api
from emulator.storage.firebase.guard import Guard
from emulator.storage.firebase.rules import RulesInForce
from emulator.storage.jsonapi import routes as jsonapi
from emulator.storage.jsonapi.answers import refusal
from emulator.storage.xmlapi import routes as xmlapi

_OWN_KEYS: Final = "X-Goog-Encryption-Algorithm"
_MOST_DISCARDED: Final = 64 << 20  # bytes of the body of a call that is made to fail


def create(environment: Environment) -> StorageService:
    """The service, not yet started."""
    return StorageService(environment)


class StorageService:
    """Cloud Storage of one project, in `<data>/storage/`."""

    name = "storage"

    def __init__(self, environment: Environment) -> None:
        config = environment.config
        self._environment = environment
        self._folder = config.data / "storage"
        self.deliveries = environment.delivery_queue(self._folder / "storage.sqlite3")
        self._port = config.ports.storage

    @property
    def address(self) -> str:
        """host:port where it listens."""
        return f"{self._environment.config.host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen; the project's default buckets and those that functions watch exist then.

        Raises:
            OSError: the port is taken, or the rules cannot be read.
        """
        environment = self._environment
        self._rules = RulesInForce(environment.config.storage_rules)
        self._backend = Backend(self._folder, environment.registry, environment.clock)
        documents = environment.reachable.documents
        guard = Guard(self._rules, documents, environment.denials, environment.clock)
        self._api = Api(self._backend, guard, environment.config.project)
        internal.offer_coverage(environment.control, self._backend, self._rules)
        self._make_buckets()
        faults = faults_of(self.name, environment.faults, google_error, spared=("/internal/",))
        app = web.Application(client_max_size=_MOST_DISCARDED, middlewares=[faults])
        app.router.add_route("*", r"/{path:[\s\S]*}", self._serve)  # a name may hold the end of a line
        app.on_response_prepare.append(_tell_origin)
        self._listener = Listener(app, patience=1.0, auto_decompress=False)
        try:
            self._port = await self._listener.start(environment.config.host, self._port)
        except OSError:
            await self._close()
            raise
        self._backend.objects.base_url = f"http://{self.address}"
        await self.deliveries.start()

    async def stop(self) -> None:
        """Stop listening and delivering."""
        await self._close()
        await self.deliveries.stop()

    async def _close(self) -> None:
        await self._listener.stop()
        await self._backend.close()

    def _make_buckets(self) -> None:
        project = self._environment.config.project
        wanted = {f"{project}.appspot.com", f"{project}.firebasestorage.app"}
        for event_type in (FINALIZED, DELETED, ARCHIVED, METADATA_UPDATED):
            triggers = self._environment.registry.of_type(event_type)
            wanted |= {trigger.filters.get("bucket", "") for trigger in triggers}
        for name in sorted(wanted - {""}):
            if not self._backend.buckets.exists(name):
                self._backend.buckets.create({"name": name})

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return web.Response(status=HTTPStatus.NO_CONTENT)
        try:
            call = Call.of(request, self.address)
            if not cors.allowed(request.headers, call.path):
                raise ForbiddenError("Pages of other machines can only use Firebase's API, as users.")
            if _OWN_KEYS in request.headers:
                raise UnsupportedError("The local Cloud Storage does not encrypt with customer-supplied keys.")
            return await self._answer(call)
        except StorageError as error:
            return refusal(error)
        finally:
            if request.method not in {"GET", "HEAD"}:
                self.deliveries.wake()

    async def _answer(self, call: Call) -> web.StreamResponse:
        if call.path == "/" and call.method == "GET":
            return web.Response(text="OK")
        if call.path.startswith("/v0/"):
            return await firebase.serve(self._api, call)
        if call.path == "/internal/setRules" and call.method == "PUT":
            return await internal.set_rules(self._backend, self._rules, call)
        if jsonapi.takes(call.path):
            return await jsonapi.serve(self._backend, call)
        return await xmlapi.serve(self._backend, call)


async def _tell_origin(request: web.Request, response: web.StreamResponse) -> None:
    if cors.allowed(request.headers, request.path):
        response.headers.update(cors.answer(request.headers))
