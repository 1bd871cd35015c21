"""Cross-origin rules: any page may act as a user, as in production; only local pages may act as administrator.

The administrator's credentials are no secret here: without this rule any page that a developer visits could use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_ALLOWED = "content-type, x-client-version, x-firebase-gmpid, x-firebase-client, x-firebase-appcheck, x-goog-api-key"


def headers(request_headers: Mapping[str, str], path: str) -> dict[str, str]:
    """The response headers for a request or preflight from a page; none when the page may not."""
    origin = request_headers.get("Origin")
    if origin is None:
        return {}
    local = is_local(origin)
    if path.startswith("/emulator/") and not local:
        return {"Vary": "Origin"}
    allowed = _ALLOWED
    if asked := request_headers.get("Access-Control-Request-Headers"):
        names = [name.strip().lower() for name in asked.split(",")]
        allowed = ", ".join(name for name in names if local or name != "authorization")
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
        "Access-Control-Allow-Headers": allowed,
        "Access-Control-Max-Age": "600",
        "Vary": "Origin, Access-Control-Request-Headers",
    }


def is_local(origin: str) -> bool:
    """Whether a page comes from this machine."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return host in _LOCAL or host.endswith(".localhost")
