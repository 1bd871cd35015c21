"""The limits of a document's index entries (firebase.google.com/docs/firestore/quotas, "Indexes")."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.indexes.definitions import Mode
from emulator.firestore.names import DocumentKey
from emulator.firestore.storage.index import Entry, Kind
from emulator.firestore.values import fieldpath
from emulator.firestore.values.limits import name_size

MAX_ENTRIES: Final = 40_000
MAX_ENTRY_BYTES: Final = 7680
MAX_COMPOSITE_BYTES: Final = 2 << 20
_OVERHEAD: Final = 32  # bytes of an entry beside the name and the values
_DIRECTIONS: Final = frozenset({Mode.ASCENDING, Mode.DESCENDING})


def check_entries(key: DocumentKey, single: Collection[Entry], sizes: Sequence[int], indexes: IndexCatalog) -> None:
    """Refuse a document with too many or too large index entries.

    `single` are the entries of all its fields, exempt ones included; `sizes` are those of the values of
    its composite entries, in bytes.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    name = key.path
    if sizes:
        around = name_size(name) + _OVERHEAD
        if max(sizes) + around > MAX_ENTRY_BYTES:
            raise invalid("Index entry is too large.")
        if sum(sizes) + around * len(sizes) > MAX_COMPOSITE_BYTES:
            raise invalid(f"The composite index entries of /{name} exceed the maximum of {MAX_COMPOSITE_BYTES} bytes.")
    # A field's value is indexed in two directions: fewer entries than this need not be counted one by one.
    if 2 * len(single) + len(sizes) <= MAX_ENTRIES:
        return
    if len(sizes) + _count(key, single, indexes) > MAX_ENTRIES:
        raise invalid(f"too many index entries for entity /{name}")


def _count(key: DocumentKey, single: Collection[Entry], indexes: IndexCatalog) -> int:
    group = key.collection.rpartition("/")[2]
    kept: dict[tuple[Kind, str], int] = {}
    total = 0
    for entry in single:
        place = (entry.kind, entry.path)
        if place not in kept:
            wanted = frozenset({Mode.CONTAINS}) if entry.kind is Kind.ELEMENTS else _DIRECTIONS
            path = fieldpath.parse(entry.path)
            # An element is indexed with the names ascending and descending: production takes 19,999 of them.
            each = 2 if entry.kind is Kind.ELEMENTS else 1
            kept[place] = each * sum(len(indexes.modes(group, path, wide=wide) & wanted) for wide in (False, True))
        total += kept[place]
    return total
