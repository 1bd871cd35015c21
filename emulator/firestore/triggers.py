"""Committed changes as the CloudEvents that production sends, stored with their commit for delivery."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from typing import Final

from emulator.events.cloudevent import CloudEvent
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import Trigger, TriggerRegistry
from emulator.firestore.proto.v1 import DocumentEventData
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.fieldpath import FieldPath, Fields
from emulator.firestore.values.times import to_datetime

_PREFIX: Final = "google.cloud.firestore.document.v1."
_DATA_SCHEMA: Final = (
    "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto"
)


class Triggers:
    """Enqueues a delivery for every change that a trigger wants."""

    def __init__(self, registry: TriggerRegistry) -> None:
        self._registry = registry

    def enqueue(self, connection: sqlite3.Connection, commit: Commit) -> int:
        """Add the deliveries of a commit to the transaction that writes it; their number."""
        total = 0
        for change in commit.changes:
            for trigger in self._wanted(change):
                DeliveryQueue.enqueue(
                    connection, trigger, _event(change, commit, trigger), now=to_datetime(commit.time)
                )
                total += 1
        return total

    def _wanted(self, change: Change) -> Iterator[Trigger]:
        attributes = _attributes(change)
        for kind in (_kind(change), "written"):
            for suffix in ("", ".withAuthContext"):
                yield from self._registry.matching(f"{_PREFIX}{kind}{suffix}", attributes)


def _kind(change: Change) -> str:
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "updated"


def _attributes(change: Change) -> dict[str, str]:
    _, project, _, database = change.key.database.split("/")
    return {"database": database, "namespace": "(default)", "document": change.key.path, "project": project}


def _event(change: Change, commit: Commit, trigger: Trigger) -> CloudEvent:
    attributes = _attributes(change)
    attributes |= {"location": trigger.region, "dataschema": _DATA_SCHEMA}
    if trigger.event_type.endswith(".withAuthContext"):
        kind, identifier = commit.author.principal(attributes["project"])
        attributes |= {"authtype": kind, "authid": identifier}
    return CloudEvent(
        id=str(uuid.uuid4()),
        source=f"//firestore.googleapis.com/{change.key.database}",
        type=trigger.event_type,
        time=to_datetime(commit.time),
        data=event_data(change),
        content_type="application/protobuf",
        subject=f"documents/{change.key.path}",
        attributes=attributes,
    )


def event_data(change: Change) -> bytes:
    """The serialized google.events.cloud.firestore.v1.DocumentEventData of a change."""
    data = DocumentEventData()
    # The event's document has the same fields and numbers as the API's, in another protobuf package.
    if change.after is not None:
        data.value.ParseFromString(_serialized(change.after))
    if change.before is not None:
        data.old_value.ParseFromString(_serialized(change.before))
    if change.before is not None and change.after is not None:
        paths = changed_paths(change.before.fields, change.after.fields)
        data.update_mask.field_paths.extend(fieldpath.render(path) for path in paths)
    return data.SerializeToString()


def _serialized(record: Record) -> bytes:
    return record.to_document().SerializeToString()


def changed_paths(old: Fields, new: Fields, prefix: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of the fields that differ, as deep as both sides are maps."""
    for name in sorted({*old, *new}):
        path = (*prefix, name)
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            yield path
        elif before.WhichOneof("value_type") == after.WhichOneof("value_type") == "map_value":
            yield from changed_paths(before.map_value.fields, after.map_value.fields, path)
        elif before.SerializeToString(deterministic=True) != after.SerializeToString(deterministic=True):
            yield path


class CommitHooks:
    """Connects the store's commits with the triggers and with whoever listens."""

    def __init__(self, triggers: Triggers, publish: Callable[[Commit], None], wake: Callable[[], None]) -> None:
        self._triggers = triggers
        self._publish = publish
        self._wake = wake
        self._enqueued = 0

    def written(self, connection: sqlite3.Connection, commit: Commit) -> None:
        """See `storage.store.CommitObserver`."""
        self._enqueued = 0 if commit.quiet else self._triggers.enqueue(connection, commit)

    def committed(self, commit: Commit) -> None:
        """See `storage.store.CommitObserver`."""
        self._publish(commit)
        if self._enqueued:
            self._wake()
