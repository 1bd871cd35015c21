"""The resources of buckets, objects and uploads in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from emulator.events.queue import DeliveryQueue

Resource = dict[str, Any]
"""A bucket or object as the JSON API describes it, without its links: they depend on who asks."""

_SCHEMA: Final = """
create table if not exists buckets (name text primary key, json text not null, policy text) without rowid;
create table if not exists objects (
    bucket text not null,
    name text not null,
    generation integer not null,
    state text not null check (state in ('live', 'noncurrent', 'soft')),
    json text not null,
    expires real,  -- when a soft-deleted object goes away, in seconds since 1970
    primary key (bucket, name, generation)
) without rowid;
create unique index if not exists live_objects on objects (bucket, name) where state = 'live';
create index if not exists expiring_objects on objects (expires) where expires is not null;
create table if not exists uploads (id text primary key, created real not null, json text not null) without rowid;
"""


class Database:
    """One file. Used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self.connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self.connection.execute("pragma synchronous = normal")
        self.connection.executescript(_SCHEMA + DeliveryQueue.SCHEMA)
        self._take_over()

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

    def _take_over(self) -> None:
        """Keep what an earlier version wrote: one table of all resources by their path."""
        if not self.connection.execute("select 1 from sqlite_master where name = 'resources'").fetchone():
            return
        with self.transaction() as connection:
            for path, text in connection.execute("select path, json from resources").fetchall():
                section, *names = json.loads(path)
                resource = json.loads(text)
                if section == "buckets":
                    connection.execute("insert or ignore into buckets (name, json) values (?, ?)", (names[0], text))
                elif section == "objects":
                    for link in ("selfLink", "mediaLink"):
                        resource.pop(link, None)
                    resource["size"] = str(resource["size"])
                    row = (*names, int(resource["generation"]), "live", json.dumps(resource))
                    connection.execute("insert or ignore into objects values (?, ?, ?, ?, ?, null)", row)
            connection.execute("drop table resources")
