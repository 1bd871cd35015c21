"""From the writes of a request to the changes of a commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emulator.firestore.callers import OWNER, Caller
from emulator.firestore.errors import Code, FirestoreError, failed_precondition, invalid
from emulator.firestore.names import DocumentKey, parse_document
from emulator.firestore.proto.v1 import Document, Precondition, Write, WriteResult
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.limits import MAX_TRANSFORMS, check_field_name, check_size, normalise
from emulator.firestore.values.times import from_timestamp, to_timestamp
from emulator.firestore.write import transforms


def key_of(write: Write) -> DocumentKey:
    """The document that a write is about.

    Raises:
        FirestoreError: INVALID_ARGUMENT, as for a write without operation.
    """
    match write.WhichOneof("operation"):
        case "update":
            return parse_document(write.update.name)
        case "delete":
            return parse_document(write.delete)
        case "transform":
            return parse_document(write.transform.document)
        case "verify":
            return parse_document(write.verify)
        case _:
            raise invalid("A write must have an operation.")


def check(writes: Sequence[Write], database: str) -> list[DocumentKey]:
    """Refuse malformed writes before anything waits for locks; cut timestamps to what is stored.

    Returns:
        The document of each write.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    keys = []
    count = 0
    for write in writes:
        key = key_of(write)
        if key.database != database:
            raise invalid(f'Document name "{key.name}" is not in the database "{database}" of the request.')
        count += len(write.update_transforms) + len(write.transform.field_transforms)
        if write.HasField("update_mask"):
            _check_mask([fieldpath.parse(path) for path in write.update_mask.field_paths])
        normalise(write.update.fields)
        keys.append(key)
    if count > MAX_TRANSFORMS:
        raise invalid(f"Cannot apply more than {MAX_TRANSFORMS} field transformations in a single request.")
    return keys


def _check_mask(paths: Sequence[fieldpath.FieldPath]) -> None:
    masked = set(paths)
    for path in paths:
        for name in path:
            check_field_name(name)
        if any(path[:length] in masked for length in range(1, len(path))):
            raise invalid(f'The field path "{fieldpath.render(path)}" is below another one of the mask.')


@dataclass(slots=True)
class Application:
    """Applies writes one after the other to the documents they name, without storing anything."""

    load: Callable[[DocumentKey], Record | None]
    time: int
    lenient: bool = False  # preconditions are not asked: what would the writes do if they held?
    written: set[DocumentKey] = field(default_factory=set)
    verified: set[DocumentKey] = field(default_factory=set)
    _before: dict[DocumentKey, Record | None] = field(default_factory=dict)
    _now: dict[DocumentKey, Record | None] = field(default_factory=dict)

    def apply(self, write: Write, key: DocumentKey) -> WriteResult:
        """Apply one write.

        Raises:
            FirestoreError: its precondition does not hold, or the document would break a limit.
        """
        current = self._current(key)
        if not self.lenient:
            _check_precondition(key, current, write, self.time)
        operation = write.WhichOneof("operation")
        if operation == "verify":
            self.verified.add(key)
            return WriteResult()
        self.written.add(key)
        if operation == "delete":
            self._now[key] = None
            return WriteResult()
        document = _updated(current, write)
        field_transforms = [*write.update_transforms, *write.transform.field_transforms]
        results = [transforms.apply(document.fields, transform, self.time) for transform in field_transforms]
        record = self._record(key, document)
        self._now[key] = record
        return WriteResult(update_time=to_timestamp(record.update_time), transform_results=results)

    def commit(self, author: Caller = OWNER) -> Commit:
        """What changed, in the order in which the documents were first written."""
        changes = (Change(key, self._before[key], after) for key, after in self._now.items())
        return Commit(self.time, tuple(change for change in changes if change.before is not change.after), author)

    def changes(self) -> list[Change]:
        """Every document that was written, changed or not, as it was and as it will be."""
        return [Change(key, self._before[key], after) for key, after in self._now.items() if key in self.written]

    def now(self, key: DocumentKey) -> Record | None:
        """A document as it will be after the commit."""
        return self._now[key] if key in self._now else self.load(key)

    def _current(self, key: DocumentKey) -> Record | None:
        if key not in self._now:
            self._now[key] = self._before[key] = self.load(key)
        return self._now[key]

    def _record(self, key: DocumentKey, document: Document) -> Record:
        """The document's next version; the stored one itself when nothing would differ."""
        body = document.SerializeToString(deterministic=True)
        before = self._before[key]
        if before is not None and before.body == body and self._now[key] is not None:
            return before
        check_size(key, document.fields)
        current = self._now[key]
        create_time = self.time if current is None else current.create_time
        return Record(key, body, create_time, self.time, document)


def _updated(current: Record | None, write: Write) -> Document:
    """A new document with nothing but the fields that the write leaves, before its transforms."""
    document = Document()
    masked = write.WhichOneof("operation") == "transform" or write.HasField("update_mask")
    if not masked:
        document.fields.MergeFrom(write.update.fields)
        return document
    if current is not None:
        document.ParseFromString(current.body)
    for path in map(fieldpath.parse, write.update_mask.field_paths):
        value = fieldpath.get(write.update.fields, path)
        if value is None:
            fieldpath.remove(document.fields, path)
        else:
            fieldpath.put(document.fields, path, value)
    return document


def _check_precondition(key: DocumentKey, current: Record | None, write: Write, now: int) -> None:
    condition: Precondition = write.current_document
    match condition.WhichOneof("condition_type"):
        case "exists":
            if condition.exists and current is None:
                action = "delete" if write.WhichOneof("operation") == "delete" else "update"
                raise FirestoreError(Code.NOT_FOUND, f"No document to {action}: {key.name}")
            if not condition.exists and current is not None:
                raise FirestoreError(Code.ALREADY_EXISTS, f"Document already exists: {key.name}")
        case "update_time":
            required = from_timestamp(condition.update_time)
            if required > now:
                raise invalid("The required update time of a precondition is in the future.")
            stored = 0 if current is None else current.update_time
            if stored != required:
                raise failed_precondition(
                    f"the stored version ({stored}) does not match the required base version ({required})"
                )
        case _:
            return
