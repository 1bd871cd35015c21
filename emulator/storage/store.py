"""gcp-storage-emulator's store, with its metadata in SQLite and the events of objects beside it.

The library keeps everything in memory and writes all of it to one JSON file at each change; here a change writes its
own rows, and the deliveries that it causes, in one transaction. Contents lie in files named by the object's generation,
so that a kill at any moment leaves the object as it was or as it will be.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any, Final

from gcp_storage_emulator.exceptions import BadRequest, NotFound
from gcp_storage_emulator.storage import RESUMABLE_DIR, Storage

from emulator.clock import Clock
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry
from emulator.storage.cloudevent import DELETED, FINALIZED, METADATA_UPDATED, object_event
from emulator.storage.conditions import Conditions
from emulator.storage.files import AtomicFiles
from emulator.storage.metadata import SECTIONS, Metadata, Tree, write, write_all

_NONE: Final = Conditions()


class EventfulStorage(Storage):  # type: ignore[misc]  # the library ships no types
    """Buckets and objects. Used from one thread at a time."""

    def __init__(self, folder: Path, registry: TriggerRegistry, clock: Clock) -> None:
        self._metadata = Metadata(folder / "storage.sqlite3")
        self._registry = registry
        self._clock = clock
        self._changed: set[tuple[str, ...]] = set()
        self._events: list[tuple[str, Tree]] = []
        self.reading = _NONE
        self.writing = _NONE
        super().__init__(data_dir=str(folder))
        self._store = AtomicFiles(folder / "contents")
        self._remove_strays()

    def close(self) -> None:
        """Close the database."""
        self._metadata.close()

    # Persistence: the library calls these two at its start and after every change.

    def _read_config_from_file(self) -> None:
        for name, tree in self._metadata.load().items():
            setattr(self, name, tree)

    def _write_config_to_file(self) -> None:
        with self._metadata.transaction() as connection:
            write(connection, self._sections(), self._changed)
            for event_type, resource in self._events:
                self._enqueue(connection, event_type, resource)
        self._changed.clear()
        self._events.clear()

    def _sections(self) -> dict[str, Tree]:
        return {name: getattr(self, name) for name in SECTIONS}

    def _enqueue(self, connection: sqlite3.Connection, event_type: str, resource: Tree) -> None:
        triggers = self._registry.matching(event_type, {"bucket": resource["bucket"]})
        now = self._clock.now()
        event = object_event(event_type, resource, now) if triggers else None
        for trigger in triggers:
            if event is not None:
                DeliveryQueue.enqueue(connection, trigger, event, now=now)

    # Where contents lie

    def _object_path(self, bucket_name: str, file_name: str) -> str:
        """The file of the live generation. Names are hashed: as paths they can be too long, or each other's folder."""
        if bucket_name == RESUMABLE_DIR:
            return f"{RESUMABLE_DIR}/{file_name}"
        resource = self.objects.get(bucket_name, {}).get(file_name, {})
        return _content_path(bucket_name, file_name, resource.get("generation", ""))

    def _remove_strays(self) -> None:
        """Remove files that a killed process left without a resource."""
        live = {
            _content_path(bucket, name, resource["generation"])
            for bucket, objects in self.objects.items()
            for name, resource in objects.items()
        }
        soft = {
            self._soft_delete_content_path(bucket, name, generation)
            for bucket, objects in self.soft_deleted.items()
            for name, generations in objects.items()
            for generation in generations
        }
        uploads = {f"{RESUMABLE_DIR}/{self.safe_id(upload)}" for upload in self.resumable}
        for name in self._store.names() - live - soft - uploads:
            self._store.discard(name)

    # Buckets

    def create_bucket(self, bucket_name: str, bucket_obj: Tree) -> Tree:
        """Keep a bucket's resource, new or changed."""
        self._changed.add(("buckets", bucket_name))
        result: Tree = super().create_bucket(bucket_name, bucket_obj)
        return result

    def delete_bucket(self, bucket_name: str) -> None:
        """Remove an empty bucket."""
        self._changed |= {("buckets", bucket_name), ("bucket_iam_policies", bucket_name)}
        for name, generations in self.soft_deleted.get(bucket_name, {}).items():
            self._changed |= {("soft_deleted", bucket_name, name, generation) for generation in generations}
        super().delete_bucket(bucket_name)

    def set_bucket_iam_policy(self, bucket_name: str, policy: Tree) -> bool:
        """Keep a bucket's policy."""
        self._changed.add(("bucket_iam_policies", bucket_name))
        return bool(super().set_bucket_iam_policy(bucket_name, policy))

    def wipe(self, keep_buckets: bool = False) -> None:
        """Remove everything, or all objects."""
        super().wipe(keep_buckets)
        with self._metadata.transaction() as connection:
            write_all(connection, self._sections())

    # Objects

    def create_file(
        self, bucket_name: str, file_name: str, content: bytes, file_obj: Tree, file_id: str | None = None
    ) -> None:
        """Keep a new generation of an object, the end of every kind of upload, copy and composition."""
        if bucket_name not in self.buckets:
            raise NotFound
        previous = self.objects.get(bucket_name, {}).get(file_name)
        self.writing.check(previous)
        self._store.write_bytes(_content_path(bucket_name, file_name, file_obj["generation"]), content or b"")
        old_path = self._object_path(bucket_name, file_name)
        self.objects.setdefault(bucket_name, {})[file_name] = file_obj
        if previous is not None:
            self._events.append((DELETED, previous))
        self._events.append((FINALIZED, file_obj))
        self._changed.add(("objects", bucket_name, file_name))
        if file_id:
            self.delete_resumable_file_obj(file_id)
        self._write_config_to_file()
        if file_id:
            self._store.discard(f"{RESUMABLE_DIR}/{self.safe_id(file_id)}")
        if previous is not None:
            self._store.discard(old_path)

    def patch_object(self, bucket_name: str, file_name: str, file_obj: Tree) -> None:
        """Keep an object's changed resource."""
        self._changed.add(("objects", bucket_name, file_name))
        self._events.append((METADATA_UPDATED, file_obj))
        super().patch_object(bucket_name, file_name, file_obj)

    def delete_file(self, bucket_name: str, file_name: str) -> None:
        """Delete an object; its bucket may keep it for a restoration."""
        resource = self.objects.get(bucket_name, {}).get(file_name)
        if resource is None:
            raise NotFound
        self.writing.check(resource)
        path = self._object_path(bucket_name, file_name)
        generation = str(resource["generation"])
        self._changed |= {("objects", bucket_name, file_name), ("soft_deleted", bucket_name, file_name, generation)}
        self._events.append((DELETED, resource))
        super().delete_file(bucket_name, file_name)
        self._store.discard(path)

    def get_file_obj(self, bucket_name: str, file_name: str) -> Tree:
        """An object's resource."""
        resource: Tree = super().get_file_obj(bucket_name, file_name)
        self.reading.check(resource)
        return resource

    def _remove_soft_deleted_generation(self, bucket_name: str, file_name: str, generation: str) -> None:
        self._changed.add(("soft_deleted", bucket_name, file_name, str(generation)))
        super()._remove_soft_deleted_generation(bucket_name, file_name, generation)

    # Resumable uploads: a chunk is added to its file, which the library would read and write whole

    def create_resumable_upload(self, bucket_name: str, file_name: str, file_obj: Tree) -> str:
        """Begin an upload; its id."""
        if bucket_name in self.buckets:
            self.writing.check(self.objects.get(bucket_name, {}).get(file_name))
        upload: str = super().create_resumable_upload(bucket_name, file_name, file_obj)
        self._changed.add(("resumable", upload))
        self._write_config_to_file()
        return upload

    def delete_resumable_file_obj(self, file_id: str) -> None:
        """Forget an upload."""
        self._changed.add(("resumable", file_id))
        super().delete_resumable_file_obj(file_id)

    def get_resumable_byte_count(self, file_id: str) -> int:
        """How many bytes of an upload have arrived."""
        return int(self._store.size(f"{RESUMABLE_DIR}/{self.safe_id(file_id)}"))

    def add_to_resumable_upload(
        self, file_id: str, content: bytes, total_size: int | None = None, expected_start: int | None = None
    ) -> bytes | None:
        """Add a chunk; the whole content once it is there."""
        path = f"{RESUMABLE_DIR}/{self.safe_id(file_id)}"
        arrived = self._store.size(path)
        if expected_start is not None and expected_start != arrived:
            raise BadRequest(f"Invalid Content-Range start: expected {arrived}, got {expected_start}")
        self._store.append(path, content or b"")
        if total_size is None or arrived + len(content or b"") < total_size:
            return None
        whole: bytes = self._store.read_bytes(path)
        return whole[:total_size]


def _content_path(bucket: str, name: str, generation: Any) -> str:
    digest = hashlib.sha256(f"{name}\n{generation}".encode()).hexdigest()
    return f"{bucket}/{digest}"
