"""Composite indexes as they are kept: an entry's value is the fields' values one after the other.

Encoded values are never prefixes of each other, so joined values sort as the fields do, one after the other; a field
that sorts the other way has its bytes inverted. The name always ascends: an index whose name descends is kept as its
mirror image and walked backwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from emulator.firestore.indexes.definitions import Index, Mode
from emulator.firestore.storage.index import Kind, cut
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode
from emulator.firestore.values.fieldpath import FieldPath, Fields

_INVERT: Final = bytes(255 - byte for byte in range(256))


class Part(NamedTuple):
    """One field of an index."""

    path: FieldPath
    inverted: bool = False
    contains: bool = False

    def key(self, value: bytes) -> bytes:
        """An encoded value as an entry holds it."""
        value = cut(value)
        return value.translate(_INVERT) if self.inverted else value


@dataclass(frozen=True, slots=True)
class Kept:
    """An index with entries: `text` names it among those of its kind."""

    kind: Kind
    text: str
    group: str
    parts: tuple[Part, ...]

    @property
    def wide(self) -> bool:
        """Whether it is one index over all collections of an id."""
        return self.kind is Kind.WIDE

    def label(self, database: str) -> str:
        """What the index is registered by: wide ones are kept apart by database."""
        return f"{database} {self.text}" if self.wide else self.text

    def values(self, document: Encoded) -> set[bytes]:
        """The values of a document's entries; none when it lacks one of the fields."""
        found = [document.keys(part) for part in self.parts]
        return {b"".join(keys) for keys in product(*found)}


@lru_cache(maxsize=4096)
def kept(index: Index) -> Kept:
    """How an index of the file is kept."""
    mirrored = index.name_descending
    parts = tuple(
        Part(path, (mode is Mode.DESCENDING) != mirrored and mode is not Mode.CONTAINS, mode is Mode.CONTAINS)
        for path, mode in index.fields
    )
    text = " ".join(
        [index.group, *(f"{'-' * part.inverted}{'@' * part.contains}{fieldpath.render(part.path)}" for part in parts)]
    )
    return Kept(Kind.WIDE if index.wide else Kind.COMPOSITE, text, index.group, parts)


@lru_cache(maxsize=4096)
def single(path: FieldPath, *, contains: bool = False) -> Kept:
    """The automatic index of a field."""
    kind = Kind.ELEMENTS if contains else Kind.VALUE
    return Kept(kind, fieldpath.render(path), "", (Part(path, contains=contains),))


class Encoded:
    """A document's fields, each encoded once, whichever indexes ask for it."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._plain: dict[tuple[FieldPath, bool], list[bytes]] = {}

    def keys(self, part: Part) -> Iterable[bytes]:
        """What an entry may hold of a field: nothing without the field, one key for each element of an array."""
        known = self._plain.get((part.path, part.contains))
        if known is None:
            known = self._plain[part.path, part.contains] = self._encode(part)
        return map(part.key, known)

    def _encode(self, part: Part) -> list[bytes]:
        value = fieldpath.get(self._fields, part.path)
        if value is None:
            return []
        return [encode(item) for item in value.array_value.values] if part.contains else [encode(value)]
