"""What a stream listens to, and what a change of a document means for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from emulator.firestore.names import DocumentKey
from emulator.firestore.query.evaluate import matches, sort_key
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Query
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Change, Record


class Effect(Enum):
    """What a change does to a target's result."""

    NONE = 0
    PRESENT = 1
    REMOVED = 2


@dataclass(slots=True)
class DocumentsTarget:
    """Documents by name."""

    id: int
    keys: frozenset[DocumentKey]

    def concerns(self, key: DocumentKey) -> bool:
        """Whether a change of the document can matter at all."""
        return key in self.keys

    def effect(self, change: Change) -> Effect:
        """What a change does to the result, judged by the change alone."""
        return Effect.REMOVED if change.after is None else Effect.PRESENT

    def result(self, reader: Reader, at: int) -> list[Record]:
        """The documents of the target at a time."""
        return [record for key in sorted(self.keys) if (record := reader.get(key, at)) is not None]


@dataclass(slots=True)
class QueryTarget:
    """The result of a query."""

    id: int
    query: Query
    # With a limit or an offset a document can come and go without being changed itself: the last result is kept.
    window: dict[DocumentKey, Record] = field(default_factory=dict)

    @property
    def windowed(self) -> bool:
        """Whether documents are in or out because of others."""
        return self.query.limit is not None or self.query.offset > 0

    def concerns(self, key: DocumentKey) -> bool:
        """Whether a change of the document can matter at all."""
        return self.query.scope.includes(key)

    def touches(self, change: Change) -> bool:
        """Whether the change may alter the window."""
        return self._has(change.before) or self._has(change.after)

    def effect(self, change: Change) -> Effect:
        """What a change does to the result, judged by the change alone; not for a window."""
        if self._has(change.after):
            return Effect.PRESENT
        return Effect.REMOVED if self._has(change.before) else Effect.NONE

    def result(self, reader: Reader, at: int) -> list[Record]:
        """The documents of the target at a time."""
        return [found.record for found in Execution(self.query, reader, at).results()]

    def _has(self, record: Record | None) -> bool:
        if record is None or not matches(self.query, record):
            return False
        key = sort_key(self.query, record)
        return key is not None and self.query.in_bounds(key)


Target: TypeAlias = DocumentsTarget | QueryTarget


def differences(old: dict[DocumentKey, Record], new: dict[DocumentKey, Record]) -> list[Change]:
    """What leads from one result to another: `after` is None for what is not in the new one."""
    gone = [Change(key, record, None) for key, record in old.items() if key not in new]
    come = [
        Change(key, old.get(key), record)
        for key, record in new.items()
        if key not in old or old[key].update_time != record.update_time
    ]
    return gone + come
