"""Values of custom fields, held to the fields' definitions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError

from shared.domain.base import UtcDatetime
from shared.domain.custom_fields import CustomField, CustomFieldType
from shared.domain.errors import InvalidInputError

Values: TypeAlias = dict[str, bool | int | float | str | datetime | None]
LARGEST = 2**53 - 1
"""Of integers, up or down: what every reader of JSON can hold exactly (RFC 8259, section 6)."""
_TIME = TypeAdapter(UtcDatetime)


def checked(values: Values, current: Values, definitions: Mapping[str, CustomField]) -> Values:
    """The current values with the given ones in their place, as their types are kept; null takes one away.

    A value that is there already stays as it is, whatever became of its definition.

    Raises:
        InvalidInputError: a field does not exist, is retired, or the value is not of its type.
    """
    after = dict(current)
    wrong: dict[str, str] = {}
    for name, value in values.items():
        definition = definitions.get(name)
        if definition is None:
            wrong[f"custom_fields.{name}"] = "there is no such field"
        elif value is None:
            after.pop(name, None)
        else:
            try:
                after[name] = _kept(definition, value, current.get(name))
            except ValueError as error:
                wrong[f"custom_fields.{name}"] = str(error)
    if wrong:
        raise InvalidInputError("Some custom fields are not usable", wrong)
    return after


def _kept(definition: CustomField, value: Any, current: Any) -> Any:
    converted = _CONVERT[definition.type](value)
    if type(converted) is type(current) and converted == current:
        return current
    if definition.retired:
        raise ValueError("the field is retired and takes no new values")
    if definition.options and converted not in definition.options:
        raise ValueError(f"must be one of: {', '.join(definition.options)}")
    return converted


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004  # one sentence for one field, gathered by the caller
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise ValueError(f"must be an integer of at most {LARGEST}, up or down")
    return value


def _float(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or (isinstance(value, int) and abs(value) > LARGEST) or not math.isfinite(value):
        raise ValueError("must be a number")
    return float(value)


def _date(value: Any) -> datetime:
    try:
        # Only text: a bare number would be taken for seconds since 1970.
        if isinstance(value, str) and "T" in value.upper():
            return _TIME.validate_python(value)
        if isinstance(value, datetime):
            return _TIME.validate_python(value)
    except ValidationError:
        pass
    raise ValueError("must be a time with its offset, such as 2026-11-23T09:00:00Z")


_CONVERT = {
    CustomFieldType.STRING: _string,
    CustomFieldType.BOOLEAN: _boolean,
    CustomFieldType.INTEGER: _integer,
    CustomFieldType.FLOAT: _float,
    CustomFieldType.DATE: _date,
}
