"""The tables, and how a connection to them is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

# `key` is a document id as `values.encoding.encode_id` writes it, `value` a field's value as `encode` writes it.
# `history` holds, for a while, what a document was until a commit replaced it (body null: it did not exist), which
# makes reads at a past time and resumed listeners exact. `wide_entries` are the entries of indexes over all collections
# with an id; `name` is a document's path as `encode_path` writes it.
SCHEMA: Final = """
    create table if not exists collections (
        id integer primary key, database text not null, path text not null, name text not null, parent text not null,
        unique (database, path)
    );
    create index if not exists collections_by_name on collections (database, name);
    create index if not exists collections_by_parent on collections (database, parent);
    create table if not exists fields (
        id integer primary key, kind integer not null, path text not null, unique (kind, path)
    );
    create table if not exists documents (
        collection integer not null, key blob not null, body blob not null,
        create_time integer not null, update_time integer not null,
        unique (collection, key)
    );
    create table if not exists entries (
        collection integer not null, field integer not null, value blob not null, key blob not null,
        primary key (collection, field, value, key)
    ) without rowid;
    create table if not exists wide_entries (
        field integer not null, value blob not null, name blob not null, collection integer not null, key blob not null,
        primary key (field, value, name)
    ) without rowid;
    create table if not exists composites (text text primary key, state integer not null);
    create table if not exists history (
        collection integer not null, key blob not null, until integer not null,
        body blob, create_time integer not null, update_time integer not null,
        primary key (collection, key, until)
    ) without rowid;
    create index if not exists history_by_time on history (until);
    create table if not exists state (id integer primary key check (id = 1), last_commit integer not null);
    insert or ignore into state values (1, 0);
"""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection for whichever thread holds it, in autocommit mode: transactions are begun by name.

    Raises:
        sqlite3.OperationalError: the file cannot be opened or written.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False, cached_statements=512)
    connection.execute("pragma journal_mode = wal")
    # In WAL mode a commit is in the operating system's hands when it returns: the end of the process, however sudden,
    # loses nothing. Only the machine's own end could undo the last ones, and `full` would cost a disk flush each.
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma temp_store = memory")
    connection.execute(f"pragma cache_size = {-4096 if read_only else -16384}")  # negative: KiB
    if read_only:
        connection.execute("pragma query_only = on")
    return connection
