"""Equality and membership. Source: "Operators" of the reference of each type; values of different types are not equal.

An int equals a float of the same value, but not inside lists and maps, whereas sets and differences of maps go by value
at any depth: so the official emulator (1.22) does. With unknown parts the answer may be UNKNOWN: two lists are unequal
as soon as one pair of items is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from emulator.rules.values import UNKNOWN, HasUnknown, Path, RuleSet, Unknown, key_of

_PLAIN: Final = frozenset({str, int, bool, float, bytes, type(None), Path})


def equal(left: Any, right: Any) -> Any:
    """`left == right`: True, False or UNKNOWN."""
    one, other = type(left), type(right)
    if one is other:
        compare = _DEEP.get(one)
        if compare is None:
            return left == right if one in _PLAIN else _unknown_or_plain(left, right)
        return compare(left, right)
    if (one is int and other is float) or (one is float and other is int):
        return left == right
    return _unknown_or_plain(left, right)


def _unknown_or_plain(left: Any, right: Any) -> Any:
    if isinstance(left, Unknown):
        return UNKNOWN if isinstance(right, Unknown) else left.equals(right)
    if isinstance(right, Unknown):
        return right.equals(left)
    return type(left) is type(right) and left == right


def _within(left: Any, right: Any) -> Any:
    """Equality of items: an int and a float are different."""
    if {type(left), type(right)} == {int, float}:
        return False
    return equal(left, right)


def _lists(left: list[Any], right: list[Any]) -> Any:
    if len(left) != len(right):
        return False
    return _all(_within(one, other) for one, other in zip(left, right, strict=True))


def _maps(left: dict[str, Any], right: dict[str, Any]) -> Any:
    if left.keys() != right.keys():
        return False
    return _all(_within(value, right[name]) for name, value in left.items())


def same(left: Any, right: Any) -> Any:
    """Equality by value at any depth: True, False or UNKNOWN."""
    try:
        return key_of(left) == key_of(right)
    except HasUnknown:
        return UNKNOWN


_DEEP: Final[dict[type, Callable[[Any, Any], Any]]] = {list: _lists, dict: _maps}


def _all(answers: Iterable[Any]) -> Any:
    result: Any = True
    for answer in answers:
        if answer is False:
            return False
        if answer is UNKNOWN:
            result = UNKNOWN
    return result


def contains(items: Iterable[Any], wanted: Any) -> Any:
    """Whether one of the items equals the wanted value: True, False or UNKNOWN."""
    result: Any = False
    for item in items:
        answer = equal(item, wanted)
        if answer is True:
            return True
        if answer is UNKNOWN:
            result = UNKNOWN
    return result


def contains_all(items: list[Any] | RuleSet, wanted: list[Any] | RuleSet) -> Any:
    """Whether the items contain every wanted value: True, False or UNKNOWN."""
    try:
        keys = _keys(items)
        return all(key in keys for key in _keys(wanted))
    except HasUnknown:
        members = _members(items)
        return _all(contains(members, value) for value in _members(wanted))


def contains_any(items: list[Any] | RuleSet, wanted: list[Any] | RuleSet) -> Any:
    """Whether the items contain one of the wanted values: True, False or UNKNOWN."""
    try:
        keys = _keys(items)
        return any(key in keys for key in _keys(wanted))
    except HasUnknown:
        members = _members(items)
        answers = [contains(members, value) for value in _members(wanted)]
        return True if True in answers else UNKNOWN if UNKNOWN in answers else False


def _keys(items: list[Any] | RuleSet) -> Any:
    return items.items.keys() if isinstance(items, RuleSet) else {key_of(item) for item in items}


def _members(items: list[Any] | RuleSet) -> list[Any]:
    return list(items.items.values()) if isinstance(items, RuleSet) else items
