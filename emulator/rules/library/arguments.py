"""Checks of arguments: each gives the value back or raises EvaluationError."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.values import Duration, LatLng, RuleSet, Timestamp, type_error

Table = Mapping[str, tuple[int, Callable[..., Any]]]
"""Functions by name: how many arguments each takes, without the target, and the function."""

_SIZE_LIMIT: Final = 16 * 1024 * 1024  # ours: keeps rules that double a value again and again from filling the memory


def bounded(size: int) -> None:
    """Raise EvaluationError if a value of the size would be too large."""
    if size > _SIZE_LIMIT:
        raise EvaluationError("The value is too large.")


def text(value: Any) -> str:
    """A string."""
    if type(value) is str:
        return value
    raise type_error(value, "string")


def integer(value: Any) -> int:
    """An int."""
    if type(value) is int:
        return value
    raise type_error(value, "int")


def number(value: Any) -> int | float:
    """An int or a float."""
    if type(value) is int or type(value) is float:
        return value
    raise type_error(value, "int", "float")


def items(value: Any) -> list[Any]:
    """A list."""
    if type(value) is list:
        return value
    raise type_error(value, "list")


def items_or_set(value: Any) -> list[Any] | RuleSet:
    """A list or a set."""
    if type(value) is list or type(value) is RuleSet:
        return value
    raise type_error(value, "list", "set")


def rule_set(value: Any) -> RuleSet:
    """A set."""
    if type(value) is RuleSet:
        return value
    raise type_error(value, "set")


def mapping(value: Any) -> dict[str, Any]:
    """A map."""
    if type(value) is dict:
        return value
    raise type_error(value, "map")


def latlng(value: Any) -> LatLng:
    """A latlng."""
    if type(value) is LatLng:
        return value
    raise type_error(value, "latlng")


def duration(value: Any) -> Duration:
    """A duration."""
    if type(value) is Duration:
        return value
    raise type_error(value, "duration")


def timestamp(value: Any) -> Timestamp:
    """A timestamp."""
    if type(value) is Timestamp:
        return value
    raise type_error(value, "timestamp")


def octets(value: Any) -> bytes:
    """Bytes, or the UTF-8 of a string."""
    if type(value) is bytes:
        return value
    if type(value) is str:
        return value.encode("utf-8", "replace")
    raise type_error(value, "bytes", "string")
