"""The calls that list: documents page by page, and the ids of collections."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import DecodeError

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid
from emulator.firestore.names import Parent, check_id, parse_document, parse_parent
from emulator.firestore.proto.v1 import (
    Cursor,
    Document,
    Int32Value,
    ListCollectionIdsRequest,
    ListCollectionIdsResponse,
    ListDocumentsRequest,
    ListDocumentsResponse,
    StructuredQuery,
    Value,
)
from emulator.firestore.query import parse
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Query
from emulator.firestore.rpc.masks import mask_paths, project
from emulator.firestore.storage.hierarchy import child_collections, missing_documents
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode_id
from emulator.firestore.values.fieldpath import NAME

_PAGE: Final = 300


class Listing:
    """ListDocuments and ListCollectionIds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list_documents(self, request: ListDocumentsRequest, caller: Caller) -> ListDocumentsResponse:
        """One page of a collection, by name or in the order asked for.

        Raises:
            FirestoreError: INVALID_ARGUMENT, or as any read.
        """
        parent = parse_parent(request.parent)
        if request.page_size < 0:
            raise invalid("page_size is negative.")
        if request.show_missing and request.order_by:
            raise invalid("show_missing cannot be combined with order_by.")
        size = min(request.page_size or _PAGE, _PAGE)
        paths = mask_paths(request.mask, given=request.HasField("mask"))
        structured = _structured(request, size)
        query = parse.parse(parent, structured)
        reading = self._engine.reading(request, parent.database)
        at = await self._engine.time_for_query(reading, query.scope)
        self._engine.allow_query(caller, query, structured, at)

        def page(reader: Reader) -> ListDocumentsResponse:
            records = [found.record for found in Execution(query, reader, at).results()]
            found = [(encode_id(record.key.id), record.key.name, project(record, paths)) for record in records]
            if request.show_missing:
                found = sorted([*found, *_missing(reader, parent, request)], key=lambda item: item[0])[: size + 1]
            response = ListDocumentsResponse(documents=[document for _, _, document in found[:size]])
            if len(found) > size:
                response.next_page_token = _token(query, found[size - 1][1], records)
            return response

        response = await self._engine.store.read(page)
        self._engine.meter.read(len(response.documents), minimum=1)
        return response

    async def list_collection_ids(self, request: ListCollectionIdsRequest, caller: Caller) -> ListCollectionIdsResponse:
        """The ids of the collections right below a document or the root, in order.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        self._engine.guard.check_privileged(caller)
        parent = parse_parent(request.parent)
        if request.page_size < 0:
            raise invalid("page_size is negative.")
        at = self._engine.time_of(request) if request.HasField("read_time") else None
        after = _decode(request.page_token).string_value if request.page_token else ""
        ids = await self._engine.store.read(lambda reader: sorted(child_collections(reader, parent, at)))
        self._engine.meter.read(1)
        ids = [name for name in ids if name > after]
        size = request.page_size or len(ids)
        response = ListCollectionIdsResponse(collection_ids=ids[:size])
        if len(ids) > size:
            response.next_page_token = _encode(Value(string_value=ids[size - 1]))
        return response


def _structured(request: ListDocumentsRequest, size: int) -> StructuredQuery:
    """The query for a page and one document more, which tells whether there is a next page."""
    structured = StructuredQuery(limit=Int32Value(value=size + 1))
    if request.collection_id:
        check_id(request.collection_id, request.parent)
    structured.from_.add(collection_id=request.collection_id)
    for term in filter(None, request.order_by.split(",")):
        path, _, direction = term.strip().partition(" ")
        direction = direction.strip().lower()
        if direction not in {"", "asc", "desc"}:
            raise invalid(f'Invalid order_by: "{request.order_by}".')
        order = structured.order_by.add(
            direction=StructuredQuery.DESCENDING if direction == "desc" else StructuredQuery.ASCENDING
        )
        order.field.field_path = path
    if request.page_token:
        structured.start_at.CopyFrom(Cursor(values=_decode(request.page_token).array_value.values))
    return structured


def _token(query: Query, last: str, records: list[Record]) -> str:
    """The cursor behind the last document of a page, as a token."""
    token = Value()
    record = next((record for record in records if record.key.name == last), None)
    for order in query.orders:
        value = Value(reference_value=last)
        if order.path != NAME and record is not None:
            value = fieldpath.get(record.fields, order.path) or value
        token.array_value.values.append(value)
    return _encode(token)


def _encode(token: Value) -> str:
    return base64.urlsafe_b64encode(token.SerializeToString()).decode()


def _decode(token: str) -> Value:
    try:
        return Value.FromString(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, DecodeError):
        raise invalid("Invalid page token.") from None


def _missing(reader: Reader, parent: Parent, request: ListDocumentsRequest) -> Iterator[tuple[bytes, str, Document]]:
    """Documents that do not exist but have something below them, behind the page token."""
    collection = parent.collection(request.collection_id)
    after = b""
    if request.page_token:
        values = _decode(request.page_token).array_value.values
        after = encode_id(parse_document(values[0].reference_value).id) if values else b""
    for key in missing_documents(reader, parent.database, collection):
        if encode_id(key.id) > after:
            yield encode_id(key.id), key.name, Document(name=key.name)
