"""An object as apps see and describe it.

Source: "Use file metadata with Cloud Storage" of the Firebase documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError

TOKENS: Final = "firebaseStorageDownloadTokens"
"""The custom metadata that holds the download tokens, separated by commas; apps see it under another name."""
_SHOWN: Final = (
    "name",
    "bucket",
    "generation",
    "metageneration",
    "contentType",
    "timeCreated",
    "updated",
    "storageClass",
    "size",
    "md5Hash",
    "crc32c",
    "etag",
    "cacheControl",
    "contentLanguage",
)
_SETTABLE: Final = ("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType")


def shown(resource: Mapping[str, Any]) -> Resource:
    """What an app is told."""
    found: Resource = {name: resource[name] for name in _SHOWN if name in resource}
    found["contentEncoding"] = resource.get("contentEncoding", "identity")
    found["contentDisposition"] = resource.get("contentDisposition", "inline")
    metadata = {name: value for name, value in resource.get("metadata", {}).items() if name != TOKENS}
    if metadata:
        found["metadata"] = metadata
    found["downloadTokens"] = ",".join(tokens(resource))
    return found


def settable(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an app may set of what it says; null removes a property, and others are passed over.

    Raises:
        InvalidError: the custom metadata is no map.
    """
    changes: dict[str, Any] = {name: body[name] for name in _SETTABLE if name in body}
    if "metadata" in body:
        custom = body["metadata"]
        if custom is not None and not isinstance(custom, dict):
            raise InvalidError("Custom metadata must be a map of strings.")
        changes["metadata"] = {name: value for name, value in (custom or {}).items() if name != TOKENS}
    return changes


def for_upload(body: Mapping[str, Any], name: str, content_type: str | None) -> dict[str, Any]:
    """The properties of a new object, which has a download token from the beginning."""
    properties = settable(body)
    properties["contentType"] = properties.get("contentType") or content_type or "application/octet-stream"
    if not properties.get("contentDisposition"):
        file_name = quote(name.rsplit("/", 1)[-1], safe="", errors="replace")
        properties["contentDisposition"] = f"inline; filename*=utf-8''{file_name}"
    properties["metadata"] = {**(properties.get("metadata") or {}), TOKENS: new_token()}
    return properties | {name: body[name] for name in ("md5Hash", "crc32c") if isinstance(body.get(name), str)}


def tokens(resource: Mapping[str, Any]) -> list[str]:
    """The download tokens: whoever knows one may read the object."""
    text = resource.get("metadata", {}).get(TOKENS, "")
    return [token for token in text.split(",") if token]


def with_tokens(wanted: list[str]) -> dict[str, Any]:
    """The change that sets the download tokens."""
    return {"metadata": {TOKENS: ",".join(wanted)}}


def new_token() -> str:
    """A download token, which nobody can guess."""
    return str(uuid4())
