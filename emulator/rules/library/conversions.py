"""The functions that make a value of one type from another.

Source: `rules.Integer`, `rules.Float`, `rules.Boolean`, `rules.String`, `rules.Path`.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table
from emulator.rules.values import Path, int64, type_error

_INTEGER: Final = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_FLOAT: Final = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,9})?", re.ASCII)
_SPECIAL: Final = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf}


def to_integer(value: Any) -> int:
    """`int(value)`: of a float cut towards zero."""
    if type(value) is int:
        return value
    if type(value) is float:
        if not math.isfinite(value):
            raise EvaluationError("Integer overflow.")
        return int64(int(value))
    if type(value) is str and _INTEGER.fullmatch(value):
        return int64(int(value))
    raise _unfit(value, "int", "int", "float", "string")


def to_float(value: Any) -> float:
    """`float(value)`."""
    if type(value) is int or type(value) is float:
        return float(value)
    if type(value) is str:
        if value.lower() in _SPECIAL:
            return _SPECIAL[value.lower()]
        if _FLOAT.fullmatch(value):
            return float(value)
    raise _unfit(value, "float", "int", "float", "string")


def to_bool(value: Any) -> bool:
    """`bool(value)`: of "true" and "false"."""
    if type(value) is bool:
        return value
    if type(value) is str and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _unfit(value, "bool", "bool", "string")


def to_string(value: Any) -> str:
    """`string(value)`: of null, bools, numbers, strings and paths."""
    if type(value) is str:
        return value
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return _float_text(value)
    if type(value) is Path:
        return str(value)
    raise type_error(value, "bool", "float", "int", "null", "path", "string")


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"


def to_path(value: Any) -> Path:
    """`path(value)`: of "a/b" or "/a/b"."""
    if type(value) is Path:
        return value
    if type(value) is str:
        return Path.parse(value)
    raise type_error(value, "path", "string")


def _unfit(value: Any, wanted: str, *expected: str) -> EvaluationError:
    if type(value) is str:
        return EvaluationError(f"Cannot convert the string to {wanted}.")
    return type_error(value, *expected)


CONVERSIONS: Final[Table] = {
    "int": (1, to_integer),
    "float": (1, to_float),
    "bool": (1, to_bool),
    "string": (1, to_string),
    "path": (1, to_path),
}
