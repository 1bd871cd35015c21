"""The resource of an object: how it is made, changed and shown.

Source: "Objects" of the Cloud Storage JSON API reference, "Object naming requirements".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from emulator.storage.contents import Staged
from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError

_TEXTS: Final = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "customTime",
    "storageClass",
)
_FLAGS: Final = ("eventBasedHold", "temporaryHold")
_DEFAULTS: Final = {"storageClass": "STANDARD", "contentType": "application/octet-stream"}
_MOST_METADATA: Final = 8 << 10  # bytes of custom metadata, names and values together
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def check_bucket_name(name: str) -> str:
    """The name, if a bucket may have it.

    Raises:
        InvalidError: it may not.
    """
    if not _BUCKET.fullmatch(name) or ".." in name:
        raise InvalidError(f"Invalid bucket name: '{name[:230]}'")
    return name


def check_name(name: str) -> str:
    """The name, if an object may have it.

    Raises:
        InvalidError: it is empty, too long, "." or "..", or holds the end of a line or half a character.
    """
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidError("Object names must be valid UTF-8 when encoded.") from None
    if not 0 < length <= 1024:
        raise InvalidError("Object names must be between 1 and 1024 bytes long.")
    if name in {".", ".."} or "\n" in name or "\r" in name or name.startswith(".well-known/acme-challenge/"):
        raise InvalidError(f"Disallowed object name: {name!r}")
    return name


def timestamp(moment: datetime) -> str:
    """As the JSON API writes times, in milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def new_object(
    bucket: str, name: str, generation: int, now: datetime, size: int, md5_hash: str, crc32c: str
) -> Resource:
    """An object without properties."""
    time = timestamp(now)
    resource = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "name": name,
        "bucket": bucket,
        "generation": str(generation),
        "metageneration": "1",
        "storageClass": "STANDARD",
        "size": str(size),
        "md5Hash": md5_hash,
        "crc32c": crc32c,
        "timeCreated": time,
        "updated": time,
        "timeStorageClassUpdated": time,
        "timeFinalized": time,
    }
    return tagged(resource)


def tagged(resource: Resource) -> Resource:
    """The same, with the entity tag of its generation and metageneration."""
    tag = f"{resource['generation']}/{resource['metageneration']}"
    resource["etag"] = base64.b64encode(tag.encode()).decode()
    return resource


def apply(resource: Resource, changes: Mapping[str, Any]) -> None:
    """Set the settable properties that `changes` names; null removes one, as PATCH has it. Others are left alone.

    Raises:
        InvalidError: one has a value that it cannot have.
    """
    for name in _TEXTS:
        if name in changes:
            _set(resource, name, changes[name], str)
    for name in _FLAGS:
        if name in changes:
            _set(resource, name, changes[name], bool)
    if "metadata" in changes:
        _merge_metadata(resource, changes["metadata"])
    if isinstance(changes.get("acl"), list):
        resource["acl"] = access(changes["acl"], resource["bucket"], resource["name"])


def _set(resource: Resource, name: str, value: Any, kind: type) -> None:
    if value is None:
        resource.pop(name, None)
        if name in _DEFAULTS and name != "contentType":
            resource[name] = _DEFAULTS[name]
    elif isinstance(value, kind):
        resource[name] = value
    else:
        raise InvalidError(f"Invalid value for {name}.")


def _merge_metadata(resource: Resource, changes: Any) -> None:
    if changes is None:
        resource.pop("metadata", None)
        return
    if not isinstance(changes, dict) or any(type(value) not in {str, type(None)} for value in changes.values()):
        raise InvalidError("Custom metadata must be a map of strings.")
    merged = {**resource.get("metadata", {}), **changes}
    kept = {name: value for name, value in merged.items() if value is not None}
    if sum(len((name + value).encode(errors="replace")) for name, value in kept.items()) > _MOST_METADATA:
        raise InvalidError("The object's custom metadata is larger than 8 KiB.")
    resource.pop("metadata", None)
    if kept:
        resource["metadata"] = kept


def access(entries: list[Any], bucket: str, name: str | None) -> list[Resource]:
    """Entries of an access control list as the API shows them; they are kept and not applied."""
    kind = "storage#bucketAccessControl" if name is None else "storage#objectAccessControl"
    shown = []
    for entry in entries:
        if not isinstance(entry, dict) or not {"entity", "role"} <= entry.keys():
            raise InvalidError("An access control needs an entity and a role.")
        where = {"bucket": bucket} if name is None else {"bucket": bucket, "object": name}
        shown.append({"kind": kind, **where, "entity": str(entry["entity"]), "role": str(entry["role"])})
    return shown


def check_sums(staged: Staged, properties: Mapping[str, Any]) -> None:
    """Compare the content with the checksums that its sender named.

    Raises:
        InvalidError: they differ.
    """
    for name, found in (("md5Hash", staged.md5_hash), ("crc32c", staged.crc32c)):
        wanted = properties.get(name)
        if wanted and wanted != found:
            label = "MD5 hash" if name == "md5Hash" else "CRC32C"
            raise InvalidError(f'Provided {label} "{wanted}" doesn\'t match calculated {label} "{found}".')


def linked(resource: Mapping[str, Any], base_url: str) -> Resource:
    """An object's resource with its links, which lead to the server as the caller names it."""
    path = f"/storage/v1/b/{resource['bucket']}/o/{quote(resource['name'], safe='')}"
    media = f"{base_url}/download{path}?generation={resource['generation']}&alt=media"
    return {**resource, "selfLink": base_url + path, "mediaLink": media}
