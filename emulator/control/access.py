"""Who may use the control routes: programs of this machine, and pages that come from it.

There are no credentials here, so two things have to be kept out. A page from elsewhere that a developer visits can
make the browser send a POST (a "simple" request, which no preflight precedes): such a request names its origin, and is
refused. And a page can give its own name our address (DNS rebinding), after which the browser takes us for the page's
own server: but the requests name that host, and a host other than this machine's or a plain address is refused.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

_RESERVED: Final = (".localhost", ".internal", ".test")
_METHODS: Final = "GET, POST, PUT, PATCH, DELETE, OPTIONS"


def refusal(request: web.Request) -> str | None:
    """Why the request is refused; None when it is not."""
    if not _is_private(request.headers.get("Host", "")):
        return "This is for programs on this machine: the Host header must be localhost, an address or a local name."
    origin = request.headers.get("Origin")
    if origin is not None and not is_local(origin):
        return "This is for pages of this machine: the Origin is another."
    return None


def headers(request: web.Request) -> dict[str, str]:
    """What lets a page of this machine read the answer."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers", "content-type"),
        "Vary": "Origin, Access-Control-Request-Headers",
    }


def is_local(origin: str) -> bool:
    """Whether a page's origin is this machine."""
    try:
        return _is_loopback(urlsplit(origin).hostname or "")
    except ValueError:
        return False


def _is_private(host: str) -> bool:
    """Whether a Host header is a name that nobody can own on the internet: see RFC 6761 and ICANN's `.internal`.

    A name without a dot is one of a local network, such as a container's.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if "." not in name and ":" not in name:
            return bool(name)
        return name.endswith(_RESERVED) or bool(ip_address(name))
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    try:
        return _is_localhost(name) or ip_address(name).is_loopback
    except ValueError:
        return False


def _is_localhost(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")
