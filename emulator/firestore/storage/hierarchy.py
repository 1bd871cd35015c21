"""What hangs below what: collections below documents, and documents that exist only through what is below them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from emulator.firestore.names import DocumentKey, Parent
from emulator.firestore.storage.reader import Reader

# "0" follows "/" in ASCII: the interval holds exactly the paths below a path.
_ALIVE: Final = """
    select 1 from collections c where c.database = ?1
        and (c.path = ?2 or (c.path > ?2 || '/' and c.path < ?2 || '0'))
        and exists (select 1 from documents d where d.collection = c.id) limit 1
"""


# The same for what was there at a past time: what is there and older, or has been replaced or deleted since.
_WAS_ALIVE: Final = """
    select 1 from collections c where c.database = ?1
        and (c.path = ?2 or (c.path > ?2 || '/' and c.path < ?2 || '0'))
        and (exists (select 1 from documents d where d.collection = c.id and d.create_time <= ?3)
            or exists (select 1 from history h where h.collection = c.id
                and h.until > ?3 and h.body is not null and h.create_time <= ?3))
    limit 1
"""


def child_collections(reader: Reader, parent: Parent, at: int | None = None) -> Iterator[str]:
    """The ids of the collections right below a document or the root that have a document somewhere below them.

    `at`: as of that time, in microseconds; None: now.
    """
    above = parent.path.rpartition("/")[0]
    prefix = f"{parent.path}/" if parent.path else ""
    rows = reader.connection.execute(
        "select path, name from collections where database = ? and parent = ? and path >= ? and path < ?",
        (parent.database, above, prefix, f"{parent.path}0" if parent.path else "\U0010ffff"),
    ).fetchall()
    for path, name in rows:
        alive = (_ALIVE, (parent.database, path)) if at is None else (_WAS_ALIVE, (parent.database, path, at))
        if reader.connection.execute(*alive).fetchone() is not None:
            yield name


def missing_documents(reader: Reader, database: str, collection: str) -> Iterator[DocumentKey]:
    """The documents of a collection that do not exist but have documents below them."""
    rows = reader.connection.execute(
        "select path from collections where database = ? and parent = ?", (database, collection)
    ).fetchall()
    now = 1 << 62
    for identifier in dict.fromkeys(path.rpartition("/")[0].rpartition("/")[2] for (path,) in rows):
        key = DocumentKey(database, collection, identifier)
        if reader.get(key, now) is None and any(child_collections(reader, Parent(database, key.path))):
            yield key
