"""Keeping the entries of composite indexes: with every write, and for the documents that were there before the index.

An index is built a slice at a time in the writing thread, between commits. Until then queries do without it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import Document
from emulator.firestore.storage.catalog import Catalog
from emulator.firestore.storage.composite import Encoded, Kept
from emulator.firestore.storage.index import Kind
from emulator.firestore.storage.records import Record
from emulator.firestore.values.encoding import encode_id, encode_path

_SLICE: Final = 500  # documents that are indexed, or entries that are dropped, in one transaction


class State(IntEnum):
    """How far an index is."""

    BUILDING = 0
    READY = 1
    DROPPING = 2


@dataclass(slots=True)
class _Rows:
    """Rows of the two tables of entries."""

    narrow: list[tuple[int, int, bytes, bytes]] = field(default_factory=list)
    wide: list[tuple[int, bytes, bytes, int, bytes]] = field(default_factory=list)


class Composites:
    """The composite indexes of a file. The writer's thread changes it; `ready` may be read by any."""

    def __init__(self, connection: sqlite3.Connection, catalog: Catalog) -> None:
        self._connection = connection
        self._catalog = catalog
        self._wanted: dict[str, Kept] = {}
        self._by_group: dict[str, tuple[Kept, ...]] = {}
        self._last_row = 0
        self.ready: dict[str, tuple[Kept, ...]] = {}

    def want(self, indexes: Iterable[Kept]) -> None:
        """From now on keep these indexes, and no others."""
        self._wanted = {f"{index.kind.value} {index.text}": index for index in indexes}
        states = self._states()
        empty = self._connection.execute("select 1 from documents limit 1").fetchone() is None
        fresh = State.READY if empty else State.BUILDING
        for text in self._wanted.keys() - states.keys():
            self._set(text, fresh)
        for text in states.keys() - self._wanted.keys():
            self._set(text, State.DROPPING)
        self._last_row = 0
        self._publish()

    def step(self) -> bool:
        """Do a slice of what is to be done, in a transaction that is open; whether there is more of it."""
        states = self._states()
        dropping = next((text for text, state in states.items() if state is State.DROPPING), None)
        if dropping is not None:
            self._drop(dropping)
            return True
        building = [self._wanted[text] for text, state in states.items() if state is State.BUILDING]
        if not building:
            return False
        if not self._build(building):
            self._last_row = 0
            for text, state in states.items():
                if state is State.BUILDING:
                    self._set(text, State.READY)
        return True

    def published(self) -> None:
        """What the last step did is committed: let queries know."""
        self._publish()

    def values(self, key: DocumentKey, record: Record | None) -> list[set[bytes]]:
        """The values of a document's entries, index by index; nothing of a document that does not exist."""
        indexes = self._by_group.get(key.collection.rpartition("/")[2], ())
        if record is None or not indexes:
            return [set() for _ in indexes]
        encoded = Encoded(record.fields)
        return [index.values(encoded) for index in indexes]

    def write(self, key: DocumentKey, collection: int, before: list[set[bytes]], after: list[set[bytes]]) -> None:
        """Keep the entries of a document that changes, from the values that it had to those that it has."""
        indexes = self._by_group.get(key.collection.rpartition("/")[2], ())
        gone, come = _Rows(), _Rows()
        for index, had, has in zip(indexes, before, after, strict=True):
            if had != has:
                self._add_rows(gone, index, key.database, key.collection, (collection, encode_id(key.id)), had - has)
                self._add_rows(come, index, key.database, key.collection, (collection, encode_id(key.id)), has - had)
        execute = self._connection.executemany
        if gone.narrow:
            execute("delete from entries where collection = ? and field = ? and value = ? and key = ?", gone.narrow)
        if gone.wide:
            execute(
                "delete from wide_entries where field = ? and value = ? and name = ? and collection = ? and key = ?",
                gone.wide,
            )
        self._insert(come)

    def _states(self) -> dict[str, State]:
        rows = self._connection.execute("select text, state from composites order by text")
        return {text: State(state) for text, state in rows}

    def _set(self, text: str, state: State) -> None:
        self._connection.execute(
            "insert into composites values (?, ?) on conflict do update set state = excluded.state", (text, state)
        )

    def _publish(self) -> None:
        states = self._states()
        kept = [index for text, index in self._wanted.items() if states.get(text) is not State.DROPPING]
        self._by_group = _grouped(kept)
        self.ready = _grouped(index for text, index in self._wanted.items() if states.get(text) is State.READY)

    def _build(self, indexes: Sequence[Kept]) -> bool:
        """Index the next slice of documents; False when there are no more."""
        rows = self._connection.execute(
            "select d.rowid, c.database, c.path, d.collection, d.key, d.body from documents d"
            " join collections c on c.id = d.collection where d.rowid > ? order by d.rowid limit ?",
            (self._last_row, _SLICE),
        ).fetchall()
        come = _Rows()
        for rowid, database, path, collection, key, body in rows:
            self._last_row = rowid
            mine = [index for index in indexes if index.group == path.rpartition("/")[2]]
            if mine:
                encoded = Encoded(Document.FromString(body).fields)
                for index in mine:
                    self._add_rows(come, index, database, path, (collection, key), index.values(encoded))
        self._insert(come)
        return bool(rows)

    def _insert(self, rows: _Rows) -> None:
        if rows.narrow:
            self._connection.executemany("insert or ignore into entries values (?, ?, ?, ?)", rows.narrow)
        if rows.wide:
            self._connection.executemany("insert or ignore into wide_entries values (?, ?, ?, ?, ?)", rows.wide)

    def _add_rows(
        self, rows: _Rows, index: Kept, database: str, path: str, place: tuple[int, bytes], values: Iterable[bytes]
    ) -> None:
        """The entries of a document at `place`, its collection's number and its key, in the collection of that path."""
        number = self._catalog.ensure_field(index.kind, index.label(database))
        collection, key = place
        if index.wide:
            name = document_name(path, key)
            rows.wide += [(number, value, name, collection, key) for value in values]
        else:
            rows.narrow += [(collection, number, value, key) for value in values]

    def _drop(self, text: str) -> None:
        """Delete a slice of the entries of an index that nobody wants; when none are left, forget or rebuild it."""
        kind, _, label = text.partition(" ")
        # Wide indexes are registered with their database before their text: see Kept.label.
        text_of = "substr(path, instr(path, ' ') + 1)" if int(kind) == Kind.WIDE else "path"
        numbers = self._connection.execute(
            f"select id from fields where kind = ? and {text_of} = ?", (int(kind), label)
        ).fetchall()
        for (number,) in numbers:
            if self._drop_entries(number):
                return
        if text in self._wanted:
            self._set(text, State.BUILDING)
        else:
            self._connection.execute("delete from composites where text = ?", (text,))

    def _drop_entries(self, number: int) -> bool:
        execute = self._connection.execute
        wide = execute(
            "delete from wide_entries where (field, value, name) in"
            " (select field, value, name from wide_entries where field = ? limit ?)",
            (number, _SLICE),
        ).rowcount
        if wide:
            return True
        for (collection,) in execute("select id from collections").fetchall():
            dropped = execute(
                "delete from entries where (collection, field, value, key) in (select collection, field, value, key"
                " from entries where collection = ? and field = ? limit ?)",
                (collection, number, _SLICE),
            ).rowcount
            if dropped:
                return True
        return False


def document_name(collection: str, key: bytes) -> bytes:
    """The name of a document in a wide index, by its collection's path and its id's key."""
    tail = key if key[0] == 1 else key.replace(b"\x00", b"\x00\xff") + b"\x00\x01"
    return encode_path(collection)[:-1] + tail + b"\x00"


def _grouped(indexes: Iterable[Kept]) -> dict[str, tuple[Kept, ...]]:
    groups: dict[str, tuple[Kept, ...]] = {}
    for index in indexes:
        groups[index.group] = (*groups.get(index.group, ()), index)
    return groups
