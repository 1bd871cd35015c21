"""Which index entries a document has.

Every field is indexed by its whole value, and every array also by each of its elements, at every depth of maps:
Firestore's automatic single-field indexes. Descending order is the same index read backwards.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode, is_vector
from emulator.firestore.values.fieldpath import FieldPath, Fields

# Longer values are cut, as in production. Whoever seeks in the index therefore checks what it finds.
MAX_VALUE_BYTES: Final = 1500


class Kind(IntEnum):
    """What an index holds."""

    VALUE = 0
    ELEMENTS = 1
    COMPOSITE = 2  # several fields of the documents of one collection
    WIDE = 3  # fields of the documents of all collections with an id: in a table of its own


class Entry(NamedTuple):
    """One entry: the index (kind and canonical field path) and the value's order-preserving bytes."""

    kind: Kind
    path: str
    value: bytes


def entries(fields: Fields) -> set[Entry]:
    """All entries of a document."""
    found: set[Entry] = set()
    _collect(fields, (), found)
    return found


def cut(value: bytes) -> bytes:
    """A value's bytes as the index holds them."""
    return value[:MAX_VALUE_BYTES]


def _collect(fields: Fields, prefix: FieldPath, found: set[Entry]) -> None:
    for name in fields:
        value = fields[name]
        path = (*prefix, name)
        text = fieldpath.render(path)
        found.add(Entry(Kind.VALUE, text, cut(encode(value))))
        match value.WhichOneof("value_type"):
            case "map_value" if not is_vector(value.map_value):
                _collect(value.map_value.fields, path, found)
            case "array_value":
                found.update(Entry(Kind.ELEMENTS, text, cut(encode(item))) for item in value.array_value.values)
