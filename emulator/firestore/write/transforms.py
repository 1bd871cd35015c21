"""Field transforms: what the server computes from the stored value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from emulator.firestore.errors import invalid
from emulator.firestore.proto.v1 import DocumentTransform, Value
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import encode, encode_number
from emulator.firestore.values.fieldpath import Fields
from emulator.firestore.values.limits import check_field_name
from emulator.firestore.values.times import to_timestamp

_INT_MIN: Final = -(1 << 63)
_INT_MAX: Final = (1 << 63) - 1
_NULL: Final = Value(null_value=0)


def apply(fields: Fields, transform: DocumentTransform.FieldTransform, commit_time: int) -> Value:
    """Change one field in place.

    Returns:
        The transform's result for the client; null for the array transforms, as documented.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    path = fieldpath.parse(transform.field_path)
    for name in path:
        check_field_name(name)
    stored = fieldpath.get(fields, path)
    result = new = _compute(stored, transform, commit_time)
    if transform.WhichOneof("transform_type") in {"append_missing_elements", "remove_all_from_array"}:
        result = _NULL
    if stored is None or stored != new:
        fieldpath.put(fields, path, new)
    return result


def _compute(stored: Value | None, transform: DocumentTransform.FieldTransform, commit_time: int) -> Value:
    match transform.WhichOneof("transform_type"):
        case "set_to_server_value":
            return _server_value(transform, commit_time)
        case "increment":
            return _increment(stored, _operand(transform.increment))
        case "maximum":
            return _extreme(stored, _operand(transform.maximum), larger=True)
        case "minimum":
            return _extreme(stored, _operand(transform.minimum), larger=False)
        case "append_missing_elements":
            return _append(stored, transform.append_missing_elements.values)
        case "remove_all_from_array":
            return _remove(stored, transform.remove_all_from_array.values)
        case _:
            raise invalid(f'The transform of "{transform.field_path}" has no type.')


def _server_value(transform: DocumentTransform.FieldTransform, commit_time: int) -> Value:
    if transform.set_to_server_value != DocumentTransform.FieldTransform.REQUEST_TIME:
        raise invalid(f'Unknown server value for "{transform.field_path}".')
    # Documented: "with millisecond precision".
    return Value(timestamp_value=to_timestamp(commit_time - commit_time % 1000))


def _operand(value: Value) -> Value:
    if not _is_number(value):
        raise invalid("The operand of a numeric transform must be an integer or a double.")
    return value


def _is_number(value: Value | None) -> bool:
    return value is not None and value.WhichOneof("value_type") in {"integer_value", "double_value"}


def _number(value: Value) -> float:
    return value.integer_value if value.WhichOneof("value_type") == "integer_value" else value.double_value


def _increment(stored: Value | None, operand: Value) -> Value:
    if stored is None or not _is_number(stored):
        return operand
    total = _number(stored) + _number(operand)
    if isinstance(total, int):
        return Value(integer_value=min(max(total, _INT_MIN), _INT_MAX))
    return Value(double_value=total)


def _extreme(stored: Value | None, operand: Value, *, larger: bool) -> Value:
    """The larger or smaller of two numbers; NaN wins, equal numbers of different types leave the stored one."""
    if stored is None or not _is_number(stored):
        return operand
    for value in (stored, operand):
        if math.isnan(_number(value)):
            return Value(double_value=math.nan)
    old, new = encode_number(_number(stored)), encode_number(_number(operand))
    return operand if (new > old if larger else new < old) else stored


def _elements(stored: Value | None) -> Iterable[Value]:
    if stored is None or stored.WhichOneof("value_type") != "array_value":
        return ()
    return stored.array_value.values


def _append(stored: Value | None, added: Iterable[Value]) -> Value:
    result = Value()
    result.array_value.values.extend(_elements(stored))
    present = {encode(value) for value in result.array_value.values}
    for value in added:
        key = encode(value)
        if key not in present:
            present.add(key)
            result.array_value.values.append(value)
    return result


def _remove(stored: Value | None, removed: Iterable[Value]) -> Value:
    unwanted = {encode(value) for value in removed}
    result = Value()
    result.array_value.SetInParent()
    result.array_value.values.extend(value for value in _elements(stored) if encode(value) not in unwanted)
    return result
