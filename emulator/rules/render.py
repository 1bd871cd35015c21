"""Values as people read them, short; never the claims of a token as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.rules.values import (
    Duration,
    LatLng,
    MapDiff,
    Path,
    RuleSet,
    Timestamp,
)

_LENGTH: Final = 120
_ITEMS: Final = 5
_DEPTH: Final = 3


def show(value: Any, *, token: object = None) -> str:
    """The value in the notation of the language where it has one, cut; the map that is the token only by its name."""
    return _show(value, token, 0)


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def _show(value: Any, token: object, depth: int) -> str:
    if token is not None and value is token:
        return "<token>"
    if type(value) is list:
        return _cut(f"[{_items(value, token, depth)}]")
    if type(value) is dict:
        return _cut(f"{{{_entries(value, token, depth)}}}")
    if type(value) is RuleSet:
        return _cut(f"[{_items(list(value.items.values()), token, depth)}].toSet()")
    form = _FORMS.get(type(value))
    return form(value) if form is not None else str(value)


def _items(items: list[Any], token: object, depth: int) -> str:
    if depth >= _DEPTH:
        return "…"
    shown = [_show(item, token, depth + 1) for item in items[:_ITEMS]]
    return ", ".join(shown + (["…"] if len(items) > _ITEMS else []))


def _entries(entries: dict[str, Any], token: object, depth: int) -> str:
    if depth >= _DEPTH:
        return "…"
    shown = [f"{name}: {_show(entries[name], token, depth + 1)}" for name in list(entries)[:_ITEMS]]
    return ", ".join(shown + (["…"] if len(entries) > _ITEMS else []))


def _moment(value: Timestamp) -> str:
    seconds, nanos = divmod(value.nanos, 1_000_000_000)
    return f"timestamp({seconds}.{nanos:09d})"


def _text(value: str) -> str:
    return repr(value if len(value) <= _LENGTH else value[: _LENGTH - 1] + "…")


_FORMS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _value: "null",
    bool: lambda value: "true" if value else "false",
    str: _text,
    bytes: lambda value: _cut(repr(value[:_LENGTH])),
    Timestamp: _moment,
    Duration: lambda value: f"duration({value.nanos / 1_000_000_000:g}s)",
    LatLng: lambda value: f"latlng({value.latitude}, {value.longitude})",
    Path: lambda value: _cut(str(value)),
    MapDiff: lambda value: f"map_diff(affected {len(value.added | value.removed | value.changed)})",
}
