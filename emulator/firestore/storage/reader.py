"""Reading documents as they were at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from emulator.firestore.names import DocumentKey
from emulator.firestore.storage.catalog import Catalog
from emulator.firestore.storage.composite import Kept
from emulator.firestore.storage.records import Record
from emulator.firestore.values.encoding import encode_id

_GET: Final = "select body, create_time, update_time from documents where collection = ? and key = ?"
_GET_PAST: Final = (
    "select body, create_time, update_time from history where collection = ? and key = ? and until > ?"
    " order by until limit 1"
)


class Reader:
    """One connection and what it reads with. Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.catalog = Catalog(connection)
        self.composites: dict[str, tuple[Kept, ...]] = {}  # those that hold all documents of the snapshot

    def get(self, key: DocumentKey, at: int) -> Record | None:
        """The document as it was at the time (microseconds since 1970); None when it did not exist."""
        collection = self.catalog.collection(key.database, key.collection)
        if collection is None:
            return None
        place = (collection, encode_id(key.id))
        row = self.connection.execute(_GET, place).fetchone()
        if row is not None and row[2] <= at:
            return Record(key, *row)
        past = self.connection.execute(_GET_PAST, (*place, at)).fetchone()
        if past is None or past[0] is None:
            return None
        return Record(key, *past)

    def changed_since(self, at: int) -> bool:
        """Whether a commit later than the time is visible to this connection."""
        return self.connection.execute("select 1 from history where until > ? limit 1", (at,)).fetchone() is not None

    def keys_changed_since(self, database: str, at: int) -> Iterator[DocumentKey]:
        """The documents of a database that a commit later than the time has changed, each once."""
        rows = self.connection.execute(
            "select distinct c.path, h.key from history h join collections c on c.id = h.collection"
            " where h.until > ? and c.database = ?",
            (at, database),
        )
        for path, key in rows:
            yield DocumentKey(database, path, decode_id(key))


def decode_id(key: bytes) -> str:
    """The document id of its key."""
    if key[0] == 1:
        return f"__id{int.from_bytes(key[1:], 'big') - (1 << 63)}__"
    return key[1:].decode()
