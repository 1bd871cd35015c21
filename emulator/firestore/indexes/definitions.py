"""An index as firestore.indexes.json writes it (firebase.google.com/docs/reference/firestore/indexes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import FieldPath


class Mode(StrEnum):
    """How an index holds a field."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"
    CONTAINS = "CONTAINS"

    @classmethod
    def of_order(cls, *, descending: bool) -> Mode:
        """The mode of a sort direction."""
        return cls.DESCENDING if descending else cls.ASCENDING

    @property
    def short(self) -> str:
        """As plans and messages write it."""
        return {"ASCENDING": "ASC", "DESCENDING": "DESC", "CONTAINS": "CONTAINS"}[self.value]


class IndexField(NamedTuple):
    """One field of an index."""

    path: FieldPath
    mode: Mode

    def to_json(self) -> dict[str, Any]:
        """As the file writes it."""
        key = "arrayConfig" if self.mode is Mode.CONTAINS else "order"
        return {"fieldPath": fieldpath.render(self.path), key: self.mode.value}


class VectorField(NamedTuple):
    """The vectors of an index: its last field."""

    path: FieldPath
    dimension: int

    def to_json(self) -> dict[str, Any]:
        """As the file writes it."""
        return {"fieldPath": fieldpath.render(self.path), "vectorConfig": {"dimension": self.dimension, "flat": {}}}


@dataclass(frozen=True, slots=True)
class Index:
    """An index of the collections with an id; `fields` leaves out the name, which every index ends with."""

    group: str
    wide: bool  # COLLECTION_GROUP scope: one index over all collections of the id
    fields: tuple[IndexField, ...]
    name_descending: bool = False
    vector: VectorField | None = field(default=None)

    @property
    def scope(self) -> str:
        """As the file writes it."""
        return "COLLECTION_GROUP" if self.wide else "COLLECTION"

    @property
    def properties(self) -> str:
        """As a query's plan names it: `(a ASC, __name__ ASC)`."""
        parts = [f"{fieldpath.render(path)} {mode.short}" for path, mode in self.fields]
        parts.append(f"__name__ {'DESC' if self.name_descending else 'ASC'}")
        if self.vector is not None:
            parts.append(f"{fieldpath.render(self.vector.path)} VECTOR<{self.vector.dimension}>")
        return f"({', '.join(parts)})"

    def to_json(self) -> dict[str, Any]:
        """The entry of `indexes` in the file; the name is written only where its direction is not the default."""
        fields = [part.to_json() for part in self.fields]
        if self.vector is not None:
            fields.append(self.vector.to_json())
        elif self.name_descending != default_name_descending(self.fields):
            fields.append(IndexField(fieldpath.NAME, Mode.of_order(descending=self.name_descending)).to_json())
        return {"collectionGroup": self.group, "queryScope": self.scope, "fields": fields}


def default_name_descending(fields: tuple[IndexField, ...]) -> bool:
    """The direction of the name where none is written: that of the last field."""
    return bool(fields) and fields[-1].mode is Mode.DESCENDING
