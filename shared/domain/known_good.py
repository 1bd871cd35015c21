"""Values that are known to be harmless: those that come with the platform, and those an organisation adds.

An observable that is known good is kept and marked, and not counted as a sighting. What covers what:

- a `domain` entry covers the domain and everything below it;
- an `ip` entry covers one address, or every address of a network (10.0.0.0/8);
- every other entry covers the very same value. A domain entry does not cover URLs on the domain, nor its mail
  addresses: a phishing page on a well-known host, or mail from a taken-over account of one's own, is no harmless trace.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Protocol
from urllib.parse import urlsplit

from pydantic import Field

from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.observables import Observable, ObservableType, ObservableValue

MAX_ENTRIES = 1_000
"""Entries of an organisation's own list: each instance holds all of them."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Note = Annotated[Line, Field(max_length=300)]


class KnownGoodEntry(Model):
    """The document `known_good/{id}`. Its id is made of what it covers, so that the same is never there twice."""

    id: str
    type: ObservableType
    value: ObservableValue
    note: Note = ""
    created_by: str
    created_at: UtcDatetime


class KnownGoodAddition(Model):
    """A value to add. An `ip` may be a network in CIDR notation; defanged spellings are understood."""

    type: ObservableType
    value: ObservableValue = Field(examples=["intranet.example.org"])
    note: Note = Field(default="", description="Why it is harmless", examples=["our own intranet"])


class KnownGoodPage(Model):
    """One page of an organisation's own entries; `next_cursor` is null at the end."""

    items: list[KnownGoodEntry]
    next_cursor: str | None = None


class KnownGood(Protocol):
    """Says what is harmless."""

    def covers(self, kind: ObservableType, value: str) -> bool:
        """Whether the value, in its canonical spelling, is known good."""
        ...


def entry_id(kind: ObservableType, value: str) -> str:
    """The id of the entry for a value."""
    return hashlib.sha256(f"{kind}\0{value}".encode(errors="replace")).hexdigest()[:24]


def network_of(value: str) -> Network | None:
    """The network that an address or a network in CIDR notation stands for; None for anything else."""
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


# RFC 2606 and RFC 6761: names that nobody can have.
_RESERVED_DOMAINS = ("example", "example.com", "example.net", "example.org", "test", "invalid", "localhost", "local")
# Resolvers that everybody asks: Cloudflare, Google, Quad9.
_RESOLVERS = (
    *("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112"),
    *("2606:4700:4700::1111", "2606:4700:4700::1001", "2001:4860:4860::8888", "2001:4860:4860::8844"),
    *("2620:fe::fe", "2620:fe::9"),
)
# The sites themselves, with and without www; not what is below them, where anybody may publish (sites.google.com).
_COMMON_SITES = (
    *("apple.com", "adobe.com", "amazon.com", "bing.com", "cloudflare.com", "facebook.com", "github.com", "google.com"),
    *("instagram.com", "linkedin.com", "microsoft.com", "mozilla.org", "office.com", "outlook.com", "paypal.com"),
    *("python.org", "debian.org", "ubuntu.com", "wikipedia.org", "windows.com", "youtube.com", "zoom.us", "w3.org"),
    *("virustotal.com", "mitre.org", "nist.gov", "cisa.gov", "bund.de", "europa.eu"),
)
# MD5, SHA-1, SHA-256 and SHA-512 of no bytes at all: FIPS 180-4 and RFC 1321.
_EMPTY_FILE = tuple(hashlib.new(name, b"", usedforsecurity=False).hexdigest() for name in ("md5", "sha1", "sha256"))
_EMPTY_SHA512 = hashlib.sha512(b"").hexdigest()
_DEFAULTS = {
    *((ObservableType.IP, value) for value in _RESOLVERS),
    *((ObservableType.DOMAIN, prefix + value) for value in _COMMON_SITES for prefix in ("", "www.")),
    *((ObservableType.HASH, value) for value in (*_EMPTY_FILE, _EMPTY_SHA512)),
}


class PackagedKnownGood:
    """What comes with the platform; `hosts` in URLs and mail addresses count only where nobody can have them."""

    def covers(self, kind: ObservableType, value: str) -> bool:
        """As the protocol says. Addresses that are not global by IANA's registries (private, loopback,
        documentation, link-local, reserved) are nobody's in particular: `ipaddress` knows them.
        """
        if (kind, value) in _DEFAULTS:
            return True
        match kind:
            case ObservableType.IP | ObservableType.DOMAIN:
                return _is_reserved(value)
            case ObservableType.URL:
                return _is_reserved(_host_of(value))
            case ObservableType.MAIL:
                return _is_reserved(value.rpartition("@")[2])
            case _:
                return False


class OwnKnownGood:
    """An organisation's entries on top of the packaged ones."""

    def __init__(self, entries: Iterable[KnownGoodEntry]) -> None:
        self._packaged = PackagedKnownGood()
        self._exact = {(entry.type, entry.value) for entry in entries if entry.type is not ObservableType.IP}
        networks = (network_of(entry.value) for entry in entries if entry.type is ObservableType.IP)
        # By version and length of the prefix: a look-up asks once for each length, however many networks there are.
        self._networks = {
            (network.version, network.prefixlen, int(network.network_address)) for network in networks if network
        }
        self._lengths = {(version, length) for version, length, _ in self._networks}

    def covers(self, kind: ObservableType, value: str) -> bool:
        """As the protocol says."""
        if (kind, value) in self._exact or self._packaged.covers(kind, value):
            return True
        if kind is ObservableType.DOMAIN:
            labels = value.split(".")
            return any((kind, ".".join(labels[start:])) in self._exact for start in range(1, len(labels)))
        return kind is ObservableType.IP and self._in_a_network(value)

    def _in_a_network(self, value: str) -> bool:
        address = _address(value)
        if address is None:
            return False
        number = int(address)
        for version, length in self._lengths:
            host_bits = address.max_prefixlen - length
            if version == address.version and (version, length, number >> host_bits << host_bits) in self._networks:
                return True
        return False


@cache
def packaged() -> KnownGood:
    """What comes with the platform."""
    return PackagedKnownGood()


def marked(observables: Iterable[Observable], known_good: KnownGood) -> list[Observable]:
    """The observables as the lists are now: a value may have become known good since it was found, or be so no more."""
    return [
        one
        if one.known_good is (now := known_good.covers(one.type, one.value))
        else one.model_copy(update={"known_good": now})
        for one in observables
    ]


def _is_reserved(host: str) -> bool:
    address = _address(host)
    if address is not None:
        return not address.is_global or address.is_multicast
    return any(host == name or host.endswith(f".{name}") for name in _RESERVED_DOMAINS)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
