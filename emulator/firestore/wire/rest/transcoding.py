"""Requests and responses in JSON, as https://protobuf.dev/programming-guides/json/ and google/api/http.proto say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from emulator.firestore.errors import FirestoreError, invalid

# What every Google API takes besides its own fields: https://cloud.google.com/apis/docs/system-parameters.
_SYSTEM: Final = frozenset(
    {"access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "uploadType"}
    | {"upload_protocol", "xgafv"}
)
_BOOLEANS: Final = {"true": True, "false": False}
_JSON_IN_TEXT: Final = frozenset(  # messages that JSON writes as one string or number
    {"google.protobuf.Timestamp", "google.protobuf.Int32Value", "google.protobuf.Int64Value"}
)


def load(text: str | bytes) -> Any:
    """JSON from outside.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _malformed(error) from None


def decode(value: Any, message: Message) -> Message:
    """The message with what the JSON value says in it.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    if not isinstance(value, dict):
        raise invalid("Invalid JSON payload received. Root element must be a message.")
    try:
        return json_format.ParseDict(value, message)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _malformed(error) from None


def encode(message: Message, *, numbers: bool = False, ascii_only: bool = False) -> str:
    """The message in JSON; `numbers` writes enums as numbers."""
    value = json_format.MessageToDict(message, use_integers_for_enums=numbers)
    return json.dumps(_with_nulls(value) if numbers else value, ensure_ascii=ascii_only, separators=(",", ":"))


def _with_nulls(value: Any) -> Any:
    """google.protobuf.NullValue is null in JSON, and no number as other enums; protobuf's own writer forgets that."""
    if isinstance(value, list):
        return [_with_nulls(one) for one in value]
    if isinstance(value, dict):
        return {name: None if name == "nullValue" and one == 0 else _with_nulls(one) for name, one in value.items()}
    return value


def bind(message: type[Message], parameters: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The JSON value of what query parameters say, such as `mask.fieldPaths=a`.

    Raises:
        FirestoreError: INVALID_ARGUMENT: one of them is no field, or not of its type.
    """
    bound: dict[str, Any] = {}
    for name, text in parameters:
        if name.removeprefix("$").removeprefix(".") not in _SYSTEM:
            _put(bound, message.DESCRIPTOR, name, text)
    return bound


def put(value: dict[str, Any], path: str, text: str) -> None:
    """Set the field of a dotted path."""
    *outer, last = path.split(".")
    for part in outer:
        value = value.setdefault(part, {})
    value[last] = text


def _put(bound: dict[str, Any], descriptor: Any, name: str, text: str) -> None:
    *outer, last = name.split(".")
    for part in outer:
        field = _field(descriptor, part)
        if field is None or field.message_type is None or field.is_repeated:
            raise _unknown(name)
        bound = bound.setdefault(field.json_name, {})
        descriptor = field.message_type
    field = _field(descriptor, last)
    if field is None or (field.message_type is not None and field.message_type.full_name not in _JSON_IN_TEXT):
        raise _unknown(name)
    value: Any = text
    if field.type == FieldDescriptor.TYPE_BOOL:
        value = _BOOLEANS.get(text)
        if value is None:
            raise invalid(f"Invalid value at '{name}' (TYPE_BOOL), \"{text}\"")
    if field.is_repeated:
        bound.setdefault(field.json_name, []).append(value)
    else:
        bound[field.json_name] = value


def _field(descriptor: Any, name: str) -> FieldDescriptor | None:
    by_name: Mapping[str, FieldDescriptor] = descriptor.fields_by_name
    by_json_name: Mapping[str, FieldDescriptor] = descriptor.fields_by_camelcase_name
    return by_name.get(name) or by_json_name.get(name)


def _unknown(name: str) -> FirestoreError:
    return invalid(
        f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
        f"Field '{name}' could not be found in request message."
    )


def _malformed(error: Exception) -> FirestoreError:
    return invalid(f"Invalid JSON payload received. {error}")
