"""Objects: every change of one commits its rows and the deliveries of its events together, and is there or not at all.

Contents lie in files named by generation. A file is put in place before the transaction and removed after it, so a kill
in between leaves a file that nothing names; the next start removes it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final

from emulator.clock import Clock
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry
from emulator.storage.buckets import Buckets, retention, soft_deletion, versioned
from emulator.storage.cloudevent import ARCHIVED, DELETED, FINALIZED, METADATA_UPDATED, object_event
from emulator.storage.conditions import Conditions
from emulator.storage.contents import Contents, Staged
from emulator.storage.database import Database, Resource
from emulator.storage.errors import ForbiddenError, NotFoundError
from emulator.storage.resources import apply, check_name, check_sums, linked, new_object, tagged, timestamp

Authorize = Callable[[Resource | None, Resource | None], None]
"""Is told of an object as it is and as it will be; raises when the change is not allowed."""
Finish = Callable[[sqlite3.Connection, Resource], None]
"""Further changes of the transaction that makes an object."""
NO_CONDITIONS: Final = Conditions()
_KEPT_BY_COPIES: Final = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "metadata",
    "storageClass",
)


def anyone(_before: Resource | None, _after: Resource | None) -> None:
    """Allows everything: the caller is a service account."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an object is to be written, and what has to hold for it."""

    bucket: str
    name: str
    conditions: Conditions = NO_CONDITIONS
    authorize: Authorize = anyone


class Objects:
    """The objects of all buckets. Used from the store's thread, but for `open`."""

    def __init__(self, database: Database, contents: Contents, registry: TriggerRegistry, clock: Clock) -> None:
        self._database = database
        self._contents = contents
        self._registry = registry
        self._clock = clock
        self._buckets = Buckets(database, clock)
        (last,) = database.connection.execute("select max(generation) from objects").fetchone()
        self._generation = last or 0
        self.base_url = ""  # of the links that events carry

    # Reading

    def find(self, bucket: str, name: str) -> Resource | None:
        """The live object of that name, if there is one."""
        return self._row("bucket = ? and name = ? and state = 'live'", bucket, name)

    def get(
        self, bucket: str, name: str, generation: int | None = None, conditions: Conditions = NO_CONDITIONS
    ) -> Resource:
        """An object: the live one, or a generation of a bucket with versions.

        Raises:
            NotFoundError: there is none.
            ConditionNotMetError, NotModifiedError: it is not as wanted.
        """
        found = self.find(bucket, name)
        if generation is not None:
            where = "bucket = ? and name = ? and generation = ? and state != 'soft'"
            found = self._row(where, bucket, name, generation)
        if found is None:
            self._buckets.get(bucket)
            raise NotFoundError(f"No such object: {bucket}/{name}")
        conditions.check_read(found)
        return found

    def soft_deleted(self, bucket: str, name: str, generation: int | None) -> Resource:
        """A deleted object that its bucket still keeps.

        Raises:
            NotFoundError: there is none.
        """
        self.purge()
        where = "bucket = ? and name = ? and generation = ? and state = 'soft'"
        found = self._row(where, bucket, name, generation)
        if found is None:
            raise NotFoundError(f"No such soft-deleted object: {bucket}/{name}")
        return found

    def _row(self, where: str, *values: Any) -> Resource | None:
        row = self._database.connection.execute(f"select json from objects where {where}", values).fetchone()
        return None if row is None else json.loads(row[0])

    def open(self, resource: Mapping[str, Any]) -> BinaryIO:
        """The content of an object, for reading."""
        return self._contents.open(_key(resource))

    # Writing

    def put(
        self, target: Target, staged: Staged, properties: Mapping[str, Any], finish: Finish | None = None
    ) -> Resource:
        """Make a staged content an object, which is the end of every upload; the caller discards it on an error.

        Raises:
            NotFoundError: there is no such bucket.
            InvalidError: a property or checksum is wrong.
            ConditionNotMetError: the object that is there is not as wanted.
            ForbiddenError: the caller may not.
        """
        check_sums(staged, properties)
        resource = self._new(target, staged.size, staged.md5_hash, staged.crc32c, properties)
        return self._commit(target, resource, lambda key: self._contents.adopt(staged, key), finish)

    def check_upload(self, target: Target, properties: Mapping[str, Any], size: int) -> None:
        """Refuse an upload at its beginning for what is known then: its size as declared, and its properties.

        Raises: as `put`.
        """
        resource = self._new(target, size, "", "", properties)
        before = self.find(target.bucket, target.name)
        target.conditions.check_write(before)
        target.authorize(before, resource)

    def copy(self, source: Resource, target: Target, properties: Mapping[str, Any] | None) -> Resource:
        """Copy an object; `properties` take the place of all its own.

        Raises: as `put`.
        """
        if properties is None:
            properties = {name: source[name] for name in _KEPT_BY_COPIES if name in source}
        elif "contentType" not in properties and "contentType" in source:
            properties = {**properties, "contentType": source["contentType"]}
        resource = self._new(target, int(source["size"]), source.get("md5Hash", ""), source["crc32c"], properties)
        if "componentCount" in source:
            resource["componentCount"] = source["componentCount"]
        return self._commit(target, resource, lambda key: self._contents.link(_key(source), key), None)

    def compose(
        self, sources: Sequence[Resource], target: Target, staged: Staged, properties: Mapping[str, Any]
    ) -> Resource:
        """Make an object of several, whose contents have been staged one after the other.

        Raises: as `put`.
        """
        resource = self._new(target, staged.size, "", staged.crc32c, properties)
        resource["componentCount"] = sum(source.get("componentCount", 1) for source in sources)
        return self._commit(target, resource, lambda key: self._contents.adopt(staged, key), None)

    def _new(self, target: Target, size: int, md5_hash: str, crc32c: str, properties: Mapping[str, Any]) -> Resource:
        now = self._clock.now()
        self._buckets.get(target.bucket)
        # In microseconds as in production, and rising even if the clock does not.
        generation = self._generation = max(self._generation + 1, int(now.timestamp() * 1_000_000))
        name = check_name(target.name)
        resource = new_object(target.bucket, name, generation, now, size, md5_hash, crc32c)
        if not md5_hash:
            del resource["md5Hash"]
        apply(resource, properties)
        return resource

    def _commit(
        self, target: Target, resource: Resource, place: Callable[[str], None], finish: Finish | None
    ) -> Resource:
        before = self.find(target.bucket, target.name)
        target.conditions.check_write(before)
        target.authorize(before, resource)
        if before is not None:
            self._check_kept(before)
        place(_key(resource))
        with self._database.transaction() as connection:
            gone = before is not None and self._retire(connection, before)
            self._save(connection, resource, "live")
            self._announce(connection, FINALIZED, resource)
            if finish is not None:
                finish(connection, resource)
        if gone and before is not None:
            self._contents.discard(_key(before))
        return resource

    def patch(
        self,
        target: Target,
        changes: Mapping[str, Any],
        generation: int | None = None,
        *,
        whole: bool = False,
    ) -> Resource:
        """Change settable properties; null removes one. `whole`: those not named are removed too.

        Raises: as `put`; NotFoundError also for the object.
        """
        before = self.find(target.bucket, target.name) if generation is None else None
        if generation is not None:
            before = self.get(target.bucket, target.name, generation)
        target.authorize(before, None if before is None else _changed(before, changes, whole=whole))
        if before is None:
            raise NotFoundError(f"No such object: {target.bucket}/{target.name}")
        target.conditions.check_write(before)
        resource = _changed(before, changes, whole=whole)
        resource["metageneration"] = str(int(before["metageneration"]) + 1)
        resource["updated"] = timestamp(self._clock.now())
        tagged(resource)
        with self._database.transaction() as connection:
            connection.execute(
                "update objects set json = ? where bucket = ? and name = ? and generation = ?",
                (json.dumps(resource), target.bucket, target.name, int(resource["generation"])),
            )
            self._announce(connection, METADATA_UPDATED, resource)
        return resource

    def delete(self, target: Target, generation: int | None = None) -> None:
        """Delete an object; its bucket may keep it. A generation that is named is deleted also in a versioned bucket.

        Raises:
            NotFoundError: there is none.
            ConditionNotMetError, ForbiddenError: as `put`.
        """
        before = self.find(target.bucket, target.name)
        if generation is not None:
            before = self.get(target.bucket, target.name, generation)
        target.authorize(before, None)
        if before is None:
            self._buckets.get(target.bucket)
            raise NotFoundError(f"No such object: {target.bucket}/{target.name}")
        target.conditions.check_write(before)
        self._check_kept(before)
        with self._database.transaction() as connection:
            gone = self._retire(connection, before, forever=generation is not None)
        if gone:
            self._contents.discard(_key(before))
        self.purge()

    def restore(self, target: Target, generation: int | None) -> Resource:
        """Bring a soft-deleted object back, as a new generation.

        Raises:
            NotFoundError: there is none to bring back.
        """
        deleted = self.soft_deleted(target.bucket, target.name, generation)
        return self.copy(deleted, target, None)

    # What is deleted

    def _check_kept(self, resource: Resource) -> None:
        """Let pass an object that nothing keeps from being deleted or overwritten.

        Raises:
            ForbiddenError: it is held, or its bucket's retention policy keeps it.
        """
        name = f"{resource['bucket']}/{resource['name']}"
        for hold in ("temporaryHold", "eventBasedHold"):
            if resource.get(hold):
                raise ForbiddenError(f"Object '{name}' is under active {hold} and cannot be deleted or overwritten.")
        kept = datetime.fromisoformat(resource["timeCreated"]) + retention(self._buckets.get(resource["bucket"]))
        if self._clock.now() < kept:
            until = timestamp(kept)
            raise ForbiddenError(f"Object '{name}' is subject to bucket's retention policy until {until}.")

    def _retire(self, connection: sqlite3.Connection, resource: Resource, *, forever: bool = False) -> bool:
        """End an object's life; whether its content can go."""
        bucket = self._buckets.get(resource["bucket"])
        now = self._clock.now()
        where = (resource["bucket"], resource["name"], int(resource["generation"]))
        resource["timeDeleted"] = timestamp(now)
        if versioned(bucket) and not forever:
            self._save(connection, resource, "noncurrent")
            self._announce(connection, ARCHIVED, resource)
            return False
        self._announce(connection, DELETED, resource)
        if not (seconds := soft_deletion(bucket)):
            connection.execute("delete from objects where bucket = ? and name = ? and generation = ?", where)
            return True
        expires = now + timedelta(seconds=seconds)
        resource["softDeleteTime"], resource["hardDeleteTime"] = timestamp(now), timestamp(expires)
        self._save(connection, resource, "soft", expires.timestamp())
        return False

    def purge(self) -> None:
        """Remove soft-deleted objects whose time is over."""
        over = "expires is not null and expires <= ?"
        now = self._clock.now().timestamp()
        select = f"select json from objects where {over}"
        gone = [json.loads(text) for (text,) in self._database.connection.execute(select, (now,))]
        if not gone:
            return
        with self._database.transaction() as connection:
            connection.execute(f"delete from objects where {over}", (now,))
        for resource in gone:
            self._contents.discard(_key(resource))

    def discard(self, bucket: str, name: str, generation: int) -> None:
        """Remove the content of an object that went with its bucket."""
        self._contents.discard(Contents.key(bucket, name, generation))

    def keys(self) -> set[str]:
        """The contents that objects have."""
        rows = self._database.connection.execute("select bucket, name, generation from objects")
        return {Contents.key(*row) for row in rows}

    # Rows and events

    def _save(
        self, connection: sqlite3.Connection, resource: Resource, state: str, expires: float | None = None
    ) -> None:
        row = (resource["bucket"], resource["name"], int(resource["generation"]), state, json.dumps(resource), expires)
        connection.execute("insert or replace into objects values (?, ?, ?, ?, ?, ?)", row)

    def _announce(self, connection: sqlite3.Connection, event_type: str, resource: Resource) -> None:
        triggers = self._registry.matching(event_type, {"bucket": resource["bucket"]})
        if not triggers:
            return
        now = self._clock.now()
        event = object_event(event_type, linked(resource, self.base_url), now)
        for trigger in triggers:
            DeliveryQueue.enqueue(connection, trigger, event, now=now)


def _key(resource: Mapping[str, Any]) -> str:
    return Contents.key(resource["bucket"], resource["name"], int(resource["generation"]))


def _changed(before: Resource, changes: Mapping[str, Any], *, whole: bool) -> Resource:
    resource = dict(before)
    if whole:
        for name in _KEPT_BY_COPIES:
            if name != "storageClass":
                resource.pop(name, None)
    apply(resource, changes)
    return resource
