"""Running a plan on a snapshot: documents in the query's order, as late and as few as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Final, NamedTuple

from emulator.firestore.names import DocumentKey
from emulator.firestore.query.evaluate import matches, satisfies, sort_key
from emulator.firestore.query.model import Conjunction, Query, SortKey
from emulator.firestore.query.plan import FEW, Seek, Walk, plan
from emulator.firestore.query.statement import count_statement, walk_statement
from emulator.firestore.storage.index import MAX_VALUE_BYTES
from emulator.firestore.storage.reader import Reader, decode_id
from emulator.firestore.storage.records import Record
from emulator.firestore.values.fieldpath import NAME

_FIRST: Final = itemgetter(0)


class Sorted(NamedTuple):
    """A document and its place in the query's order. Keys are unique: comparisons never reach the record."""

    key: SortKey
    record: Record


class _Row(NamedTuple):
    value: bytes
    collection: str
    key: bytes
    body: bytes
    create_time: int
    update_time: int


@dataclass(frozen=True, slots=True)
class Execution:
    """A query on a reader's snapshot as of a time in microseconds."""

    query: Query
    reader: Reader
    at: int
    few: int = FEW

    def results(self) -> Iterator[Sorted]:
        """The query's documents, after cursors, offset and limit."""
        query = self.query
        if query.limit == 0:
            return iter(())
        stop = None if query.limit is None else query.offset + query.limit
        return islice(self._in_bounds(), query.offset, stop)

    def _in_bounds(self) -> Iterator[Sorted]:
        for found in self._merged():
            if self.query.is_late(found.key):
                return
            if not self.query.is_early(found.key):
                yield found

    def _merged(self) -> Iterator[Sorted]:
        """All conjunctions in one order, what several of them found once, at the time of the read."""
        streams: list[Iterable[Sorted]] = [self._conjunction(conjunction) for conjunction in self.query.where]
        if self.reader.changed_since(self.at):
            streams = self._as_of(streams)
        if len(streams) == 1:
            yield from streams[0]
            return
        last: SortKey | None = None
        for found in merge(*streams, key=_FIRST):
            if found.key != last:
                last = found.key
                yield found

    def _as_of(self, streams: list[Iterable[Sorted]]) -> list[Iterable[Sorted]]:
        """The same with every document that a later commit changed taken from the history instead."""
        database, scope = self.query.scope.parent.database, self.query.scope
        changed = {key for key in self.reader.keys_changed_since(database, self.at) if scope.includes(key)}
        past = [record for key in changed if (record := self.reader.get(key, self.at)) is not None]
        kept = [_without(stream, changed) for stream in streams]
        return [*kept, sorted(self._sorted(record for record in past if matches(self.query, record)))]

    def _sorted(self, records: Iterable[Record]) -> Iterator[Sorted]:
        for record in records:
            key = sort_key(self.query, record)
            if key is not None:
                yield Sorted(key, record)

    def _conjunction(self, conjunction: Conjunction) -> Iterator[Sorted]:
        walk = plan(self.query, conjunction, self, self.few)
        statement = None if walk is None else walk_statement(self.query.scope, walk, self.reader.catalog)
        if walk is None or statement is None:
            return
        rows = map(_Row._make, self.reader.connection.execute(*statement))
        if not walk.ordered:
            yield from sorted(self._sorted(self._matching(rows, conjunction)), key=_FIRST)
            return
        for cut_short, tied in groupby(rows, partial(self._tie, walk)):
            found = self._sorted(self._matching(tied, conjunction))
            yield from found if cut_short is None else sorted(found, key=_FIRST)

    def _tie(self, walk: Walk, row: _Row) -> bytes | None:
        """What rows that the walk does not fully order have in common; None where its order is the query's.

        A walk goes by value and then by name in the same direction, and cannot tell values apart that were cut.
        """
        orders = self.query.orders
        complete = orders[0].path == NAME or (len(orders) == 2 and orders[1].descending == walk.descending)
        return None if complete and len(row.value) < MAX_VALUE_BYTES else row.value

    def _matching(self, rows: Iterable[_Row], conjunction: Conjunction) -> Iterator[Record]:
        database = self.query.scope.parent.database
        includes = self.query.scope.includes
        for row in rows:
            key = DocumentKey(database, row.collection, decode_id(row.key))
            record = Record(key, row.body, row.create_time, row.update_time)
            if satisfies(conjunction, record) and includes(key):
                yield record

    def count(self, seek: Seek, most: int) -> int:
        """How many entries an interval of an index has (see `plan.Statistics`)."""
        statement = count_statement(self.query.scope, seek, most, self.reader.catalog)
        if statement is None:
            return 0
        (count,) = self.reader.connection.execute(*statement).fetchone()
        return int(count)


def _without(stream: Iterable[Sorted], keys: set[DocumentKey]) -> Iterator[Sorted]:
    return (found for found in stream if found.record.key not in keys)
