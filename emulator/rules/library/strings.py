"""Methods of strings and bytes. Source: `rules.String` and `rules.Bytes`."""

from __future__ import annotations

import base64
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

import re2

from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table, bounded, text

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_capture = True  # groups are never asked for, and thousands of them would take gigabytes


class BadPatternError(ValueError):
    """A text that is no regular expression of RE2; its text says why."""


@lru_cache(maxsize=64)
def compile_pattern(pattern: str) -> Any:
    """The pattern, compiled by RE2: in linear time whatever it is. Raises BadPatternError."""
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise BadPatternError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise BadPatternError("not valid Unicode") from None


def _pattern(value: Any) -> Any:
    try:
        return compile_pattern(text(value))
    except BadPatternError as error:
        raise EvaluationError(f"Invalid regular expression pattern. Pattern: {value}: {error}.") from None


def _octets(value: str) -> bytes:
    """The text as RE2 reads it. Raises EvaluationError for half a surrogate pair, which JSON may hold."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise EvaluationError("The string is not valid Unicode.") from None


def _matches(value: str, pattern: Any) -> bool:
    regex = _pattern(pattern)
    _octets(value)
    return regex.fullmatch(value) is not None


def _replace(value: str, pattern: Any, replacement: Any) -> str:
    regex = _pattern(pattern)
    _octets(value)
    literal = text(replacement).replace("\\", "\\\\")
    bounded((len(value) + 1) * (len(_octets(literal)) + 1))
    return str(regex.sub(literal, value))


def _split(value: str, pattern: Any) -> list[str]:
    """An empty match splits between characters, not before the first or after the last."""
    regex = _pattern(pattern)
    _octets(value)
    parts: list[str] = []
    begin = 0
    for found in regex.finditer(value):
        if found.start() == found.end() and found.start() in (0, len(value)):
            continue
        parts.append(value[begin : found.start()])
        begin = found.end()
    return [*parts, value[begin:]]


def units(value: str) -> int:
    """How many code units of UTF-16: what sizes, indexes and ranges of strings count, as the official emulator does."""
    return len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2


def cut_units(value: str, low: int, high: int) -> str:
    """The code units from low up to high."""
    if value.isascii():
        return value[low:high]
    return value.encode("utf-16-le", "surrogatepass")[2 * low : 2 * high].decode("utf-16-le", "surrogatepass")


_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_UPPER: Final = str.maketrans(ascii_lowercase, ascii_uppercase)

STRING_METHODS: Final[Table] = {
    "lower": (0, lambda value: value.translate(_LOWER)),  # of ASCII only, as the official emulator
    "upper": (0, lambda value: value.translate(_UPPER)),
    "trim": (0, str.strip),
    "size": (0, units),
    "matches": (1, _matches),
    "replace": (2, _replace),
    "split": (1, _split),
    "toUtf8": (0, _octets),
}

BYTES_METHODS: Final[Table] = {
    "size": (0, len),
    "toBase64": (0, lambda value: base64.b64encode(value).decode()),
    "toHexString": (0, bytes.hex),
}
