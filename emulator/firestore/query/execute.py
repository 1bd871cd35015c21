"""Running a plan on a snapshot: documents in the query's order, as late and as few as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Final, NamedTuple

from emulator.firestore.names import DocumentKey
from emulator.firestore.query import groups
from emulator.firestore.query.evaluate import matches, satisfies, sort_key
from emulator.firestore.query.model import Conjunction, Excludes, Nearest, Order, Query, Range, SortKey
from emulator.firestore.query.nearest import Neighbour, nearest
from emulator.firestore.query.plan import FEW, Seek, Walk, plan
from emulator.firestore.query.statement import count_statement, walk_statement
from emulator.firestore.storage.index import MAX_VALUE_BYTES
from emulator.firestore.storage.reader import Reader, decode_id
from emulator.firestore.storage.records import Record
from emulator.firestore.values.fieldpath import NAME, FieldPath

_FIRST: Final = itemgetter(0)
_FOREVER: Final = 1 << 62
# firebase.google.com/docs/firestore/pricing: one read for each batch of so many entries that is begun
ENTRIES_A_READ: Final = 1000
VECTORS_A_READ: Final = 100


class Sorted(NamedTuple):
    """A document and its place in the query's order. Keys are unique: comparisons never reach the record."""

    key: SortKey
    record: Record


class _Row(NamedTuple):
    collection: str
    key: bytes
    body: bytes
    create_time: int
    update_time: int


@dataclass(slots=True)
class Execution:
    """A query on a reader's snapshot as of a time in microseconds. The counters tell what has been read so far."""

    query: Query
    reader: Reader
    at: int
    few: int = FEW
    documents_read: int = field(default=0, init=False)  # those of the results, and what an offset skips
    index_entries_read: int = field(default=0, init=False)
    scanned: int = field(default=0, init=False)  # documents that were looked at
    vectors_read: int = field(default=0, init=False)  # those that were compared
    _seen: dict[tuple[str, bytes], Record] = field(default_factory=dict, init=False)

    def results(self) -> Iterator[Sorted]:
        """The query's documents, after cursors, offset and limit."""
        query = self.query
        if query.limit == 0:
            return iter(())
        stop = None if query.limit is None else query.offset + query.limit
        return islice(self._in_bounds(), query.offset, stop)

    def neighbours(self, asked: Nearest) -> list[Neighbour]:
        """Of the results those with the nearest vectors."""
        found = nearest(asked, (found.record for found in self.results()))
        # What was compared is billed as entries of the vectors' index.
        self.vectors_read, self.documents_read = self.documents_read, len(found)
        return found

    @property
    def entries_billed(self) -> int:
        """Index entries that are billed beside the documents: of ranges over several fields, and of aggregations."""
        ranged = {order.path for order in self.query.orders} & _ranged(self.query)
        return self.scanned if len(ranged) > 1 else self.index_entries_read

    @property
    def reads(self) -> int:
        """The billed reads that are not for documents."""
        return -(-self.entries_billed // ENTRIES_A_READ) - (-self.vectors_read // VECTORS_A_READ)

    def records(self) -> Iterator[Record]:
        """The documents that a client gets."""
        asked = self.query.nearest
        return (found.record for found in (self.results() if asked is None else self.neighbours(asked)))

    def count(self, most: int | None = None) -> int | None:
        """How many results there are, counted no further than `most`, by indexes alone; None when they do not tell."""
        query = self.query
        if query.nearest is not None or query.start is not None or query.end is not None or not _disjoint(query.where):
            return None
        walks = [self._plan(conjunction) for conjunction in query.where]
        if any(walk is not None and not walk.exact for walk in walks):
            return None
        changed = self._changed() if self.reader.changed_since(self.at) else set()
        limits = [limit for limit in (query.limit, most) if limit is not None]
        enough = min(limits) + query.offset + len(changed) if limits else None
        found = sum(self._count_walk(walk, enough) for walk in walks if walk is not None)
        self.index_entries_read += found
        for key in changed:
            found += self._matches(self.reader.get(key, self.at)) - self._matches(self.reader.get(key, _FOREVER))
        return min([max(0, found - query.offset), *limits])

    def count_seek(self, seek: Seek, most: int) -> int:
        """How many entries an interval of an index has, counted no further than `most`."""
        walk = Walk(seek, (), None, None, backward=False, sorts=0, exact=True)
        return self._count_walk(walk, most)

    def _in_bounds(self) -> Iterator[Sorted]:
        for found in self._merged():
            if self.query.is_late(found.key):
                return
            if not self.query.is_early(found.key):
                self.documents_read += 1
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
        changed = self._changed()
        past = [record for key in changed if (record := self.reader.get(key, self.at)) is not None]
        kept = [_without(stream, changed) for stream in streams]
        return [*kept, sorted(self._sorted(record for record in past if matches(self.query, record)))]

    def _changed(self) -> set[DocumentKey]:
        """The documents of the scope that a commit after the time of the read has changed."""
        scope = self.query.scope
        return {key for key in self.reader.keys_changed_since(scope.parent.database, self.at) if scope.includes(key)}

    def _matches(self, record: Record | None) -> bool:
        return record is not None and matches(self.query, record)

    def _sorted(self, records: Iterable[Record]) -> Iterator[Sorted]:
        for record in records:
            key = sort_key(self.query, record)
            if key is not None:
                yield Sorted(key, record)

    def _plan(self, conjunction: Conjunction) -> Walk | None:
        composites = self.reader.composites.get(self.query.scope.collection_id or "", ())
        return plan(self.query, conjunction, _Statistics(self), composites, self.few)

    def _conjunction(self, conjunction: Conjunction) -> Iterator[Sorted]:
        walk = self._plan(conjunction)
        statement = None if walk is None else walk_statement(self.query.scope, walk, self.reader.catalog)
        if walk is None or statement is None:
            return
        if not walk.sorts and self.query.scope.collection is None:
            found_apart = groups.parts(self.query, self.reader)
            if found_apart is not None:
                yield from self._apart(found_apart, conjunction)
                return
        rows = map(_Row._make, self.reader.connection.execute(*statement))
        # What an exact walk finds needs no second look: to compare a long array for each result is what costs most.
        found = self._sorted(self._matching(rows, () if walk.exact else conjunction))
        if not walk.sorts:
            yield from sorted(found, key=_FIRST)
            return
        for tie, tied in groupby(found, partial(self._tie, walk)):
            if tie is None:
                yield from tied
            else:
                yield from sorted(tied, key=_FIRST)

    def _apart(self, queries: list[Query], conjunction: Conjunction) -> Iterator[Sorted]:
        """The results of several collections, each by itself."""

        def read(query: Query) -> Iterator[Sorted]:
            part = Execution(query, self.reader, self.at, self.few)
            yield from part._conjunction(conjunction)  # the same class
            self.scanned += part.scanned

        if self.query.orders[0] == Order(NAME, descending=False):
            yield from groups.by_name(queries, read)
        else:
            yield from merge(*map(read, queries), key=_FIRST)

    def _tie(self, walk: Walk, found: Sorted) -> SortKey | None:
        """What results that the walk does not fully order have in common; None where its order is the query's.

        A walk cannot tell values apart that were cut.
        """
        for number, (order, key) in enumerate(zip(self.query.orders[: walk.sorts], found.key, strict=False)):
            if len(key) > MAX_VALUE_BYTES and order.path != NAME:
                return (*found.key[:number], key[:MAX_VALUE_BYTES])
        return None if walk.sorts == len(self.query.orders) else found.key[: walk.sorts]

    def _matching(self, rows: Iterable[_Row], conjunction: Conjunction) -> Iterator[Record]:
        database = self.query.scope.parent.database
        includes = self.query.scope.includes
        # What several conjunctions find is parsed once.
        several = len(self.query.where) > 1
        for row in rows:
            self.scanned += 1
            record = self._seen.get((row.collection, row.key))
            if record is None:
                key = DocumentKey(database, row.collection, decode_id(row.key))
                record = Record(key, row.body, row.create_time, row.update_time)
                if several:
                    self._seen[row.collection, row.key] = record
            if satisfies(conjunction, record) and includes(record.key):
                yield record

    def _count_walk(self, walk: Walk, most: int | None) -> int:
        statement = count_statement(self.query.scope, walk, self.reader.catalog, most)
        if statement is None:
            return 0
        (count,) = self.reader.connection.execute(*statement).fetchone()
        return int(count)


@dataclass(frozen=True, slots=True)
class _Statistics:
    """See `plan.Statistics`."""

    execution: Execution

    def count(self, seek: Seek, most: int) -> int:
        return self.execution.count_seek(seek, most)


def _ranged(query: Query) -> set[FieldPath]:
    """The fields that are compared other than by equality."""
    return {
        predicate.path
        for conjunction in query.where
        for predicate in conjunction
        if isinstance(predicate, Excludes) or (isinstance(predicate, Range) and not predicate.is_point)
    }


def _disjoint(where: tuple[Conjunction, ...]) -> bool:
    """Whether no document can be of two conjunctions: all want another value of the same field."""
    if len(where) == 1:
        return True
    points = [
        {item.path: item.low for item in conjunction if isinstance(item, Range) and item.is_point}
        for conjunction in where
    ]
    common = set.intersection(*(set(found) for found in points))
    return any(len({found[path] for found in points}) == len(points) for path in common)


def _without(stream: Iterable[Sorted], keys: set[DocumentKey]) -> Iterator[Sorted]:
    return (found for found in stream if found.record.key not in keys)
