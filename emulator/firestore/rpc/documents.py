"""The calls about single documents."""

from __future__ import annotations

import secrets
import string
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import Code, FirestoreError, invalid
from emulator.firestore.guard.guard import budget_of_many
from emulator.firestore.names import DocumentKey, check_id, parse_database, parse_document, parse_parent
from emulator.firestore.proto.v1 import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CreateDocumentRequest,
    DeleteDocumentRequest,
    Document,
    DocumentMask,
    Empty,
    GetDocumentRequest,
    Precondition,
    UpdateDocumentRequest,
    Write,
)
from emulator.firestore.rpc.masks import mask_paths, project
from emulator.firestore.storage.records import Record
from emulator.firestore.values.times import to_timestamp
from emulator.rules.requests import AccessBudget

_ALPHABET: Final = string.ascii_letters + string.digits


class Documents:
    """GetDocument, BatchGetDocuments, CreateDocument, UpdateDocument, DeleteDocument."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get_document(self, request: GetDocumentRequest, caller: Caller) -> Document:
        """One document.

        Raises:
            FirestoreError: NOT_FOUND, or as any read.
        """
        key = parse_document(request.name)
        paths = mask_paths(request.mask, given=request.HasField("mask"))
        reading = self._engine.reading(request, key.database)
        at = await self._engine.time_for(reading, [key])
        record = self._engine.store.get(key, at)
        self._allow(caller, key, record, at)
        if record is None:
            raise FirestoreError(Code.NOT_FOUND, f'Document "{request.name}" not found.')
        return project(record, paths)

    async def batch_get_documents(
        self, request: BatchGetDocumentsRequest, caller: Caller
    ) -> AsyncIterator[BatchGetDocumentsResponse]:
        """Several documents at one time, each once: those that are found, then the missing ones, as production has it.

        Raises:
            FirestoreError: as any read.
        """
        database = parse_database(request.database)
        keys = [parse_document(name) for name in dict.fromkeys(request.documents)]
        if any(key.database != database for key in keys):
            raise invalid("A requested document is not in the database of the request.")
        paths = mask_paths(request.mask, given=request.HasField("mask"))
        begin = request.new_transaction if request.HasField("new_transaction") else None
        reading = self._engine.reading(request, database, begin)
        if reading.began:
            yield BatchGetDocumentsResponse(transaction=reading.began)
        at = await self._engine.time_for(reading, keys)
        budget = budget_of_many()
        missing: list[DocumentKey] = []
        read_time = to_timestamp(at)
        for key in keys:
            record = self._engine.store.get(key, at)
            self._allow(caller, key, record, at, budget)
            if record is None:
                missing.append(key)
            else:
                yield BatchGetDocumentsResponse(found=project(record, paths), read_time=read_time)
        for key in missing:
            yield BatchGetDocumentsResponse(missing=key.name, read_time=read_time)

    async def create_document(self, request: CreateDocumentRequest, caller: Caller) -> Document:
        """A new document, its id chosen here if the client gave none.

        Raises:
            FirestoreError: ALREADY_EXISTS, or as any write.
        """
        parent = parse_parent(request.parent)
        document_id = request.document_id or "".join(secrets.choice(_ALPHABET) for _ in range(20))
        name = f"{parent.database}/documents/{parent.collection(request.collection_id)}/{document_id}"
        check_id(request.collection_id, name)
        check_id(document_id, name)
        request.document.name = name
        write = Write(update=request.document, current_document=Precondition(exists=False))
        return await self._write(write, name, request.mask if request.HasField("mask") else None, caller)

    async def update_document(self, request: UpdateDocumentRequest, caller: Caller) -> Document:
        """A document changed or created.

        Raises:
            FirestoreError: as any write.
        """
        write = Write(update=request.document, current_document=request.current_document)
        if request.HasField("update_mask"):
            write.update_mask.CopyFrom(request.update_mask)
        return await self._write(
            write, request.document.name, request.mask if request.HasField("mask") else None, caller
        )

    async def delete_document(self, request: DeleteDocumentRequest, caller: Caller) -> Empty:
        """The document is no more.

        Raises:
            FirestoreError: as any write.
        """
        key = parse_document(request.name)
        write = Write(delete=request.name, current_document=request.current_document)
        await self._engine.commit(key.database, [write], caller=caller)
        return Empty()

    def _allow(
        self, caller: Caller, key: DocumentKey, record: Record | None, at: int, budget: AccessBudget | None = None
    ) -> None:
        """Ask the guard, and count the read.

        Raises:
            FirestoreError: PERMISSION_DENIED.
        """
        if not caller.privileged:
            self._engine.guard.check_get(caller, key, record, partial(self._engine.store.get, at=at), budget)
        self._engine.meter.read(1)

    async def _write(self, write: Write, name: str, mask: DocumentMask | None, caller: Caller) -> Document:
        key = parse_document(name)
        paths = None if mask is None else mask_paths(mask, given=True)
        commit, _ = await self._engine.commit(key.database, [write], caller=caller)
        after = commit.changes[0].after if commit.changes else self._engine.store.get(key, commit.time)
        if after is None:
            raise FirestoreError(Code.NOT_FOUND, f'Document "{name}" not found.')
        return project(after, paths)
