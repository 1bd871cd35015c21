"""What the calls of the protocol share: committing, and reading at the right time under the right locks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias

from emulator.firestore.callers import OWNER, Caller
from emulator.firestore.errors import FirestoreError, invalid
from emulator.firestore.guard.guard import Guard
from emulator.firestore.meter import Meter
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import StructuredQuery, Timestamp, TransactionOptions, Write, WriteResult
from emulator.firestore.query.model import Query, Scope
from emulator.firestore.storage.records import Commit
from emulator.firestore.storage.store import Store
from emulator.firestore.storage.writer import HISTORY_KEPT, Writer
from emulator.firestore.transactions.manager import Transaction, TransactionManager
from emulator.firestore.values.times import from_timestamp
from emulator.firestore.write.apply import Application, check

Build: TypeAlias = Callable[[Writer, int], tuple[Commit, list[WriteResult]]]
_TOO_OLD: Final = "The requested snapshot version is too old."


class Timed(Protocol):
    """A request that may name a past time."""

    @property
    def read_time(self) -> Timestamp:
        """The time, if it is set."""
        ...

    def HasField(self, field_name: str) -> bool:  # noqa: N802  # protobuf's name
        """Whether a field is set."""
        ...


class Consistent(Timed, Protocol):
    """A request that may also name a transaction."""

    transaction: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """How a call reads: in a transaction or not, and, unless locks come first, at which time."""

    transaction: Transaction | None
    at: int | None
    began: bytes = b""  # the id of the transaction that the call itself has begun


class Engine:
    """One server's store, transactions and commits, its guard and its meter."""

    def __init__(self, store: Store, transactions: TransactionManager, guard: Guard, meter: Meter) -> None:
        self.store = store
        self.transactions = transactions
        self.guard = guard
        self.meter = meter

    def begin(self, database: str, options: TransactionOptions) -> Transaction:
        """Open a transaction.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        if options.WhichOneof("mode") != "read_only":
            return self.transactions.begin(database, retry=options.read_write.retry_transaction)
        read_only = options.read_only
        at = self._past(read_only.read_time) if read_only.HasField("read_time") else self.store.timeline.read_time()
        return self.transactions.begin(database, read_only_at=at)

    def reading(self, request: Consistent, database: str, begin: TransactionOptions | None = None) -> Reading:
        """How a request wants to read; `begin` opens a transaction for it.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        if request.HasField("read_time"):
            return Reading(None, self._past(request.read_time))
        if begin is not None:
            transaction = self.begin(database, begin)
            return Reading(transaction, transaction.read_only_at, transaction.id)
        if request.transaction:
            transaction = self.transactions.get(request.transaction, database)
            return Reading(transaction, transaction.read_only_at)
        return Reading(None, self.store.timeline.read_time())

    def time_of(self, request: Timed) -> int:
        """The time at which a request without transactions reads.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        if request.HasField("read_time"):
            return self._past(request.read_time)
        return self.store.timeline.read_time()

    async def time_for(self, reading: Reading, keys: Sequence[DocumentKey]) -> int:
        """The time to read these documents at, once they are locked if they have to be.

        Raises:
            FirestoreError: ABORTED.
        """
        if reading.at is not None:
            return reading.at
        if reading.transaction is not None:
            await self.transactions.lock_documents(reading.transaction, keys)
        return self.store.timeline.read_time()

    async def time_for_query(self, reading: Reading, scope: Scope) -> int:
        """The time to run a query at, once what it ranges over is locked if it has to be.

        Raises:
            FirestoreError: ABORTED.
        """
        if reading.at is not None:
            return reading.at
        if reading.transaction is not None:
            await self.transactions.lock_range(reading.transaction, scope)
        return self.store.timeline.read_time()

    def allow_query(self, caller: Caller, query: Query, structured: StructuredQuery, at: int) -> None:
        """Ask the guard about a query; the rules read as of the time of the query.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if not caller.privileged:
            self.guard.check_list(caller, query, structured, partial(self.store.get, at=at))

    async def commit(
        self, database: str, writes: Sequence[Write], transaction: bytes = b"", caller: Caller = OWNER
    ) -> tuple[Commit, list[WriteResult]]:
        """Apply writes, all or none, within the transaction of that id if it is not empty, if the caller may.

        Raises:
            FirestoreError: of any kind; nothing is written then, and the transaction is over.
        """
        keys = check(writes, database)
        build = partial(self._build, writes, keys, caller)
        if not transaction:
            owner = await self.transactions.lock_plain(keys)
            try:
                return await self._metered(writes, build)
            finally:
                self.transactions.release(owner)
        opened = self.transactions.get(transaction, database)
        try:
            if keys:
                await self.transactions.lock_writes(opened, keys)
            return await self._metered(writes, build)
        finally:
            self.transactions.finish(opened)

    async def _metered(self, writes: Sequence[Write], build: Build) -> tuple[Commit, list[WriteResult]]:
        done = await self.store.commit(build)
        deletes = sum(write.WhichOneof("operation") == "delete" for write in writes)
        self.meter.wrote(len(writes) - deletes, deletes)
        return done

    def _build(
        self, writes: Sequence[Write], keys: Sequence[DocumentKey], caller: Caller, writer: Writer, time: int
    ) -> tuple[Commit, list[WriteResult]]:
        application = Application(writer.get, time)
        try:
            results = [application.apply(write, key) for write, key in zip(writes, keys, strict=True)]
        except FirestoreError:
            # Whether a condition holds tells something of the document: only those may know who might write it.
            self._allow_writes(caller, Application(writer.get, time, lenient=True), writes, keys)
            raise
        self._allow_writes(caller, application, (), ())
        return application.commit(caller), results

    def _allow_writes(
        self, caller: Caller, application: Application, writes: Sequence[Write], keys: Sequence[DocumentKey]
    ) -> None:
        if caller.privileged:
            return
        for write, key in zip(writes, keys, strict=True):
            application.apply(write, key)
        self.guard.check_writes(caller, application.changes(), application.load, application.now, application.time)
        for key in application.verified:
            self.guard.check_get(caller, key, application.load(key), application.load)

    def _past(self, stamp: Timestamp) -> int:
        at, now = from_timestamp(stamp), self.store.timeline.read_time()
        if at > now:
            raise invalid("The requested read_time is in the future.")
        if at < now - HISTORY_KEPT:
            raise invalid(_TOO_OLD)
        return at
