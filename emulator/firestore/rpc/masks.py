"""The part of a document that a client asks for."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.firestore.proto.v1 import Document, DocumentMask
from emulator.firestore.storage.records import Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import NAME, FieldPath


def mask_paths(mask: DocumentMask, *, given: bool) -> tuple[FieldPath, ...] | None:
    """The paths of a request's mask; None, for everything, when none was given."""
    return tuple(map(fieldpath.parse, mask.field_paths)) if given else None


def project(record: Record, paths: Sequence[FieldPath] | None) -> Document:
    """The document with these fields only; all of them for None."""
    document = record.to_document()
    if paths is None:
        return document
    document.fields.clear()
    for path in paths:
        value = None if path == NAME else fieldpath.get(record.fields, path)
        if value is not None:
            fieldpath.put(document.fields, path, value)
    return document
