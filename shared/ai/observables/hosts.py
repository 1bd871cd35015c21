"""Names and addresses of hosts in their canonical spelling."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import TYPE_CHECKING

from shared.domain.observables import ObservableType

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_MAX_NAME = 253  # RFC 1035, section 2.3.4, without the root's dot
_NUMBER = re.compile(r"0x[0-9a-f]{0,8}|[0-9]{1,11}")
_GROUPS = 8


@cache
def _suffixes() -> PublicSuffixList:
    # 40 ms, so it is loaded when the first dotted word comes. The ICANN section only: what is below a provider's name
    # (github.io) is a domain, and so is that name.
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415

    return PublicSuffixList(accept_unknown=False, only_icann=True)


def ascii_name(name: str) -> str | None:
    """The name in lower case and punycode (UTS 46, as browsers do it), without a last dot; None when it is none."""
    name = name.removesuffix(".")
    if not 0 < len(name) <= _MAX_NAME:
        return None
    lower = name.lower()
    if not lower.isascii():
        import idna  # noqa: PLC0415  # its tables take a while to load, and most names are ASCII

        try:
            lower = idna.encode(lower, uts46=True, transitional=False).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    labels = lower.split(".")
    return lower if len(lower) <= _MAX_NAME and all(_LABEL.fullmatch(label) for label in labels) else None


def registrable(name: str) -> str | None:
    """The part of a canonical name that somebody registered, such as example.co.uk; None without a public suffix."""
    found = _suffixes().privatesuffix(name)
    return found if isinstance(found, str) and "_" not in found else None


def domain(name: str) -> str | None:
    """The canonical spelling of a name below a public suffix; None for any other."""
    ascii_form = ascii_name(name)
    return ascii_form if ascii_form is not None and registrable(ascii_form) is not None else None


def suffix_of(name: str) -> str:
    """The public suffix of a canonical name that has one."""
    return _suffixes().publicsuffix(name) or ""


def ip(text: str) -> str | None:
    """The canonical spelling of an address: IPv6 compressed, without zone, an IPv4 one in IPv6 as what it is."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def written_address(text: str) -> bool:
    """Whether a run of digits and colons that is a valid IPv6 address was meant as one: A::B is C++, 8 pairs are a
    hardware address, and ::1 is what people write.
    """
    groups = text.partition("%")[0].split(":")
    if not any(char.isdigit() for char in text):
        return False
    if "::" not in text:
        return not (len(groups) == _GROUPS and all(len(group) == 2 for group in groups))  # a byte
    return text.startswith("::") or len(groups[0]) > 2  # 2001, fe80, fd00 …; 1::2 is no host's


def host(text: str) -> tuple[ObservableType | None, str] | None:
    """The host of a URL: its canonical spelling and what it is; no type for an internal name, None for no host.

    Addresses in the spellings that browsers take (0x7f.1, 2130706433) are addresses (WHATWG URL, section 3.5).
    """
    if text.startswith("["):
        address = ip(text)
        return None if address is None else (ObservableType.IP, address)
    name = ascii_name(text)
    if name is None:
        return None
    last = name.rpartition(".")[2]
    if _NUMBER.fullmatch(last):
        address = _browser_address(name)
        return None if address is None else (ObservableType.IP, address)
    return (ObservableType.DOMAIN if registrable(name) is not None else None), name


def _browser_address(name: str) -> str | None:
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):  # bytes of an address
        return None
    numbers = [_number(part) for part in parts]
    if None in numbers:
        return None
    *heads, tail = (number for number in numbers if number is not None)
    if any(head > 255 for head in heads) or tail >= 256 ** (4 - len(heads)):  # a byte
        return None
    high = sum(head << 8 * (3 - place) for place, head in enumerate(heads))
    return str(ipaddress.IPv4Address(high + tail))


def _number(text: str) -> int | None:
    try:
        if text.startswith("0x"):
            return int(text[2:] or "0", 16)
        return int(text, 8) if text.startswith("0") else int(text)
    except ValueError:
        return None


def is_public_suffix(name: str) -> bool:
    """Whether everybody may register below the canonical name."""
    return _suffixes().is_public(name)
