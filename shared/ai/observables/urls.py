"""URLs and mail addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.ai.observables import hosts
from shared.ai.observables.found import Found
from shared.domain.observables import ObservableType

MAX_URL = 2_000
"""Characters; of a longer one the host is kept."""
_QUOTES = "\u201c-\u201e\u00ab\u00bb\u2039\u203a"
_SCHEMES = "(?:https?|ftps?|sftp|wss?)://"
# A comma is part of a URL, unless the next one begins behind it.
URL = re.compile(rf"(?<![A-Za-z0-9]){_SCHEMES}(?:[^\s<>\"`{{}}|\\^,;{_QUOTES}]++|[,;](?!{_SCHEMES}))++", re.IGNORECASE)
MAIL = re.compile(r"(?<![\w.+%&~'!#$*=/-])[\w.+%&~'!#$*=/-]++@[\w.-]++")
_END = ".,;:!?'*_\u2018\u2019\u2026"
_CLOSING = {")": "(", "]": "[", "}": "{"}
_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21", "ftps": "990", "sftp": "22", "ws": "80", "wss": "443"}
_AUTHORITY = re.compile(r"([^/?#]*)(.*)", re.DOTALL)
_MAX_LOCAL = 64  # RFC 5321, section 4.5.3.1.1


def written(text: str) -> str:
    """What of a run of characters is the URL: without the sentence's punctuation and a bracket that it is within."""
    excess = {close: text.count(close) - text.count(open_) for close, open_ in _CLOSING.items()}
    end = len(text)
    while end:
        last = text[end - 1]
        if last in _CLOSING and excess[last] > 0:
            excess[last] -= 1
        elif last not in _END:
            break
        end -= 1
    return text[:end]


def url(text: str) -> Iterator[Found]:
    """The URL in its canonical spelling, then its host; nothing when it has no host that could be one.

    As RFC 3986, section 6.2.2, and browsers have it: scheme and host in lower case, the host in punycode, no default
    port, "/" for an empty path. User name, query and fragment stay.
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    authority, tail = _AUTHORITY.fullmatch(rest).groups()  # type: ignore[union-attr]  # it matches every text
    user, at, place = authority.rpartition("@")
    name, port = _split_port(place)
    found = hosts.host(name)
    if found is None or (port and not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 65536)):
        return
    kind, canonical = found
    shown = f"[{canonical}]" if ":" in canonical else canonical
    kept_port = "" if not port or str(int(port)) == _DEFAULT_PORTS[scheme] else f":{int(port)}"
    tail = tail if tail.startswith("/") else f"/{tail}"
    whole = f"{scheme}://{user}{at}{shown}{kept_port}{tail}"
    if len(whole) <= MAX_URL:
        yield Found(ObservableType.URL, whole)
    if kind is not None:
        yield Found(kind, canonical)


def mail(text: str) -> Iterator[Found]:
    """The mail address with its host in the canonical spelling, then its domain; nothing when it has no real domain."""
    local, _, name = text.rpartition("@")
    local = local.lstrip("'=/.*&~").rstrip(".")
    canonical = hosts.domain(name.rstrip(".-_"))
    if canonical is None or not 0 < len(local) <= _MAX_LOCAL or ".." in local:
        return
    yield Found(ObservableType.MAIL, f"{local.lower()}@{canonical}")
    yield Found(ObservableType.DOMAIN, canonical)


def _split_port(place: str) -> tuple[str, str]:
    if place.startswith("["):
        name, bracket, port = place.partition("]")
        return name + bracket, port.removeprefix(":")
    name, _, port = place.partition(":")
    return name, port
