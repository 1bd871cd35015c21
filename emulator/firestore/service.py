"""The embedded Firestore: its parts put together, started and stopped."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

from emulator.environment import Environment
from emulator.events.queue import DeliveryQueue
from emulator.firestore.admin.routes import add_routes
from emulator.firestore.admin.rules import add_rules_routes
from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.expiry import Expiry
from emulator.firestore.guard.elsewhere import DocumentsElsewhere
from emulator.firestore.guard.guard import Guard
from emulator.firestore.guard.rulebook import RuleBook
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.listen.hub import Hub
from emulator.firestore.listen.session import Session
from emulator.firestore.meter import Meter
from emulator.firestore.proto.v1 import ListenRequest, ListenResponse
from emulator.firestore.rpc.commits import Commits
from emulator.firestore.rpc.documents import Documents
from emulator.firestore.rpc.listing import Listing
from emulator.firestore.rpc.pipelines import execute_pipeline
from emulator.firestore.rpc.queries import Queries
from emulator.firestore.rpc.write_stream import WriteStream
from emulator.firestore.storage.store import Store
from emulator.firestore.transactions.manager import Limits, TransactionManager
from emulator.firestore.triggers import CommitHooks, Triggers
from emulator.firestore.wire.calls import Calls
from emulator.firestore.wire.server import Server

_GRACE = 0.5  # seconds that running calls get when the server stops


def create(environment: Environment, *, limits: Limits | None = None) -> FirestoreService:
    """The Firestore service of a suite, not yet started."""
    return FirestoreService(environment, limits or Limits())


class FirestoreService:
    """Firestore on gRPC, REST and WebChannel, kept in `<data>/firestore.sqlite3`."""

    name = "firestore"

    def __init__(self, environment: Environment, limits: Limits) -> None:
        self._environment = environment
        self._config = environment.config
        self._registry = environment.registry
        self._clock = environment.clock
        self._limits = limits
        self._port = self._config.ports.firestore
        self._meter = Meter()

    @property
    def address(self) -> str:
        """host:port; the real port once started."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Open the data and listen.

        Raises:
            OSError: the port is taken, the data file cannot be read and written, or the indexes cannot be read.
        """
        path = self._config.data / "firestore.sqlite3"
        self._indexes = IndexCatalog.from_file(self._config.indexes, checks=self._config.index_check)
        self._guard = Guard(RuleBook(self._config.rules), self._clock, self._meter, self._environment.denials)
        self._queue = self._environment.delivery_queue(path)
        self._hub = Hub()
        hooks = CommitHooks(Triggers(self._registry), self._hub.publish, self._queue.wake)
        try:
            self._store = Store(path, self._clock, hooks, extra_schema=[DeliveryQueue.SCHEMA], indexes=self._indexes)
        except sqlite3.Error as error:
            raise OSError(f"cannot use {path}: {error}") from error
        self._environment.reachable.documents = DocumentsElsewhere(self._store, self._config.project, self._meter)
        self._transactions = TransactionManager(self._limits, self._clock)
        self._server = self._build()
        try:
            self._port = await self._server.start(self._config.host, self._port)
        except OSError as error:
            self._store.close()
            raise OSError(f"cannot listen on {self.address}") from error
        await self._queue.start()
        self._expiry.start()

    async def stop(self) -> None:
        """Let running calls end, stop listening and close the data."""
        await self._server.stop(_GRACE)
        await self._expiry.stop()
        await self._transactions.close()
        await self._queue.stop()
        self._store.close()

    def _build(self) -> Server:
        engine = Engine(self._store, self._transactions, self._guard, self._meter)
        self._expiry = Expiry(engine, self._clock, lambda: self._indexes.ttl)
        add_routes(self._environment.control, engine, self._environment.denials)
        add_rules_routes(self._environment.control, self._guard.rules)
        hub = self._hub

        def listen(requests: AsyncIterator[ListenRequest], caller: Caller) -> AsyncIterator[ListenResponse]:
            return Session(engine, hub, caller).run(requests)

        documents, commits, queries, listing = Documents(engine), Commits(engine), Queries(engine), Listing(engine)
        handlers: dict[str, Callable[..., Any]] = {
            "get_document": documents.get_document,
            "batch_get_documents": documents.batch_get_documents,
            "create_document": documents.create_document,
            "update_document": documents.update_document,
            "delete_document": documents.delete_document,
            "begin_transaction": commits.begin_transaction,
            "commit": commits.commit,
            "rollback": commits.rollback,
            "batch_write": commits.batch_write,
            "run_query": queries.run_query,
            "run_aggregation_query": queries.run_aggregation_query,
            "partition_query": queries.partition_query,
            "execute_pipeline": execute_pipeline,
            "list_documents": listing.list_documents,
            "list_collection_ids": listing.list_collection_ids,
            "listen": listen,
            "write": WriteStream(engine).write,
        }
        calls = Calls(handlers, self._clock, self._environment.faults, self._meter)
        return Server(calls, self._environment.control)
