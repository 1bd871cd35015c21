"""From a name and arguments to the method of a value or the function of a namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table
from emulator.rules.library.collections import (
    LIST_METHODS,
    MAP_DIFF_METHODS,
    MAP_METHODS,
    PATH_METHODS,
    SET_METHODS,
)
from emulator.rules.library.conversions import CONVERSIONS
from emulator.rules.library.moments import (
    DURATION_FUNCTIONS,
    DURATION_METHODS,
    LATLNG_FUNCTIONS,
    LATLNG_METHODS,
    TIMESTAMP_FUNCTIONS,
    TIMESTAMP_METHODS,
)
from emulator.rules.library.numbers import HASHING_FUNCTIONS, MATH_FUNCTIONS
from emulator.rules.library.strings import BYTES_METHODS, STRING_METHODS
from emulator.rules.values import (
    UNKNOWN,
    Duration,
    HasUnknown,
    LatLng,
    MapDiff,
    Path,
    RuleSet,
    Timestamp,
    Unknown,
    may_fail,
)

METHODS: Final[Mapping[type, Table]] = {
    str: STRING_METHODS,
    bytes: BYTES_METHODS,
    list: LIST_METHODS,
    dict: MAP_METHODS,
    RuleSet: SET_METHODS,
    MapDiff: MAP_DIFF_METHODS,
    Path: PATH_METHODS,
    Timestamp: TIMESTAMP_METHODS,
    Duration: DURATION_METHODS,
    LatLng: LATLNG_METHODS,
}
METHOD_NAMES: Final = frozenset(name for table in METHODS.values() for name in table)
PATTERN_METHODS: Final = frozenset({"matches", "replace", "split"})
_TAKES_UNKNOWN: Final = frozenset({"hasAny", "get"})

NAMESPACES: Final[Mapping[str, Table]] = {
    "math": MATH_FUNCTIONS,
    "hashing": HASHING_FUNCTIONS,
    "duration": DURATION_FUNCTIONS,
    "timestamp": TIMESTAMP_FUNCTIONS,
    "latlng": LATLNG_FUNCTIONS,
}
FUNCTIONS: Final[Table] = CONVERSIONS


def call_method(target: Any, name: str, arguments: list[Any]) -> Any:
    """`target.name(arguments)`. Raises EvaluationError."""
    if any(map(may_fail, arguments)):
        return UNKNOWN
    table = METHODS.get(type(target))
    if table is None or name not in table:
        if isinstance(target, Unknown):
            return target.call(name, arguments)
        raise EvaluationError("Null value error." if target is None else f"Function not found error: Name: [{name}].")
    count, function = table[name]
    if len(arguments) != count:
        raise EvaluationError(f"Function [{name}] called with {len(arguments)} arguments: expected {count}.")
    if arguments and name not in _TAKES_UNKNOWN and any(isinstance(item, Unknown) for item in arguments):
        return UNKNOWN
    try:
        return function(target, *arguments)
    except HasUnknown:
        return UNKNOWN


def call_function(function: Callable[..., Any], arguments: list[Any]) -> Any:
    """A function of a namespace. Raises EvaluationError."""
    for item in arguments:
        if isinstance(item, Unknown):
            return UNKNOWN
    return function(*arguments)
