"""Which pages may call: any page as a user, as in production; only pages of this machine as an administrator.

An administrator's credentials are no secret here: without this rule any page that a developer visits could use them.
The headers are those of the Fetch standard, https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from emulator.firestore.errors import Code, FirestoreError

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_UNREGISTERED: Final = frozenset({"internal", "local", "localhost", "test"})
_EXPOSED: Final = "X-HTTP-Session-Id"


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Whether a page that is not of this machine calls, or may call.

    A page whose name was made to lead to this machine needs no `Origin` to read, but its name is in `Host`. Names that
    nobody can register are no danger: addresses, names without a dot, and those of RFC 6761 and its like.
    """
    origin = headers.get("Origin")
    if origin is not None and not _is_local(origin):
        return True
    host = _host(f"//{headers.get('Host', '')}")
    return "." in host and not host.replace(".", "").isdigit() and host.rpartition(".")[2] not in _UNREGISTERED


def check_credentials(headers: Mapping[str, str], authorization: str) -> None:
    """Refuse an administrator's credentials from a page that is not of this machine.

    Raises:
        FirestoreError: PERMISSION_DENIED.
    """
    if is_foreign(headers) and authorization.rpartition(" ")[2] == "owner":
        raise FirestoreError(Code.PERMISSION_DENIED, "Only pages of this machine may act as an administrator.")


def answer(headers: Mapping[str, str], path: str) -> dict[str, str]:
    """What a page is told, on a preflight and on an answer; nothing unless it is a page that asks and may."""
    origin = headers.get("Origin")
    if origin is None:
        return {}
    if path.startswith("/emulator/") and not _is_local(origin):
        return {"Vary": "Origin"}
    told = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",  # WebChannel's client asks for cookies, of which there are none
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }
    if "Access-Control-Request-Method" in headers:
        told |= {
            "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
            "Access-Control-Allow-Headers": headers.get("Access-Control-Request-Headers", ""),
            "Access-Control-Max-Age": "600",
            "Vary": "Origin, Access-Control-Request-Headers",
        }
    if "Access-Control-Request-Private-Network" in headers:
        told["Access-Control-Allow-Private-Network"] = "true"
    return told


def _is_local(origin: str) -> bool:
    host = _host(origin)
    return host in _LOCAL or host.endswith(".localhost")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
