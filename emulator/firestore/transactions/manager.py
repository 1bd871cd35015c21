"""Open transactions: their locks, their snapshots, their end."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from emulator.clock import Clock, SystemClock
from emulator.firestore.errors import FirestoreError, failed_precondition, invalid
from emulator.firestore.names import DocumentKey
from emulator.firestore.query.model import Scope
from emulator.firestore.transactions.locks import LockTable, Mode, Owner, Resource, Wanted

_REMEMBERED: Final = 10_000
_CLOSED: Final = "The referenced transaction has expired or is no longer valid."


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: the age and the idle time at which a transaction expires, and the patience of a waiting call."""

    total: float = 270
    idle: float = 60
    lock_wait: float = 20


@dataclass(eq=False, slots=True)
class Transaction:
    """One open transaction. A read-only one has no locks but a time, in microseconds, at which it reads."""

    id: bytes
    database: str
    owner: Owner
    read_only_at: int | None
    began: float
    used: float
    calls: int = field(default=0)


class TransactionManager:
    """All open transactions; used by the event loop's thread only."""

    def __init__(self, limits: Limits | None = None, clock: Clock | None = None) -> None:
        self._limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._locks = LockTable(self._limits.lock_wait)
        self._open: dict[bytes, Transaction] = {}
        # What became of recent transactions: their age, for those who retry them.
        self._past: OrderedDict[bytes, int] = OrderedDict()
        self._ages = count()
        self._sweeper: asyncio.Task[None] | None = None

    def begin(self, database: str, *, read_only_at: int | None = None, retry: bytes = b"") -> Transaction:
        """Open a transaction; `retry` is the id of the one it repeats, whose place in line it takes."""
        now = self._now()
        age = self._past.get(retry)
        owner = Owner(next(self._ages) if age is None else age)
        identifier = secrets.token_bytes(16)
        transaction = Transaction(identifier, database, owner, read_only_at, now, now)
        self._open[identifier] = transaction
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._expire())
        return transaction

    def get(self, identifier: bytes, database: str) -> Transaction:
        """The open transaction of that id.

        Raises:
            FirestoreError: INVALID_ARGUMENT: there is none.
        """
        transaction = self._open.get(identifier)
        if transaction is None or transaction.database != database:
            raise invalid(_CLOSED)
        transaction.used = self._now()
        return transaction

    async def lock_documents(self, transaction: Transaction, keys: Iterable[DocumentKey]) -> None:
        """Keep others from changing these documents until the transaction ends.

        Raises:
            FirestoreError: ABORTED.
        """
        wanted = {key: self._locks.reading_mode(key) for key in keys}
        await self._acquire(transaction, wanted, finishing=False)

    async def lock_range(self, transaction: Transaction, scope: Scope) -> None:
        """Keep others from changing, adding or deleting any document of the scope until the transaction ends.

        Raises:
            FirestoreError: ABORTED.
        """
        resource = _range(scope)
        await self._acquire(transaction, {resource: self._locks.reading_mode(resource)}, finishing=False)

    async def lock_writes(self, transaction: Transaction, keys: Iterable[DocumentKey]) -> None:
        """What the transaction's commit needs.

        Raises:
            FirestoreError: ABORTED, FAILED_PRECONDITION (it is read-only).
        """
        if transaction.read_only_at is not None:
            raise failed_precondition("Cannot write in a read-only transaction.")
        await self._acquire(transaction, _written(keys), finishing=True)

    async def lock_plain(self, keys: Iterable[DocumentKey]) -> Owner:
        """What a write outside of transactions needs; the caller releases it.

        Raises:
            FirestoreError: ABORTED.
        """
        owner = Owner(next(self._ages))
        try:
            await self._locks.acquire(owner, _written(keys), finishing=True)
        except BaseException:  # even cancelled in the moment of the grant, it holds nothing afterwards
            self._locks.release(owner)
            raise
        return owner

    def release(self, owner: Owner) -> None:
        """The end of a write outside of transactions."""
        self._locks.release(owner)

    def finish(self, transaction: Transaction) -> None:
        """The transaction is committed, rolled back or given up: its locks go."""
        if self._open.pop(transaction.id, None) is None:
            return
        self._past[transaction.id] = transaction.owner.age
        if len(self._past) > _REMEMBERED:
            self._past.popitem(last=False)
        self._locks.cancel(transaction.owner, _CLOSED)

    def rollback(self, identifier: bytes, database: str) -> None:
        """Give a transaction up. One that has already ended is rolled back by that: clients do so after an abort.

        Raises:
            FirestoreError: INVALID_ARGUMENT: there never was one of that id.
        """
        if identifier not in self._past:
            self.finish(self.get(identifier, database))

    async def close(self) -> None:
        """Give everything up."""
        for transaction in list(self._open.values()):
            self.finish(transaction)
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _acquire(self, transaction: Transaction, wanted: Wanted, *, finishing: bool) -> None:
        transaction.calls += 1
        try:
            await self._locks.acquire(transaction.owner, wanted, finishing=finishing)
        except FirestoreError:
            self.finish(transaction)
            raise
        finally:
            transaction.calls -= 1
            transaction.used = self._now()

    async def _expire(self) -> None:
        """End what is too old or idle for too long, as long as there is anything open."""
        pause = min(1.0, self._limits.idle / 4)
        while self._open:
            await asyncio.sleep(pause)
            now = self._now()
            for transaction in list(self._open.values()):
                idle = not transaction.calls and now - transaction.used > self._limits.idle
                if idle or now - transaction.began > self._limits.total:
                    self.finish(transaction)


def _range(scope: Scope) -> Resource:
    """The resource that stands for a scope: its collection, its collection id, or the whole database."""
    database = scope.parent.database
    if scope.collection is not None:
        return ("collection", database, scope.collection)
    if scope.collection_id is not None:
        return ("group", database, scope.collection_id)
    return ("database", database)


def _written(keys: Iterable[DocumentKey]) -> dict[Resource, Mode]:
    wanted: dict[Resource, Mode] = {}
    for key in keys:
        wanted[key] = Mode.EXCLUSIVE
        wanted["collection", key.database, key.collection] = Mode.INTENT
        wanted["group", key.database, key.collection.rpartition("/")[2]] = Mode.INTENT
        wanted["database", key.database] = Mode.INTENT
    return wanted
