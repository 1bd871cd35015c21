"""The resources of buckets and objects in SQLite, one row each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from emulator.events.queue import DeliveryQueue

Tree = dict[str, Any]
SECTIONS: Final = ("buckets", "objects", "resumable", "bucket_iam_policies", "soft_deleted")
# How deep the resources of a section lie: objects by bucket and name, soft-deleted ones also by generation.
_DEPTH: Final = {"buckets": 1, "objects": 2, "resumable": 1, "bucket_iam_policies": 1, "soft_deleted": 3}
_SCHEMA: Final = "create table if not exists resources (path text primary key, json text not null) without rowid;"


class Metadata:
    """The database. Used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA + DeliveryQueue.SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def load(self) -> dict[str, Tree]:
        """Every section, as nested dictionaries."""
        sections: dict[str, Tree] = {name: {} for name in SECTIONS}
        for path, text in self._connection.execute("select path, json from resources"):
            *folders, last = json.loads(path)
            tree: Tree = sections
            for folder in folders:
                tree = tree.setdefault(folder, {})
            tree[last] = json.loads(text)
        return sections

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything or nothing."""
        self._connection.execute("begin immediate")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")


def write(connection: sqlite3.Connection, sections: dict[str, Tree], changed: Iterable[tuple[str, ...]]) -> None:
    """Bring the rows of the changed resources, each named by section and keys, to what `sections` says."""
    for path in changed:
        value = _find(sections, path)
        key = json.dumps(path)
        if value is None:
            connection.execute("delete from resources where path = ?", (key,))
        else:
            connection.execute("insert or replace into resources values (?, ?)", (key, json.dumps(value)))


def write_all(connection: sqlite3.Connection, sections: dict[str, Tree]) -> None:
    """Replace every row."""
    connection.execute("delete from resources")
    for name, tree in sections.items():
        write(connection, sections, [(name, *path) for path in _paths(tree, _DEPTH[name])])


def _find(sections: dict[str, Tree], path: tuple[str, ...]) -> Tree | None:
    tree: Tree | None = sections
    for step in path:
        tree = tree.get(step) if tree is not None else None
    return tree


def _paths(tree: Tree, depth: int) -> Iterator[tuple[str, ...]]:
    for name, value in tree.items():
        if depth == 1:
            yield (name,)
        else:
            yield from ((name, *rest) for rest in _paths(value, depth - 1))
