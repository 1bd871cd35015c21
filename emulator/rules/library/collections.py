"""Methods of lists, sets, maps, differences of maps, and paths.

Source: `rules.List`, `rules.Set`, `rules.Map`, `rules.MapDiff`, `rules.Path`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.rules.equality import contains_all, contains_any, same
from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table, bounded, items, items_or_set, mapping, rule_set, text
from emulator.rules.library.conversions import to_string
from emulator.rules.values import UNKNOWN, Binding, HasUnknown, MapDiff, Path, RuleSet, Unknown, key_of, type_error


def _has_all(value: list[Any] | RuleSet, other: Any) -> Any:
    return contains_all(value, items_or_set(other))


def _has_any(value: list[Any] | RuleSet, other: Any) -> Any:
    if isinstance(other, Unknown):
        return other.call("hasAny", [value])  # the same asked the other way round
    return contains_any(value, items_or_set(other))


def _has_only(value: list[Any] | RuleSet, other: Any) -> Any:
    """Whether all elements are in the other. Source: the examples of `rules.List#hasOnly`."""
    return contains_all(items_or_set(other), value)


def _join(value: list[Any], separator: Any) -> Any:
    if any(isinstance(item, Unknown) for item in value):
        return UNKNOWN
    parts = [to_string(item) for item in value]
    bounded(sum(map(len, parts)) + len(text(separator)) * len(parts))
    return text(separator).join(parts)


def _concat(value: list[Any], other: Any) -> list[Any]:
    bounded(len(value) + len(items(other)))
    return [*value, *other]


def _remove_all(value: list[Any], other: Any) -> list[Any]:
    unwanted = {key_of(item) for item in items(other)}
    return [item for item in value if key_of(item) not in unwanted]


LIST_METHODS: Final[Table] = {
    "concat": (1, _concat),
    "hasAll": (1, _has_all),
    "hasAny": (1, _has_any),
    "hasOnly": (1, _has_only),
    "join": (1, _join),
    "removeAll": (1, _remove_all),
    "size": (0, len),
    "toSet": (0, RuleSet),
}


def _difference(value: RuleSet, other: Any) -> RuleSet:
    unwanted = rule_set(other).items
    return RuleSet(item for key, item in value.items.items() if key not in unwanted)


def _intersection(value: RuleSet, other: Any) -> RuleSet:
    wanted = rule_set(other).items
    return RuleSet(item for key, item in value.items.items() if key in wanted)


def _union(value: RuleSet, other: Any) -> RuleSet:
    return RuleSet([*value.items.values(), *rule_set(other).items.values()])


SET_METHODS: Final[Table] = {
    "difference": (1, _difference),
    "hasAll": (1, _has_all),
    "hasAny": (1, _has_any),
    "hasOnly": (1, _has_only),
    "intersection": (1, _intersection),
    "size": (0, lambda value: len(value.items)),
    "union": (1, _union),
}


def _get(value: dict[str, Any], key: Any, default: Any) -> Any:
    """By a key, or by a list of keys that leads through nested maps."""
    if isinstance(key, Unknown):
        return UNKNOWN
    found: Any = value
    for name in [key] if type(key) is str else items(key):
        if isinstance(found, Unknown) or isinstance(name, Unknown):
            return UNKNOWN
        if type(found) is not dict or text(name) not in found:
            return default
        found = found[name]
    return found


def _diff(value: dict[str, Any], other: Any) -> MapDiff:
    """What distinguishes this map from the other: "added" is what only this one has."""
    others = mapping(other)
    changed = set()
    for name in value.keys() & others.keys():
        answer = same(value[name], others[name])
        if answer is UNKNOWN:
            raise HasUnknown
        if not answer:
            changed.add(name)
    common = value.keys() & others.keys()
    return MapDiff(
        frozenset(value.keys() - common),
        frozenset(others.keys() - common),
        frozenset(changed),
        frozenset(common - changed),
    )


MAP_METHODS: Final[Table] = {
    "diff": (1, _diff),
    "get": (2, _get),
    "keys": (0, list),
    "size": (0, len),
    "values": (0, lambda value: list(value.values())),
}

MAP_DIFF_METHODS: Final[Table] = {
    "addedKeys": (0, lambda value: RuleSet(sorted(value.added))),
    "affectedKeys": (0, lambda value: RuleSet(sorted(value.added | value.removed | value.changed))),
    "changedKeys": (0, lambda value: RuleSet(sorted(value.changed))),
    "removedKeys": (0, lambda value: RuleSet(sorted(value.removed))),
    "unchangedKeys": (0, lambda value: RuleSet(sorted(value.unchanged))),
}


def _bind(value: Path, bindings: Any) -> Path:
    known: Mapping[str, Any] = mapping(bindings)
    segments: list[str | Binding] = []
    for segment in value.segments:
        if isinstance(segment, Binding) and segment.name in known:
            segments += path_segments(known[segment.name])
        else:
            segments.append(segment)
    return Path(tuple(segments), {**(value.bindings or {}), **known})


def path_segments(value: Any) -> tuple[str | Binding, ...]:
    """What a value adds to a path: a string or a number one segment, a path its own. Raises EvaluationError."""
    if type(value) is str:
        if not value:
            raise EvaluationError("A segment of a path is empty.")
        return (value,)
    if type(value) is Path:
        return value.segments
    if type(value) is int:
        return (str(value),)
    if isinstance(value, Unknown):
        raise HasUnknown
    raise type_error(value, "string", "path")


PATH_METHODS: Final[Table] = {"bind": (1, _bind)}
