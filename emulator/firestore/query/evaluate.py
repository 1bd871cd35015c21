"""Does a document match, and where does it sort? The meaning of a query, without any index."""

from __future__ import annotations

from functools import lru_cache

from emulator.firestore.names import DocumentKey
from emulator.firestore.query.model import Conjunction, Contains, Predicate, Query, SortKey, accepts, name_prefix
from emulator.firestore.storage.records import Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode, encode_segment
from emulator.firestore.values.fieldpath import NAME, FieldPath

_NO_ELEMENTS: frozenset[bytes] = frozenset()
_prefix = lru_cache(maxsize=1024)(name_prefix)


def name_key(key: DocumentKey) -> bytes:
    """The encoded name of a document, as a reference to it is encoded."""
    return _prefix(key.database, key.collection) + encode_segment(key.id) + b"\x00"


def sort_key(query: Query, record: Record) -> SortKey | None:
    """Where the document sorts; None when it lacks a field that the query sorts by, which excludes it."""
    keys = []
    for order in query.orders:
        value = _value(record, order.path)
        if value is None:
            return None
        keys.append(order.key(value))
    return tuple(keys)


def matches(query: Query, record: Record) -> bool:
    """Whether the document is one of the query's, but for cursors, offset and limit."""
    return (
        query.scope.includes(record.key)
        and any(satisfies(conjunction, record) for conjunction in query.where)
        and all(_value(record, order.path) is not None for order in query.orders)
    )


def satisfies(conjunction: Conjunction, record: Record) -> bool:
    """Whether every predicate holds for the document."""
    return all(_holds(predicate, record) for predicate in conjunction)


def _holds(predicate: Predicate, record: Record) -> bool:
    if isinstance(predicate, Contains):
        return accepts(predicate, None, _elements(record, predicate.path))
    return accepts(predicate, _value(record, predicate.path), _NO_ELEMENTS)


def _value(record: Record, path: FieldPath) -> bytes | None:
    if path == NAME:
        return name_key(record.key)
    value = fieldpath.get(record.fields, path)
    return None if value is None else encode(value)


def _elements(record: Record, path: FieldPath) -> frozenset[bytes]:
    value = fieldpath.get(record.fields, path)
    return _NO_ELEMENTS if value is None else frozenset(map(encode, value.array_value.values))
