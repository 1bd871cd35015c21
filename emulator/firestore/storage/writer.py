"""Writing documents with their index entries and their history, inside one SQLite transaction."""

from __future__ import annotations

import sqlite3
from typing import Final

from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.names import DocumentKey
from emulator.firestore.storage.catalog import Catalog
from emulator.firestore.storage.composites import Composites
from emulator.firestore.storage.entry_limits import check_entries
from emulator.firestore.storage.index import Entry, entries
from emulator.firestore.storage.reader import _GET
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.values.encoding import encode_id

HISTORY_KEPT: Final = 3_600_000_000  # one hour in microseconds: how far back production reads without extra cost
_PRUNED_AT_ONCE: Final = 64


class Writer:
    """The one connection that writes. Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, indexes: IndexCatalog) -> None:
        self.connection = connection
        self.catalog = Catalog(connection)
        self.composites = Composites(connection, self.catalog)
        self._indexes = indexes

    def get(self, key: DocumentKey) -> Record | None:
        """The document as it is now."""
        collection = self.catalog.collection(key.database, key.collection)
        if collection is None:
            return None
        row = self.connection.execute(_GET, (collection, encode_id(key.id))).fetchone()
        return None if row is None else Record(key, *row)

    def write(self, commit: Commit) -> None:
        """Make the changes of a commit.

        Raises:
            FirestoreError: INVALID_ARGUMENT: a document would have too many or too large index entries.
        """
        for change in commit.changes:
            self._write_change(change, commit.time)
        self.connection.execute("update state set last_commit = ?", (commit.time,))
        self.connection.execute(
            "delete from history where (collection, key, until) in (select collection, key, until from history"
            " where until < ? order by until limit ?)",
            (commit.time - HISTORY_KEPT, _PRUNED_AT_ONCE + 2 * len(commit.changes)),
        )

    def _write_change(self, change: Change, time: int) -> None:
        collection = self.catalog.ensure_collection(change.key.database, change.key.collection)
        key = encode_id(change.key.id)
        before, after = change.before, change.after
        execute = self.connection.execute
        if after is None:
            execute("delete from documents where collection = ? and key = ?", (collection, key))
        else:
            execute(
                "insert into documents (collection, key, body, create_time, update_time) values (?, ?, ?, ?, ?)"
                " on conflict do update set body = excluded.body, create_time = excluded.create_time,"
                " update_time = excluded.update_time",
                (collection, key, after.body, after.create_time, after.update_time),
            )
        past = (None, 0, 0) if before is None else (before.body, before.create_time, before.update_time)
        execute("insert into history values (?, ?, ?, ?, ?, ?)", (collection, key, time, *past))
        old = set() if before is None else entries(before.fields)
        new = set() if after is None else entries(after.fields)
        had, has = self.composites.values(change.key, before), self.composites.values(change.key, after)
        if after is not None:
            check_entries(change.key, new, [len(value) for values in has for value in values], self._indexes)
        self._write_entries(collection, key, old, new)
        self.composites.write(change.key, collection, had, has)

    def _write_entries(self, collection: int, key: bytes, old: set[Entry], new: set[Entry]) -> None:
        gone, added = old - new, new - old
        if gone:
            self.connection.executemany(
                "delete from entries where collection = ? and field = ? and value = ? and key = ?",
                [(collection, self._field(entry), entry.value, key) for entry in gone],
            )
        if added:
            self.connection.executemany(
                "insert into entries values (?, ?, ?, ?)",
                [(collection, self._field(entry), entry.value, key) for entry in added],
            )

    def _field(self, entry: Entry) -> int:
        return self.catalog.ensure_field(entry.kind, entry.path)
