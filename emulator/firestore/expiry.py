"""TTL policies: documents whose time has come are deleted, with events and listeners as for any delete.

Source: "Manage data retention with TTL policies": a document expires when the policy's field is a date and time that
has passed; any other value never does. Production deletes within a day or so, here it takes a few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from emulator.bell import Bell
from emulator.clock import Clock, Follower, follow
from emulator.firestore.callers import SYSTEM
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.names import DocumentKey, Parent
from emulator.firestore.proto.v1 import Value
from emulator.firestore.query.evaluate import matches
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Order, Query, Range, Scope, after
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.storage.writer import Writer
from emulator.firestore.values.encoding import encode, type_bounds
from emulator.firestore.values.fieldpath import NAME, FieldPath
from emulator.firestore.values.times import to_micros, to_timestamp

_LOG = logging.getLogger(__name__)
_PAUSE: Final = 2.0  # seconds between two looks
_AT_ONCE: Final = 300  # deletes in one commit
_LOOKED_UP: Final = 6000  # names that one query gives
_DATABASES: Final = "select distinct database from collections"


class Expiry:
    """Deletes what has expired, every few seconds and when the clock is moved."""

    def __init__(self, engine: Engine, clock: Clock, policies: Callable[[], Mapping[str, FieldPath]]) -> None:
        """`policies` tells the field with the time of expiry of all collections of an id, by that id."""
        self._engine = engine
        self._clock = clock
        self._policies = policies
        self._wake = Bell()
        self._done = Bell()
        self._begun = 0  # looks
        self._ended = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._leave_clock = follow(self._clock, Follower(self._wake.ring, settle=self.settle))
        self._task = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Finish the commit under way."""
        self._leave_clock()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def settle(self) -> None:
        """Return when everything that has expired by now is gone."""
        if self._task is None or self._task.done():
            return
        wanted = self._begun + 1  # a look that runs now may have begun before
        while self._ended < wanted:
            self._wake.ring()
            await self._done.wait(_PAUSE)

    async def _work(self) -> None:
        while True:
            self._begun += 1
            try:
                await self._look()
            except (FirestoreError, sqlite3.OperationalError) as error:
                # A transaction holds one of them, or the file is busy: they stay until the next look.
                _LOG.info("expired documents stay for now: %s", error)
            self._ended = self._begun
            self._done.ring()
            await self._wake.wait(_PAUSE)

    async def _look(self) -> None:
        policies = self._policies()
        databases = await self._engine.store.read(_databases) if policies else ()
        for database in databases:
            for group, path in policies.items():
                await self._expire(_query(database, group, path, to_micros(self._clock.now())))

    async def _expire(self, query: Query) -> None:
        """Delete what has expired."""
        while True:
            keys = await self._engine.store.read(partial(_keys, query, self._engine.store.timeline.read_time()))
            for first in range(0, len(keys), _AT_ONCE):
                await self._delete(keys[first : first + _AT_ONCE], query)
            if len(keys) < _LOOKED_UP:
                return

    async def _delete(self, keys: Sequence[DocumentKey], query: Query) -> None:
        """Delete those of the documents that have still expired once nobody else may write them."""
        owner = await self._engine.transactions.lock_plain(keys)
        try:
            _, deleted = await self._engine.store.commit(partial(_deletes, keys, query))
        finally:
            self._engine.transactions.release(owner)
        self._engine.meter.wrote(0, deleted, ttl=True)


def _query(database: str, group: str, path: FieldPath, now: int) -> Query:
    high = encode(Value(timestamp_value=to_timestamp(now)))
    expired = Range(path, type_bounds(high)[0], after(high), high_after=True)
    return Query(
        scope=Scope(Parent(database, ""), group, descendants=True),
        where=((expired,),),
        orders=(Order(path, descending=False), Order(NAME, descending=False)),
        limit=_LOOKED_UP,
    )


def _databases(reader: Reader) -> list[str]:
    return [name for (name,) in reader.connection.execute(_DATABASES)]


def _keys(query: Query, at: int, reader: Reader) -> list[DocumentKey]:
    return [found.record.key for found in Execution(query, reader, at).results()]


def _deletes(keys: Sequence[DocumentKey], query: Query, writer: Writer, time: int) -> tuple[Commit, int]:
    changes = tuple(Change(record.key, record, None) for record in _still(keys, query, writer))
    return Commit(time, changes, author=SYSTEM), len(changes)


def _still(keys: Sequence[DocumentKey], query: Query, writer: Writer) -> Iterator[Record]:
    for key in keys:
        if (record := writer.get(key)) is not None and matches(query, record):
            yield record
