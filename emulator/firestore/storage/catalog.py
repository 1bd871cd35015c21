"""The small integers that stand for collections and indexed fields in the large tables."""

from __future__ import annotations

import sqlite3
from typing import Final, TypeVar

from emulator.firestore.storage.index import Kind

_CACHED: Final = 20_000
_K = TypeVar("_K")


class Catalog:
    """Numbers for names, as one connection sees them. Numbers are never used twice or taken back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._collections: dict[tuple[str, str], int] = {}
        self._fields: dict[tuple[int, str], int] = {}

    def collection(self, database: str, path: str) -> int | None:
        """The number of a collection; None when it never had a document."""
        number = self._collections.get((database, path))
        if number is None:
            row = self._connection.execute(
                "select id from collections where database = ? and path = ?", (database, path)
            ).fetchone()
            if row is None:
                return None
            number = self._remember(self._collections, (database, path), row[0])
        return number

    def field(self, kind: Kind, path: str) -> int | None:
        """The number of an index; None when no document ever had the field."""
        number = self._fields.get((kind, path))
        if number is None:
            row = self._connection.execute("select id from fields where kind = ? and path = ?", (kind, path)).fetchone()
            if row is None:
                return None
            number = self._remember(self._fields, (kind, path), row[0])
        return number

    def ensure_collection(self, database: str, path: str) -> int:
        """The number of a collection, given to it and to the collections above it if need be; the writer's only."""
        number = self.collection(database, path)
        if number is not None:
            return number
        parent, _, name = path.rpartition("/")
        above = parent.rpartition("/")[0]
        if above:
            self.ensure_collection(database, above)
        cursor = self._connection.execute(
            "insert into collections (database, path, name, parent) values (?, ?, ?, ?)", (database, path, name, above)
        )
        return self._remember(self._collections, (database, path), int(cursor.lastrowid or 0))

    def ensure_field(self, kind: Kind, path: str) -> int:
        """The number of an index, given to it if need be; the writer's only."""
        number = self.field(kind, path)
        if number is not None:
            return number
        cursor = self._connection.execute("insert into fields (kind, path) values (?, ?)", (kind, path))
        return self._remember(self._fields, (kind, path), int(cursor.lastrowid or 0))

    def forget(self) -> None:
        """Drop what was remembered: a rollback may have undone it."""
        self._collections.clear()
        self._fields.clear()

    @staticmethod
    def _remember(cache: dict[_K, int], key: _K, number: int) -> int:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[key] = number
        return number
