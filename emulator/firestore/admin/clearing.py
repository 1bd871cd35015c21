"""Making a database empty."""

from __future__ import annotations

from typing import Final

from emulator.firestore.engine import Engine
from emulator.firestore.names import DocumentKey
from emulator.firestore.storage.reader import decode_id
from emulator.firestore.storage.records import Change, Commit
from emulator.firestore.storage.writer import Writer

_AT_ONCE: Final = 500
_SOME: Final = (
    "select c.path, d.key from collections c join documents d on d.collection = c.id where c.database = ? limit ?"
)


async def clear(engine: Engine, database: str) -> int:
    """Delete every document of a database; their number. Listeners see it, functions do not hear of it."""
    total = 0
    while True:
        _, deleted = await engine.store.commit(lambda writer, time: _delete_some(writer, time, database))
        if not deleted:
            return total
        total += deleted


def _delete_some(writer: Writer, time: int, database: str) -> tuple[Commit, int]:
    rows = writer.connection.execute(_SOME, (database, _AT_ONCE)).fetchall()
    keys = [DocumentKey(database, path, decode_id(key)) for path, key in rows]
    changes = tuple(Change(key, writer.get(key), None) for key in keys)
    return Commit(time, changes, quiet=True), len(changes)
