"""Queries over several collections, collection by collection: each gives its results in order, and they are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from heapq import heappop, heappush
from typing import Final, TypeAlias, TypeVar

from emulator.firestore.names import DocumentKey, Parent
from emulator.firestore.query.model import Order, Query, Scope, SortKey, name_prefix
from emulator.firestore.storage.reader import Reader
from emulator.firestore.values.fieldpath import NAME

_MERGED: Final = 32  # collections that are read side by side
_FOLLOWED: Final = 1000  # collections that are read one after the other, as their names come
_T = TypeVar("_T", bound="tuple[SortKey, object]")
Read: TypeAlias = Callable[[Query], Iterable[_T]]


def parts(query: Query, reader: Reader) -> list[Query] | None:
    """The same query of each collection, in the order of their names; None when there are too many of them."""
    scope = query.scope
    most = _FOLLOWED if query.orders[0] == Order(NAME, descending=False) else _MERGED
    condition = "database = ?" if scope.collection_id is None else "database = ? and name = ?"
    values = [scope.parent.database] + ([] if scope.collection_id is None else [scope.collection_id])
    rows = reader.connection.execute(f"select path from collections where {condition} limit ?", (*values, most + 1))
    paths = [path for (path,) in rows]
    if len(paths) > most:
        return None
    database = scope.parent.database
    kept = [path for path in paths if scope.includes(DocumentKey(database, path, "-"))]
    kept.sort(key=lambda path: name_prefix(database, path))
    return [replace(query, scope=_scope(database, path)) for path in kept]


def _scope(database: str, path: str) -> Scope:
    parent, _, name = path.rpartition("/")
    return Scope(Parent(database, parent), name, descendants=False)


def by_name(queries: Iterable[Query], read: Read[_T]) -> Iterator[_T]:
    """The results of queries that sort by name; `queries` are in the order of their collections.

    A collection is opened when its turn comes: only those below each other are open at the same time.
    """
    waiting = [(name_prefix(query.scope.parent.database, query.scope.collection or ""), query) for query in queries]
    waiting.reverse()
    heap: list[tuple[SortKey, int, _T, Iterator[_T]]] = []
    opened = 0
    while heap or waiting:
        if waiting and (not heap or waiting[-1][0] < heap[0][0][0]):
            found, opened = iter(read(waiting.pop()[1])), opened + 1
            _push(heap, opened, found)
            continue
        _, number, result, found = heappop(heap)
        yield result
        _push(heap, number, found)


def _push(heap: list[tuple[SortKey, int, _T, Iterator[_T]]], number: int, found: Iterator[_T]) -> None:
    result = next(found, None)
    if result is not None:
        heappush(heap, (result[0], number, result, found))
