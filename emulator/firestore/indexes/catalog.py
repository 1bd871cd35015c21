"""The indexes of a database: what queries may use, and the refusal of those that would need more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from emulator.firestore.errors import failed_precondition
from emulator.firestore.indexes.definitions import Index, IndexField, Mode
from emulator.firestore.indexes.file import IndexFile, IndexFileError, read
from emulator.firestore.indexes.needs import Shape
from emulator.firestore.indexes.selection import Need, is_single, lacking, serving
from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import FieldPath

NAME_OF_FILE: Final = "firestore.indexes.json"
_AUTOMATIC: Final = frozenset(Mode)
_NONE: Final[frozenset[Mode]] = frozenset()
_CACHED: Final = 4096
_DEFAULT: Final = ("*",)  # the path of an override for all fields of a collection id


class IndexCatalog:
    """The indexes of firestore.indexes.json and the automatic ones, for all databases of a server.

    Used by the event loop's thread; `entries` and its kin by others as well.
    """

    def __init__(self, content: IndexFile | None = None, path: Path | None = None, *, checks: bool = True) -> None:
        """`checks`: without it no query is refused."""
        self._path = path
        self.checks = checks
        self._changed: Callable[[], object] | None = None
        self._use(content or IndexFile())

    @classmethod
    def from_file(cls, path: Path | None, *, checks: bool = True) -> IndexCatalog:
        """The catalog of a file, which is read again when it has changed and a query lacks an index; None: no file.

        Raises:
            IndexFileError: the file cannot be read, or is malformed.
        """
        return cls(None if path is None else read(path), path, checks=checks)

    def on_change(self, call: Callable[[], object]) -> None:
        """Have `call` called when the file was read anew."""
        self._changed = call

    @property
    def ttl(self) -> dict[str, FieldPath]:
        """The field that holds a document's time of expiry, by collection id."""
        return dict(self._content.ttl)

    @property
    def materialised(self) -> tuple[Index, ...]:
        """The indexes that are kept beside the automatic ones: composite ones, and those over collection groups."""
        wide = [
            Index(group, wide=True, fields=(IndexField(path, mode),), name_descending=mode is Mode.DESCENDING)
            for (group, path), override in self._content.overrides.items()
            for mode in sorted(override.wide)
            if path != _DEFAULT
        ]
        composite = [index for index in self._content.indexes if index.vector is None and index.fields]
        return (*composite, *wide)

    def modes(self, group: str, path: FieldPath, *, wide: bool) -> frozenset[Mode]:
        """The single-field indexes of a field. A map's override holds for what is in it, too."""
        overrides = self._content.overrides
        if not overrides:
            return _NONE if wide else _AUTOMATIC
        candidates = [path[:length] for length in range(len(path), 0, -1)]
        for candidate in (*candidates, _DEFAULT):
            override = overrides.get((group, candidate))
            if override is not None:
                return override.wide if wide else override.narrow
        return _NONE if wide else _AUTOMATIC

    def check(self, shape: Shape) -> None:
        """Refuse queries of a shape that production would refuse for want of an index.

        Raises:
            FirestoreError: FAILED_PRECONDITION, with the entries that the file lacks.
        """
        refusal = self._refusal(shape)
        if refusal is not None and self._reread():
            refusal = self._refusal(shape)
        if refusal is not None:
            raise failed_precondition(refusal)

    def plan(self, shape: Shape) -> list[Index]:
        """The indexes that production would read for queries of a shape; those it lacks as if they were there."""
        found = [index for need in shape.needs() for index in self._serving(shape, need) or [_lacking(shape, need)]]
        return list(dict.fromkeys(found))

    def _use(self, content: IndexFile) -> None:
        self._content = content
        self._refusals: dict[Shape, str | None] = {}
        self._composite: dict[tuple[str, bool], list[Index]] = {}
        for index in content.indexes:
            self._composite.setdefault((index.group, index.wide), []).append(index)
        self._read_at = _stamp(self._path)

    def _reread(self) -> bool:
        """Read the file again if it has changed since."""
        if self._path is None or _stamp(self._path) == self._read_at:
            return False
        try:
            content = read(self._path)
        except IndexFileError as error:
            raise failed_precondition(f"The query requires an index, and its file is of no use now: {error}") from error
        self._use(content)
        if self._changed is not None:
            self._changed()
        return True

    def _refusal(self, shape: Shape) -> str | None:
        if shape not in self._refusals:
            if len(self._refusals) >= _CACHED:
                self._refusals.clear()
            missing = [_lacking(shape, need) for need in shape.needs() if self._serving(shape, need) is None]
            self._refusals[shape] = self._message(list(dict.fromkeys(missing))) if missing else None
        return self._refusals[shape]

    def _serving(self, shape: Shape, need: Need) -> list[Index] | None:
        group = shape.group or ""
        return serving(
            need,
            group,
            wide=shape.wide,
            indexes=self._composite.get((group, shape.wide), ()),
            modes=lambda path: self.modes(group, path, wide=shape.wide),
        )

    def _message(self, missing: Sequence[Index]) -> str:
        """Production's sentence; where it has a link, the entries for the file."""
        where = str(self._path or NAME_OF_FILE)
        single = [index for index in missing if is_single(index)]
        composite = [index for index in missing if not is_single(index)]
        lines = []
        if composite:
            vector = any(index.vector is not None for index in composite)
            sentence = "Missing vector index configuration." if vector else "The query requires an index."
            lines.append(f'{sentence} You can create it here: add to "indexes" of {where}')
            lines += _entries(index.to_json() for index in composite)
        for index in single:
            path, mode = index.fields[0]
            lines.append(
                f"The query requires a {index.scope}_{mode.short} index for collection {index.group} and field "
                f'{fieldpath.render(path)}. You can create it here: add to "fieldOverrides" of {where}'
            )
            lines += _entries([self._override(index)])
        return "\n".join(lines)

    def _override(self, index: Index) -> dict[str, Any]:
        """The override that adds an index to those that a field has."""
        path, mode = index.fields[0]
        entries = []
        for wide in (False, True):
            modes = self.modes(index.group, path, wide=wide) | ({mode} if wide == index.wide else set())
            for kept in sorted(modes):
                key = "arrayConfig" if kept is Mode.CONTAINS else "order"
                entries.append({key: kept.value, "queryScope": "COLLECTION_GROUP" if wide else "COLLECTION"})
        return {"collectionGroup": index.group, "fieldPath": fieldpath.render(path), "indexes": entries}


def _lacking(shape: Shape, need: Need) -> Index:
    return lacking(need, shape.group or "", wide=shape.wide)


def _entries(entries: Iterable[dict[str, Any]]) -> list[str]:
    return [json.dumps(entry) for entry in entries]


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """What tells that a file has changed; None where there is none."""
    try:
        status = None if path is None else path.stat()
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_size)
