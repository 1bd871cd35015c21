"""Reading firestore.indexes.json."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from emulator.firestore.errors import FirestoreError
from emulator.firestore.indexes.definitions import Index, IndexField, Mode, VectorField, default_name_descending
from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import NAME, FieldPath

MAX_DIMENSION: Final = 2048
_SCOPES: Final = {"COLLECTION": False, "COLLECTION_GROUP": True}


class IndexFileError(OSError):
    """The file cannot be used; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Override:
    """The single-field indexes of one field in the collections with an id, instead of the automatic ones."""

    narrow: frozenset[Mode]
    wide: frozenset[Mode]


@dataclass(frozen=True, slots=True)
class IndexFile:
    """What the file says; nothing when there is none."""

    indexes: tuple[Index, ...] = ()
    overrides: Mapping[tuple[str, FieldPath], Override] = field(default_factory=dict)
    ttl: Mapping[str, FieldPath] = field(default_factory=dict)  # the field with the time of expiry by collection id


def read(path: Path) -> IndexFile:
    """The content of the file.

    Raises:
        IndexFileError: it cannot be read, or is malformed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise IndexFileError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise IndexFileError(f"{path} is not JSON: {error}") from error
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, AttributeError, FirestoreError) as error:
        raise IndexFileError(f"{path} is malformed: {error.__class__.__name__}: {error}") from error


def _parse(content: Mapping[str, Any]) -> IndexFile:
    overrides: dict[tuple[str, FieldPath], Override] = {}
    ttl: dict[str, FieldPath] = {}
    for item in content.get("fieldOverrides", []):
        group, path = item["collectionGroup"], fieldpath.parse(item["fieldPath"])
        if "indexes" in item:
            overrides[group, path] = _override(item["indexes"])
        if item.get("ttl") is True:
            ttl[group] = path
    indexes = tuple(dict.fromkeys(_index(item) for item in content.get("indexes", [])))
    return IndexFile(indexes, overrides, ttl)


def _index(item: Mapping[str, Any]) -> Index:
    fields = [(fieldpath.parse(part["fieldPath"]), part) for part in item["fields"]]
    vectors = [VectorField(path, _dimension(part["vectorConfig"])) for path, part in fields if "vectorConfig" in part]
    plain = [IndexField(path, _mode(part)) for path, part in fields if "vectorConfig" not in part]
    if len(vectors) > 1 or (vectors and "vectorConfig" not in item["fields"][-1]):
        raise ValueError("an index has one vector field at most, as its last field")
    named = plain[-1] if plain and plain[-1].path == NAME else None
    kept = tuple(plain[:-1] if named else plain)
    if any(part.path == NAME for part in kept) or sum(part.mode is Mode.CONTAINS for part in kept) > 1:
        raise ValueError("__name__ comes last in an index, and one field at most is an array's")
    if not kept and not vectors and (named is None or named.mode is not Mode.DESCENDING):
        raise ValueError("an index has a field")
    descending = default_name_descending(kept) if named is None else named.mode is Mode.DESCENDING
    wide = _SCOPES[item.get("queryScope", "COLLECTION")]
    return Index(item["collectionGroup"], wide, kept, descending, vectors[0] if vectors else None)


def _mode(part: Mapping[str, Any]) -> Mode:
    return Mode(part["arrayConfig"] if "arrayConfig" in part else part["order"])


def _dimension(config: Mapping[str, Any]) -> int:
    dimension = config["dimension"]
    if not isinstance(dimension, int) or not 0 < dimension <= MAX_DIMENSION:
        raise ValueError(f"a vector's dimension is from 1 to {MAX_DIMENSION}")
    return dimension


def _override(items: Iterable[Mapping[str, Any]]) -> Override:
    modes: dict[bool, set[Mode]] = {False: set(), True: set()}
    for item in items:
        modes[_SCOPES[item.get("queryScope", "COLLECTION")]].add(_mode(item))
    return Override(frozenset(modes[False]), frozenset(modes[True]))
