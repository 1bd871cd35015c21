"""A database as a folder of files, and back.

The folder holds `documents.jsonl` with one document a line, as the REST API writes documents
(google.firestore.v1.Document in proto3 JSON), sorted by collection, and `metadata.json` with what it is. It is text: it
can be read, compared and kept beside tests. Google's own exports are a format of Datastore's, which this does not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from google.protobuf import json_format

from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError, invalid
from emulator.firestore.names import DocumentKey, parse_database, parse_document
from emulator.firestore.proto.v1 import Document
from emulator.firestore.storage.reader import Reader, decode_id
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.storage.writer import Writer
from emulator.firestore.values.limits import check_size, normalise

DOCUMENTS: Final = "documents.jsonl"
METADATA: Final = "metadata.json"
FORMAT: Final = 1
_AT_ONCE: Final = 500
_ALL: Final = (
    "select c.path, d.key, d.body, d.create_time, d.update_time from collections c join documents d"
    " on d.collection = c.id where c.database = ? order by c.path, d.key"
)


async def export(engine: Engine, database: str, folder: Path) -> int:
    """Write every document of a database as of now; their number. A file of an earlier export is replaced at the end.

    Raises:
        OSError: the folder cannot be written.
    """
    return await engine.store.read(lambda reader: _write(reader, database, folder))


def _write(reader: Reader, database: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{DOCUMENTS}.part"
    total = 0
    with part.open("w", encoding="utf-8") as file:
        for path, key, body, created, updated in reader.connection.execute(_ALL, (database,)):
            record = Record(DocumentKey(database, path, decode_id(key)), body, created, updated)
            json.dump(json_format.MessageToDict(record.to_document()), file, ensure_ascii=False, sort_keys=True)
            file.write("\n")
            total += 1
    part.replace(folder / DOCUMENTS)
    metadata = {"format": FORMAT, "database": database, "documents": total}
    (folder / METADATA).write_text(json.dumps(metadata, indent=2) + "\n", encoding="utf-8")
    return total


async def load(engine: Engine, database: str, folder: Path) -> int:
    """Write the documents of a folder into a database, over those of the same names; their number.

    They keep their times of creation; no function hears of them. Everything is read before anything is written, so a
    malformed folder changes nothing.

    Raises:
        FirestoreError: INVALID_ARGUMENT: it is no export, or a line of it is no document.
        OSError: it cannot be read.
    """
    parse_database(database)
    for _ in _read(database, folder):
        pass
    total = 0
    records = _read(database, folder)
    while some := list(islice(records, _AT_ONCE)):
        await engine.store.commit(lambda writer, time, some=some: _put(writer, time, some))  # type: ignore[misc]
        total += len(some)
    return total


def _put(writer: Writer, time: int, records: list[Record]) -> tuple[Commit, None]:
    latest = {record.key: record for record in records}
    changes = [
        Change(key, writer.get(key), Record(key, record.body, min(record.create_time, time), time))
        for key, record in latest.items()
    ]
    return Commit(time, tuple(changes), quiet=True), None


def _read(database: str, folder: Path) -> Iterator[Record]:
    metadata: Any = None
    with suppress(ValueError):
        metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise invalid(f"{folder / METADATA} does not say that this is an export of format {FORMAT}.")
    with (folder / DOCUMENTS).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield _record(database, line)
            except (json_format.ParseError, ValueError, RecursionError) as error:
                raise invalid(f"{folder / DOCUMENTS}:{number} is no document: {error}") from None
            except FirestoreError as error:
                raise invalid(f"{folder / DOCUMENTS}:{number}: {error.message}") from None


def _record(database: str, line: str) -> Record:
    document = json_format.Parse(line, Document())
    key = parse_document(document.name)._replace(database=database)
    normalise(document.fields)
    check_size(key, document.fields)
    created = document.create_time.ToMicroseconds()
    body = Document(fields=document.fields).SerializeToString(deterministic=True)
    return Record(key, body, created, created)
