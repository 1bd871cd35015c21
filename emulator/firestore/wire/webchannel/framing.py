"""What goes over a WebChannel's wire: version 8 of the protocol, as the Closure Library's `WireV8` and
`WebChannelBase` speak it.

A client's messages ("maps") come in the body of a form: `count=1&ofs=5&req0___data__=…` is map 5. The server's messages
("arrays") go out in chunks: the length of a chunk in UTF-16 units, a line feed, and a JSON array of `[id, array]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

_DATA: Final = re.compile(r"req([0-9]{1,9})___data__")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_MAX_FIELDS: Final = 2048  # a client sends at most 1,000 maps at once


class WireError(Exception):
    """The client does not speak the protocol."""


class Posted(NamedTuple):
    """The body of a POST: the headers that it carries, and its messages by number, in order."""

    headers: dict[str, str]
    maps: list[tuple[int, str]]


def parse(body: str) -> Posted:
    """Read the body of a POST.

    Raises:
        WireError: it is none of the protocol.
    """
    try:
        fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise WireError("too many fields") from None
    offset = number(fields.get("ofs", "0"))
    maps = sorted((offset + int(found[1]), text) for name, text in fields.items() if (found := _DATA.fullmatch(name)))
    if len(maps) != number(fields.get("count", "0")):
        raise WireError("the number of messages is not their count")
    return Posted(parse_headers(fields.get("headers", "")), maps)


def parse_headers(text: str) -> dict[str, str]:
    """Headers by lower-case name, from lines such as `Authorization:Bearer x`."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def number(text: str) -> int:
    """A number of the protocol.

    Raises:
        WireError: it is none.
    """
    if not _NUMBER.fullmatch(text):
        raise WireError("a number is malformed")
    return int(text)


def chunk(arrays: Iterable[tuple[int, str]]) -> bytes:
    """A chunk of arrays, each a number and JSON without any character beyond ASCII.

    A length counts UTF-16 units; in ASCII it counts bytes as well, and no chunk can be cut within a character.
    """
    text = "[" + ",".join(f"[{number},{array}]" for number, array in arrays) + "]"
    return sized(text)


def sized(text: str) -> bytes:
    """ASCII text with its length before it."""
    return f"{len(text)}\n{text}".encode("ascii")
