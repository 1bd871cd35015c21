"""Which pages may call: any page as a user, as in production; only pages of this machine as an administrator.

Administrators need no credentials here: without this rule any page that a developer visits could act as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EXPOSED: Final = (
    "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, Content-Type, ETag, "
    "Location, Range, X-Firebase-Storage-Version, X-Goog-Generation, X-Goog-Hash, X-Goog-Metageneration, "
    "X-Goog-Stored-Content-Length, X-Goog-Upload-Chunk-Granularity, X-Goog-Upload-Control-URL, "
    "X-Goog-Upload-Size-Received, X-Goog-Upload-Status, X-Goog-Upload-URL, X-GUploader-UploadID"
)


def allowed(headers: Mapping[str, str], path: str) -> bool:
    """Whether the caller is no page, or one that may call."""
    origin = headers.get("Origin")
    if origin is None or is_local(origin):
        return True
    return path.startswith("/v0/") and not headers.get("Authorization", "").endswith(" owner")


def answer(headers: Mapping[str, str]) -> dict[str, str]:
    """What a page is told, on a preflight and on an answer; nothing unless it is a page that asks."""
    origin = headers.get("Origin")
    if origin is None:
        return {}
    told = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }
    if "Access-Control-Request-Method" in headers:
        told |= {
            "Access-Control-Allow-Methods": "DELETE, GET, HEAD, PATCH, POST, PUT",
            "Access-Control-Allow-Headers": headers.get("Access-Control-Request-Headers", ""),
            "Access-Control-Max-Age": "600",
            "Vary": "Origin, Access-Control-Request-Headers",
        }
    if "Access-Control-Request-Private-Network" in headers:
        told["Access-Control-Allow-Private-Network"] = "true"
    return told


def is_local(origin: str) -> bool:
    """Whether a page comes from this machine."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return host in _LOCAL or host.endswith(".localhost")
