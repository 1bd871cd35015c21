"""What a document may hold, and how large it is (firebase.google.com/docs/firestore/storage-size)."""

from __future__ import annotations

import re
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.names import DocumentKey
from emulator.firestore.proto.v1 import Value
from emulator.firestore.values.encoding import is_vector
from emulator.firestore.values.fieldpath import Fields

MAX_DOCUMENT_BYTES: Final = 1_048_576
MAX_DEPTH: Final = 20
MAX_FIELD_NAME_BYTES: Final = 1500
MAX_TRANSFORMS: Final = 500
MAX_VECTOR_DIMENSIONS: Final = 2048
_RESERVED = re.compile(r"__.*__", re.DOTALL)


def document_size(path: str, fields: Fields) -> int:
    """The billed size in bytes."""
    return name_size(path) + fields_size(fields) + 32


def name_size(path: str) -> int:
    """The billed size of a document's name in bytes."""
    return sum(len(segment.encode()) + 1 for segment in path.split("/")) + 16


def fields_size(fields: Fields) -> int:
    """The billed size of a map's content in bytes."""
    return sum(len(name.encode()) + 1 + value_size(fields[name]) for name in fields)


def value_size(value: Value) -> int:  # noqa: PLR0911  # one size for each type
    """The billed size of a value in bytes."""
    match value.WhichOneof("value_type"):
        case "string_value":
            return len(value.string_value.encode()) + 1
        case "bytes_value":
            return len(value.bytes_value)
        case "integer_value" | "double_value" | "timestamp_value":
            return 8
        case "geo_point_value":
            return 16
        case "reference_value":
            return name_size(value.reference_value.partition("/documents/")[2] or value.reference_value)
        case "array_value":
            return sum(map(value_size, value.array_value.values))
        case "map_value":
            return fields_size(value.map_value.fields)
        case _:
            return 1


def check_size(key: DocumentKey, fields: Fields) -> None:
    """Refuse a document that is too large.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    size = document_size(key.path, fields)
    if size > MAX_DOCUMENT_BYTES:
        raise invalid(
            f"Document '{key.name}' cannot be written because its size ({size:,} bytes) exceeds the maximum "
            f"allowed size of {MAX_DOCUMENT_BYTES:,} bytes."
        )


def normalise(fields: Fields, depth: int = 1) -> None:
    """Check what was received for a document, and cut its timestamps to microseconds as the service stores them.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    for name in fields:
        check_field_name(name)
        _normalise_value(fields[name], depth, name)


def check_field_name(name: str) -> None:
    """Refuse a field name that is empty, reserved or too long.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if not name:
        raise invalid("Document contains an empty field name.")
    if name.startswith("__") and _RESERVED.fullmatch(name):
        raise invalid(f'Field name "{name}" is reserved.')
    if len(name) > MAX_FIELD_NAME_BYTES // 4 and len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise invalid(f"Field name is longer than {MAX_FIELD_NAME_BYTES} bytes.")


def _normalise_value(value: Value, depth: int, name: str) -> None:
    match value.WhichOneof("value_type"):
        case "timestamp_value":
            value.timestamp_value.nanos -= value.timestamp_value.nanos % 1000
        case "map_value":
            _check_depth(depth, name)
            if is_vector(value.map_value):
                _check_vector(value)
            else:
                normalise(value.map_value.fields, depth + 1)
        case "array_value":
            _check_depth(depth, name)
            for element in value.array_value.values:
                if element.WhichOneof("value_type") == "array_value":
                    raise invalid("Cannot convert an array value in an array value.")
                _normalise_value(element, depth + 1, name)
        case "geo_point_value":
            _check_point(value)
        case "null_value" | None:
            value.null_value = 0


def _check_depth(depth: int, name: str) -> None:
    if depth > MAX_DEPTH:
        raise invalid(f"Property {name} contains an invalid nested entity.")


def _check_point(value: Value) -> None:
    point = value.geo_point_value
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
        raise invalid("Latitude must be in the range [-90.0, 90.0] and longitude in [-180.0, 180.0].")


def _check_vector(value: Value) -> None:
    elements = value.map_value.fields["value"].array_value.values
    if not 0 < len(elements) <= MAX_VECTOR_DIMENSIONS:
        raise invalid(f"A vector must have between 1 and {MAX_VECTOR_DIMENSIONS} dimensions.")
    for element in elements:
        if element.WhichOneof("value_type") not in {"double_value", "integer_value"}:
            raise invalid("A vector may hold numbers only.")
