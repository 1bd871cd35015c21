"""The database file: one writing thread, readers on snapshots beside it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TypeVar

from emulator.clock import Clock
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.names import DocumentKey
from emulator.firestore.storage.composite import Kept, kept
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Commit, Record
from emulator.firestore.storage.schema import SCHEMA, connect
from emulator.firestore.storage.timeline import Timeline
from emulator.firestore.storage.writer import Writer

_T = TypeVar("_T")
_LOG: Final = logging.getLogger(__name__)
_READING_THREADS: Final = 2
_MAX_READERS: Final = 64  # streams that are being read at the same time
_CHUNK: Final = 200  # rows that one visit to a reading thread produces


class CommitObserver(Protocol):
    """Who hears of every commit that changes something. Both calls come from the writing thread."""

    def written(self, connection: sqlite3.Connection, commit: Commit) -> None:
        """The commit is about to become durable: what is written to the connection becomes so with it."""
        ...

    def committed(self, commit: Commit) -> None:
        """The commit is durable; no read time at or after it has been given out yet."""
        ...


class Store:
    """Documents in SQLite.

    Point reads run where they are asked for: they take some 20 microseconds, less than a change of threads. Whatever
    may take longer runs in the reading threads, commits in the one writing thread.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        observer: CommitObserver,
        extra_schema: Sequence[str] = (),
        indexes: IndexCatalog | None = None,
    ) -> None:
        """Open or create the file. Without `indexes` there are the automatic ones, and no query is refused.

        Raises:
            OSError: the folder cannot be made.
            sqlite3.Error: the file is no database, or cannot be written.
        """
        self._path = path
        self._observer = observer
        path.parent.mkdir(parents=True, exist_ok=True)
        self.indexes = indexes or IndexCatalog(checks=False)
        self._writer = Writer(connect(path), self.indexes)
        for schema in (SCHEMA, *extra_schema):
            self._writer.connection.executescript(schema)
        (last_commit,) = self._writer.connection.execute("select last_commit from state").fetchone()
        self._points = Reader(connect(path, read_only=True))
        self.timeline = Timeline(clock, last_commit, self._last_commit)
        self._writing = ThreadPoolExecutor(1, "firestore-write")
        self._reading = ThreadPoolExecutor(_READING_THREADS, "firestore-read")
        self._idle: list[Reader] = []
        self._slots = asyncio.Semaphore(_MAX_READERS)
        self._closing = False
        self._keep_indexes()
        self.indexes.on_change(lambda: self._writing.submit(self._keep_indexes))

    def close(self) -> None:
        """Finish what runs and close the file. Indexes that are being built go on when it is opened again."""
        self._closing = True
        self._writing.shutdown()
        self._reading.shutdown()
        for reader in (*self._idle, self._points):
            reader.connection.close()
        self._writer.connection.close()

    def get(self, key: DocumentKey, at: int) -> Record | None:
        """One document as it was at a time, from the event loop's thread."""
        return self._points.get(key, at)

    def _last_commit(self) -> int:
        (time,) = self._points.connection.execute("select last_commit from state").fetchone()
        return int(time)

    def _keep_indexes(self) -> None:
        """Keep the indexes of the catalog from now on; what has to be built is, in the background."""
        self._writer.composites.want(map(kept, self.indexes.materialised))
        self._writing.submit(self._index_a_slice)

    def _index_a_slice(self) -> None:
        if self._closing:
            return
        try:
            with self._immediate(self._writer.connection):
                more = self._writer.composites.step()
        except sqlite3.Error:
            _LOG.exception("An index could not be built; queries do without it.")
            return
        self._writer.composites.published()
        if more and not self._closing:
            self._writing.submit(self._index_a_slice)

    async def indexed(self) -> None:
        """Wait until every index of the catalog holds every document."""
        while any(self._writer.composites.ready.get(index.group, ()).count(index) == 0 for index in self._kept()):
            await _run(self._writing, int)

    def _kept(self) -> list[Kept]:
        return list(map(kept, self.indexes.materialised))

    async def commit(self, build: Callable[[Writer, int], tuple[Commit, _T]]) -> tuple[Commit, _T]:
        """Run `build` with the writer and the commit's time, and write what it returns, all or nothing."""
        return await _run(self._writing, partial(self._commit, build))

    def _commit(self, build: Callable[[Writer, int], tuple[Commit, _T]]) -> tuple[Commit, _T]:
        connection = self._writer.connection
        try:
            with self._immediate(connection):
                commit, result = build(self._writer, self.timeline.begin_commit())
                if commit.changes:
                    self._writer.write(commit)
                    self._observer.written(connection, commit)
            if commit.changes:
                self._observer.committed(commit)
            return commit, result
        finally:
            self.timeline.end_commit()

    @contextmanager
    def _immediate(self, connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            connection.execute("rollback")
            self._writer.catalog.forget()
            raise
        connection.execute("commit")

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """A reader whose statements all see the same state."""
        async with self._slots:
            reader = self._idle.pop() if self._idle else Reader(connect(self._path, read_only=True))
            try:
                self._begin(reader)
                yield reader
            except BaseException:
                # A statement that was left half-way would hold on to this snapshot.
                reader.connection.close()
                raise
            reader.connection.execute("rollback")
            self._idle.append(reader)

    def _begin(self, reader: Reader) -> None:
        """Begin a snapshot, with the indexes that were ready before it and are still kept after it began."""
        ready = self._writer.composites.ready
        reader.connection.execute("begin")
        reader.connection.execute("select 1 from state").fetchone()
        reader.composites = ready if self._writer.composites.ready is ready else {}

    async def read(self, work: Callable[[Reader], _T]) -> _T:
        """Run `work` on a snapshot in a reading thread."""
        async with self.snapshot() as reader:
            return await _run(self._reading, partial(work, reader))

    async def stream(self, work: Callable[[Reader], Iterator[_T]]) -> AsyncIterator[list[_T]]:
        """Run the iterator that `work` makes on a snapshot, a chunk at a time, in a reading thread."""
        async with self.snapshot() as reader:
            rows = await _run(self._reading, partial(work, reader))
            while chunk := await _run(self._reading, partial(_take, rows)):
                yield chunk
                if len(chunk) < _CHUNK:
                    break
            del rows  # ends its statements: see snapshot


async def _run(threads: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    """Run in a thread. A cancelled caller is held until the thread is done with what the caller owns."""
    future = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


def _take(rows: Iterator[_T]) -> list[_T]:
    return list(islice(rows, _CHUNK))
