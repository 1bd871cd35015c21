"""Arithmetic, comparisons, membership, types and access to parts. Source: the operators in the reference of each type.

Every function raises EvaluationError for operands of wrong types, and gives UNKNOWN where an operand is unknown.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, Final

from emulator.rules.equality import contains
from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import bounded
from emulator.rules.library.strings import cut_units, units
from emulator.rules.values import (
    UNKNOWN,
    Duration,
    Path,
    RuleSet,
    Timestamp,
    Unknown,
    int64,
    kind_of,
    may_fail,
    type_error,
)

Operation = Callable[[Any, Any], Any]
_ORDERED: Final = frozenset({str, Timestamp, Duration, bytes})
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _is_number(value: Any) -> bool:
    return type(value) is int or type(value) is float


def _unknown(left: Any, right: Any) -> bool:
    return isinstance(left, Unknown) or isinstance(right, Unknown)


def _mismatch(sign: str, left: Any, right: Any) -> EvaluationError:
    if left is None or right is None:
        return EvaluationError("Null value error.")
    return EvaluationError(f"Unsupported operation error. Received: {kind_of(left)} {sign} {kind_of(right)}.")


def _comparison(sign: str, compare: Callable[[Any, Any], bool]) -> Operation:
    def run(left: Any, right: Any) -> Any:
        one, other = type(left), type(right)
        if (one is other and one in _ORDERED) or (_is_number(left) and _is_number(right)):
            return compare(left, right)
        if isinstance(left, Unknown):
            return UNKNOWN if isinstance(right, Unknown) else left.compare(sign, right)
        if isinstance(right, Unknown):
            return right.compare(_FLIPPED[sign], left)
        raise _mismatch(sign, left, right)

    return run


def _arithmetic(sign: str, on_ints: Operation, on_floats: Operation, others: Operation) -> Operation:
    def run(left: Any, right: Any) -> Any:
        if type(left) is int and type(right) is int:
            return int64(on_ints(left, right))
        if _is_number(left) and _is_number(right):
            return on_floats(float(left), float(right))
        if _unknown(left, right):
            return UNKNOWN
        result = others(left, right)
        if result is NotImplemented:
            raise _mismatch(sign, left, right)
        return result

    return run


def _none(left: Any, right: Any) -> Any:  # noqa: ARG001, RUF100  # the form of an operation
    return NotImplemented


def _add_others(left: Any, right: Any) -> Any:
    if type(left) is type(right) and type(left) in (str, bytes):
        bounded(len(left) + len(right))
        return left + right
    if type(left) is Duration and type(right) is Duration:
        return Duration(left.nanos + right.nanos)
    if {type(left), type(right)} == {Timestamp, Duration}:
        return Timestamp(left.nanos + right.nanos)
    return NotImplemented


def _subtract_others(left: Any, right: Any) -> Any:
    if type(left) is Timestamp and type(right) is Timestamp:
        return Duration(left.nanos - right.nanos)
    if type(left) in (Timestamp, Duration) and type(right) is Duration:
        return type(left)(left.nanos - right.nanos)
    return NotImplemented


def _divide_ints(left: int, right: int) -> int:
    """Towards zero, unlike Python's."""
    if right == 0:
        raise EvaluationError("Division by zero.")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo_ints(left: int, right: int) -> int:
    return left - right * _divide_ints(left, right)


def _divide_floats(left: float, right: float) -> float:
    """As IEEE 754 says, where Python raises."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _modulo_floats(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def member_of(item: Any, container: Any) -> Any:
    """`item in container`: a list, a set, or the keys of a map."""
    kind = type(container)
    if may_fail(item):
        return UNKNOWN
    if kind is dict:
        return UNKNOWN if isinstance(item, Unknown) else type(item) is str and item in container
    if kind is list:
        return contains(container, item)
    if kind is RuleSet:
        return contains(container.items.values(), item)
    if isinstance(container, Unknown):
        return UNKNOWN if isinstance(item, Unknown) else container.contains(item)
    raise type_error(container, "list", "map", "set")


BINARY: Final[dict[str, Operation]] = {
    "<": _comparison("<", operator.lt),
    "<=": _comparison("<=", operator.le),
    ">": _comparison(">", operator.gt),
    ">=": _comparison(">=", operator.ge),
    "+": _arithmetic("+", operator.add, operator.add, _add_others),
    "-": _arithmetic("-", operator.sub, operator.sub, _subtract_others),
    "*": _arithmetic("*", operator.mul, operator.mul, _none),
    "/": _arithmetic("/", _divide_ints, _divide_floats, _none),
    "%": _arithmetic("%", _modulo_ints, _modulo_floats, _none),
    "in": member_of,
}


def negate(value: Any) -> Any:
    """`-value`."""
    if type(value) is int:
        return int64(-value)
    if type(value) is float:
        return -value
    if type(value) is Duration:
        return Duration(-value.nanos)
    if isinstance(value, Unknown):
        return UNKNOWN
    raise type_error(value, "int", "float", "duration")


def is_kind(value: Any, kind: str) -> Any:
    """`value is kind`."""
    if isinstance(value, Unknown):
        return value.is_kind(kind)
    if kind == "number":
        return _is_number(value)
    return kind_of(value) == kind


def member(target: Any, name: str) -> Any:
    """`target.name`: a key of a map, or a binding of a path."""
    if type(target) is dict:
        if name in target:
            return target[name]
        raise EvaluationError(f"Property {name} is undefined on object.")
    if isinstance(target, Unknown):
        return target.member(name)
    if type(target) is Path:
        return _binding(target, name)
    raise type_error(target, "map", "path")


def _binding(path: Path, name: str) -> Any:
    if path.bindings is None or name not in path.bindings:
        raise EvaluationError(f"Property {name} is undefined on object.")
    return path.bindings[name]


def index(target: Any, key: Any) -> Any:
    """`target[key]`: by text of maps and paths, by number of lists, strings and paths."""
    if isinstance(target, Unknown):
        return target.member(key) if type(key) is str else UNKNOWN
    if isinstance(key, Unknown):
        return UNKNOWN
    if type(target) is dict or (type(target) is Path and type(key) is str):
        if type(key) is not str:
            raise type_error(key, "string")
        return member(target, key)
    return _at(target, key)


def _at(target: Any, key: Any) -> Any:
    if type(target) not in (list, str, Path):
        raise type_error(target, "list", "map", "path", "string")
    if type(key) is not int:
        raise type_error(key, "int")
    items = target.known() if type(target) is Path else target
    size = units(items) if type(items) is str else len(items)
    if not 0 <= key < size:
        raise EvaluationError(f"Index {key} is out of bounds: size {size}.")
    return cut_units(items, key, key + 1) if type(items) is str else items[key]


def cut(target: Any, low: Any, high: Any) -> Any:
    """`target[low:high]` of a list or a string; the bounds lie within it."""
    if isinstance(target, Unknown) or _unknown(low, high):
        return UNKNOWN
    if type(target) not in (list, str):
        raise type_error(target, "list", "string")
    for bound in (low, high):
        if type(bound) is not int:
            raise type_error(bound, "int")
    size = units(target) if type(target) is str else len(target)
    if not 0 <= low <= high <= size:
        raise EvaluationError(f"Range {low}:{high} is out of bounds: size {size}.")
    return cut_units(target, low, high) if type(target) is str else target[low:high]
