"""A document as it is kept, and what a commit did to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.firestore.callers import OWNER, Caller
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import Document
from emulator.firestore.values.fieldpath import Fields
from emulator.firestore.values.times import to_timestamp


@dataclass(slots=True)
class Record:
    """One version of a document. Times are microseconds since 1970; `body` is a `Document` with nothing but fields."""

    key: DocumentKey
    body: bytes
    create_time: int
    update_time: int
    _parsed: Document | None = field(default=None, repr=False, compare=False)

    @property
    def fields(self) -> Fields:
        """The fields, parsed once; not to be changed."""
        if self._parsed is None:
            self._parsed = Document.FromString(self.body)
        return self._parsed.fields

    def to_document(self) -> Document:
        """The message a client gets: a new one each time."""
        document = Document.FromString(self.body)
        document.name = self.key.name
        document.create_time.CopyFrom(to_timestamp(self.create_time))
        document.update_time.CopyFrom(to_timestamp(self.update_time))
        return document


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit did to one document: created without `before`, deleted without `after`."""

    key: DocumentKey
    before: Record | None
    after: Record | None


@dataclass(frozen=True, slots=True)
class Commit:
    """The changes that became visible together, at a time in microseconds since 1970."""

    time: int
    changes: tuple[Change, ...]
    author: Caller = OWNER
    quiet: bool = False  # no function hears of it: the database is being cleared or filled by hand
