"""Firestore's values as those of the rules language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from emulator.firestore.proto.v1 import Value
from emulator.firestore.values.encoding import is_vector
from emulator.firestore.values.fieldpath import Fields
from emulator.rules.values import LatLng, Path, Timestamp


def to_rules(value: Value) -> Any:
    """The value. A vector is the list of its numbers, a reference the path that `get()` takes."""
    kind = value.WhichOneof("value_type")
    return None if kind is None else _CONVERTERS[kind](value)


def to_rules_map(fields: Fields) -> dict[str, Any]:
    """The fields of a document or a map."""
    return {name: to_rules(fields[name]) for name in fields}


def path_of(name: str) -> Path:
    """The path of a full resource name: /databases/D/documents/…, as the rules write paths."""
    return Path.parse(name.partition("/databases/")[1] + name.partition("/databases/")[2])


def _map(value: Value) -> Any:
    if is_vector(value.map_value):
        return to_rules(value.map_value.fields["value"])
    return to_rules_map(value.map_value.fields)


_CONVERTERS: Final[Mapping[str, Callable[[Value], Any]]] = {
    "null_value": lambda _: None,
    "boolean_value": lambda value: value.boolean_value,
    "integer_value": lambda value: value.integer_value,
    "double_value": lambda value: value.double_value,
    "string_value": lambda value: value.string_value,
    "bytes_value": lambda value: value.bytes_value,
    "timestamp_value": lambda value: Timestamp.from_parts(value.timestamp_value.seconds, value.timestamp_value.nanos),
    "geo_point_value": lambda value: LatLng(value.geo_point_value.latitude, value.geo_point_value.longitude),
    "reference_value": lambda value: path_of(value.reference_value),
    "array_value": lambda value: [to_rules(item) for item in value.array_value.values],
    "map_value": _map,
}
