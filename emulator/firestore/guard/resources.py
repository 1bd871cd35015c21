"""Documents as the rules see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.firestore.errors import FirestoreError
from emulator.firestore.guard.values import path_of, to_rules_map
from emulator.firestore.names import DocumentKey, parse_document
from emulator.firestore.storage.records import Record


def resource(key: DocumentKey, record: Record | None) -> Mapping[str, Any] | None:
    """What `resource` is for a document: firebase.google.com/docs/reference/rules/rules.firestore.Resource."""
    if record is None:
        return None
    return {"data": to_rules_map(record.fields), "id": key.id, "__name__": path_of(key.name)}


class Resources:
    """What get(), exists(), getAfter() and existsAfter() read, and which documents that were."""

    def __init__(
        self,
        database: str,
        before: Callable[[DocumentKey], Record | None],
        after: Callable[[DocumentKey], Record | None],
    ) -> None:
        """`database` is that of the request: the rules read no other."""
        self._database = database
        self._before = before
        self._after = after
        self.seen: set[DocumentKey] = set()

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """See `rules.requests.Documents`."""
        return self._read(path, self._before)

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """See `rules.requests.Documents`."""
        return self._read(path, self._after)

    def _read(self, path: tuple[str, ...], read: Callable[[DocumentKey], Record | None]) -> Mapping[str, Any] | None:
        project, _, database = self._database.rpartition("/databases/")
        if path[:3] != ("databases", database, "documents"):
            return None
        try:
            key = parse_document(f"{project}/{'/'.join(path)}")
        except FirestoreError:  # no document can have such a name
            return None
        self.seen.add(key)
        return resource(key, read(key))
