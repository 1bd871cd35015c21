"""Buckets: their resources and policies. Access is not controlled by them: whoever asks here is a service account.

Source: "Buckets" of the Cloud Storage JSON API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from emulator.clock import Clock
from emulator.storage.conditions import Conditions
from emulator.storage.database import Database, Resource
from emulator.storage.errors import BucketNotFoundError, ConflictError, InvalidError
from emulator.storage.resources import access, check_bucket_name, timestamp

_SETTABLE: Final = (
    "autoclass",
    "billing",
    "cors",
    "defaultEventBasedHold",
    "encryption",
    "iamConfiguration",
    "labels",
    "lifecycle",
    "logging",
    "retentionPolicy",
    "rpo",
    "softDeletePolicy",
    "storageClass",
    "versioning",
    "website",
)
_PROJECT_NUMBER: Final = "123456789012"
_DAY: Final = 24 * 3600  # seconds
_SOFT_DELETION: Final = 7 * _DAY  # the default of new buckets
_LONGEST_SOFT_DELETION: Final = 90 * _DAY
_LONGEST_RETENTION: Final = 100 * 365 * _DAY


class Buckets:
    """The buckets of the project. Used from the store's thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, name: str) -> Resource:
        """A bucket.

        Raises:
            BucketNotFoundError: there is none of that name.
        """
        row = self._database.connection.execute("select json from buckets where name = ?", (name,)).fetchone()
        if row is None:
            raise BucketNotFoundError
        bucket: Resource = json.loads(row[0])
        return bucket

    def exists(self, name: str) -> bool:
        """Whether there is a bucket of that name."""
        return bool(self._database.connection.execute("select 1 from buckets where name = ?", (name,)).fetchone())

    def page(self, prefix: str, after: str, most: int) -> tuple[list[Resource], str | None]:
        """The buckets in the order of their names, and after which the next page begins."""
        rows = self._database.connection.execute(
            "select name, json from buckets where name > ? and substr(name, 1, ?) = ? order by name limit ?",
            (after, len(prefix), prefix, most + 1),
        ).fetchall()
        return [json.loads(text) for _, text in rows[:most]], rows[most - 1][0] if len(rows) > most else None

    def create(self, settings: Mapping[str, Any]) -> Resource:
        """A new bucket.

        Raises:
            ConflictError: there is one of that name.
            InvalidError: the name cannot be a bucket's.
        """
        name = settings.get("name")
        if not isinstance(name, str):
            raise InvalidError("Required parameter: name")
        if self.exists(check_bucket_name(name)):
            raise ConflictError("Your previous request to create the named bucket succeeded and you already own it.")
        now = timestamp(self._clock.now())
        bucket = {
            "kind": "storage#bucket",
            "id": name,
            "name": name,
            "projectNumber": _PROJECT_NUMBER,
            "timeCreated": now,
            "updated": now,
            "metageneration": "1",
            "location": str(settings.get("location") or "US").upper(),
            "locationType": "multi-region",
            "storageClass": "STANDARD",
            "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}},
            "softDeletePolicy": {"retentionDurationSeconds": str(_SOFT_DELETION), "effectiveTime": now},
        }
        return self._keep(bucket, settings)

    def patch(self, name: str, changes: Mapping[str, Any], conditions: Conditions, *, whole: bool = False) -> Resource:
        """Change settings; null removes one. `whole`: those not named are removed too, as an update has it."""
        bucket = self.get(name)
        conditions.check_write({**bucket, "generation": "0"})
        if whole:
            changes = {**dict.fromkeys(_SETTABLE), **changes}
        bucket["metageneration"] = str(int(bucket["metageneration"]) + 1)
        bucket["updated"] = timestamp(self._clock.now())
        return self._keep(bucket, changes)

    def _keep(self, bucket: Resource, changes: Mapping[str, Any]) -> Resource:
        for setting in _SETTABLE:
            if setting in changes:
                _merge(bucket, setting, changes[setting])
        for acl in ("acl", "defaultObjectAcl"):
            if isinstance(entries := changes.get(acl), list):
                bucket[acl] = access(entries, bucket["name"], None)
        bucket["etag"] = base64.b64encode(bucket["metageneration"].encode()).decode()
        with self._database.transaction() as connection:
            connection.execute(
                "insert into buckets (name, json) values (?, ?) on conflict do update set json = excluded.json",
                (bucket["name"], json.dumps(bucket)),
            )
        return bucket

    def delete(self, name: str) -> list[tuple[str, int]]:
        """Remove an empty bucket; names and generations of the soft-deleted objects that went with it.

        Raises:
            BucketNotFoundError: there is none of that name.
            ConflictError: it has objects.
        """
        self.get(name)
        with self._database.transaction() as connection:
            of = "from objects where bucket = ?"
            if connection.execute(f"select 1 {of} and state != 'soft' limit 1", (name,)).fetchone():
                raise ConflictError("The bucket you tried to delete is not empty.")
            gone = connection.execute(f"select name, generation {of}", (name,)).fetchall()
            connection.execute(f"delete {of}", (name,))
            connection.execute("delete from buckets where name = ?", (name,))
        return gone

    def policy(self, name: str) -> Resource:
        """A bucket's IAM policy, which is kept and not applied."""
        self.get(name)
        (text,) = self._database.connection.execute("select policy from buckets where name = ?", (name,)).fetchone()
        policy = json.loads(text) if text else {"version": 1, "etag": "CAE=", "bindings": []}
        return {**policy, "kind": "storage#policy", "resourceId": f"projects/_/buckets/{name}"}

    def set_policy(self, name: str, policy: Mapping[str, Any]) -> Resource:
        """Keep a bucket's IAM policy.

        Raises:
            ConditionNotMetError: it has been changed since the caller read it.
        """
        before = self.policy(name)
        if policy.get("etag") not in {None, before["etag"]}:
            raise ConflictError("The policy has been changed since it was read.")
        count = int.from_bytes(base64.b64decode(before["etag"])[1:], "big") + 1
        kept = {
            "version": policy.get("version", 1),
            "etag": base64.b64encode(b"\x08" + count.to_bytes(max(1, (count.bit_length() + 7) // 8), "big")).decode(),
            "bindings": policy.get("bindings", []),
        }
        with self._database.transaction() as connection:
            connection.execute("update buckets set policy = ? where name = ?", (json.dumps(kept), name))
        return self.policy(name)


def soft_deletion(bucket: Mapping[str, Any]) -> int:
    """For how many seconds a bucket keeps what is deleted."""
    return min(_seconds(bucket, "softDeletePolicy", "retentionDurationSeconds"), _LONGEST_SOFT_DELETION)


def retention(bucket: Mapping[str, Any]) -> timedelta:
    """For how long after its making an object can be neither deleted nor overwritten."""
    return timedelta(seconds=min(_seconds(bucket, "retentionPolicy", "retentionPeriod"), _LONGEST_RETENTION))


def _seconds(bucket: Mapping[str, Any], policy: str, name: str) -> int:
    """A span that a policy of the bucket names; 0 without one."""
    found = bucket.get(policy)
    text = str(found.get(name, 0)) if isinstance(found, dict) else "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def versioned(bucket: Mapping[str, Any]) -> bool:
    """Whether a bucket keeps what is overwritten or deleted as a noncurrent version."""
    versioning = bucket.get("versioning")
    return isinstance(versioning, dict) and versioning.get("enabled") is True


def _merge(bucket: Resource, setting: str, value: Any) -> None:
    if value is None:
        bucket.pop(setting, None)
    elif setting == "labels":
        if not isinstance(value, dict):
            raise InvalidError("Labels must be a map of strings.")
        labels = {**bucket.get("labels", {}), **value}
        bucket["labels"] = {name: text for name, text in labels.items() if text is not None}
    else:
        bucket[setting] = value
