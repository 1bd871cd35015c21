"""The namespaces `math` and `hashing`. Source: `rules.math` and `rules.hashing`."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Callable
from typing import Any, Final

import google_crc32c

from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table, number, octets
from emulator.rules.values import int64


def _absolute(value: Any) -> int | float:
    found = number(value)
    return int64(abs(found)) if isinstance(found, int) else abs(found)


def _whole(convert: Callable[[float], int]) -> Callable[[Any], int]:
    def run(value: Any) -> int:
        found = number(value)
        if isinstance(found, int):
            return found
        if not math.isfinite(found):
            raise EvaluationError("Integer overflow.")
        return int64(convert(found))

    return run


def _round(value: float) -> int:
    """To the nearest, a half upwards, exactly also where adding a half would not be."""
    low = math.floor(value)
    return low + 1 if value - low >= 0.5 else low


def _power(base: Any, exponent: Any) -> float:
    one, two = float(number(base)), float(number(exponent))
    try:
        return math.pow(one, two)
    except OverflowError:
        return -math.inf if one < 0 and two % 2 == 1 else math.inf
    except ValueError:
        return math.inf if one == 0 else math.nan


def _root(value: Any) -> float:
    found = float(number(value))
    return math.sqrt(found) if found >= 0 else math.nan


MATH_FUNCTIONS: Final[Table] = {
    "abs": (1, _absolute),
    "ceil": (1, _whole(math.ceil)),
    "floor": (1, _whole(math.floor)),
    "isInfinite": (1, lambda value: math.isinf(number(value))),
    "isNaN": (1, lambda value: math.isnan(number(value))),
    "pow": (2, _power),
    "round": (1, _whole(_round)),
    "sqrt": (1, _root),
}


def _crc32(value: Any) -> bytes:
    return zlib.crc32(octets(value)).to_bytes(4, "big")


def _crc32c(value: Any) -> bytes:
    return int(google_crc32c.value(octets(value))).to_bytes(4, "big")


HASHING_FUNCTIONS: Final[Table] = {
    "crc32": (1, _crc32),
    "crc32c": (1, _crc32c),
    "md5": (1, lambda value: hashlib.md5(octets(value), usedforsecurity=False).digest()),
    "sha256": (1, lambda value: hashlib.sha256(octets(value)).digest()),
}
