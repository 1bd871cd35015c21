"""Where a request comes from, behind proxies."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from flask import Request

from shared.domain.people import Origin

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LONGEST_AGENT = 300  # characters of a User-Agent header that are kept
_IPV6_PREFIX = 64  # what one household or machine gets: to change the rest of the address costs nothing


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or (address if not isinstance(address, ipaddress.IPv6Address) or not address.scope_id else None)


def network_of(address: str) -> str:
    """What limits and counts are kept for: the address itself, of IPv6 its /64 network."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
    return address


class Origins:
    """Finds the client behind the proxies we trust.

    Each proxy appends the address it was called from to X-Forwarded-For. So the list is read from its end: what a
    trusted proxy reports is true, what stands left of the first address that is none of ours may be invented.
    Cloud Run's own front end always appends one. https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
    """

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, request: Request, request_id: str) -> Origin:
        """The client's address (None when not even the socket tells), its user agent, and the request's id."""
        agent = request.headers.get("User-Agent")
        printable = "".join(char if char.isprintable() else " " for char in agent[:_LONGEST_AGENT]) if agent else None
        forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
        return Origin(self._client(forwarded, request.remote_addr), printable, request_id)

    def _client(self, forwarded: str, peer: str | None) -> str | None:
        client = _parsed(peer) if peer else None
        for entry in reversed(forwarded.split(",")):
            address = _parsed(entry.strip())
            if address is None:
                break
            client = address
            if not any(address in network for network in self._trusted):
                break
        return None if client is None else str(client)
