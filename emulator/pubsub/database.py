"""The database file of Pub/Sub. One connection, used from the event loop's thread only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from emulator.events.queue import DeliveryQueue

# backlog: what a subscription has not acknowledged. due_at is null while an older message of the same ordering key is
# outstanding, and the end of the lease while a subscriber holds the message. retained: acknowledged, kept for a seek.
_SCHEMA: Final = """
    create table if not exists topics (name text primary key, proto blob not null);
    create table if not exists subscriptions (id integer primary key, name text not null unique, proto blob not null);
    create table if not exists messages (
        id integer primary key autoincrement, published_at real not null, proto blob not null
    );
    create index if not exists messages_published on messages (published_at);
    create table if not exists backlog (
        id integer primary key autoincrement,
        subscription integer not null references subscriptions (id) on delete cascade,
        message integer not null references messages (id),
        ordering_key text, attempts integer not null default 0, due_at real
    );
    create index if not exists backlog_due on backlog (subscription, due_at, id);
    create index if not exists backlog_ordered on backlog (subscription, ordering_key, id)
        where ordering_key is not null;
    create index if not exists backlog_message on backlog (message);
    create table if not exists retained (
        message integer not null references messages (id),
        subscription integer not null references subscriptions (id) on delete cascade,
        ordering_key text, primary key (message, subscription)
    ) without rowid;
    create index if not exists retained_subscription on retained (subscription, message);
"""


class Database:
    """The connection, and transactions on it."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self.connection.execute("pragma synchronous = normal")
        self.connection.execute("pragma foreign_keys = on")
        self.connection.executescript(_SCHEMA + DeliveryQueue.SCHEMA)
        # Message ids begin at the time of creation: a fresh file never repeats ids that handlers remember.
        self.connection.execute(
            "insert into sqlite_sequence (name, seq) select 'messages', ?"
            " where not exists (select 1 from sqlite_sequence where name = 'messages')",
            (time.time_ns() // 1000,),
        )

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything or nothing."""
        self.connection.execute("begin immediate")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")
