"""Typed access to a request's JSON, strict as protobuf's JSON mapping: null is absent, a wrong type is refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from emulator.auth.errors import AuthError

_INT64 = 2**63


class Body:
    """A JSON object of a request."""

    def __init__(self, fields: dict[str, Any], path: str = "") -> None:
        self._fields = fields
        self._path = path

    @classmethod
    def parse(cls, raw: bytes) -> Body:
        """The object in `raw`; an empty body is an empty object.

        Raises:
            AuthError: it is no JSON object.
        """
        try:
            value = json.loads(raw.decode("utf-8")) if raw.strip() else {}
            # An escaped lone surrogate fits no database; NaN and what Python reads as infinite are no JSON.
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise _invalid("Invalid JSON payload received. Parse error.") from error
        if not isinstance(value, dict):
            raise _invalid("Invalid JSON payload received. The root must be an object.")
        return cls(value)

    def text(self, name: str) -> str | None:
        """A string."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            self._mismatch(name, "TYPE_STRING")
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            self._mismatch(name, "TYPE_BOOL")
        return value

    def whole(self, name: str) -> int | None:
        """A 64-bit integer, as a number or as digits in a string."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, str) and len(value) < 21 and value.removeprefix("-").isdecimal():
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
            self._mismatch(name, "TYPE_INT64")
        return value

    def texts(self, name: str) -> list[str]:
        """A list of strings; empty when absent."""
        value = self._list(name)
        if not all(isinstance(item, str) for item in value):
            self._mismatch(name, "TYPE_STRING")
        return value

    def objects(self, name: str) -> list[Body]:
        """A list of objects; empty when absent."""
        value = self._list(name)
        if not all(isinstance(item, dict) for item in value):
            self._mismatch(name, "TYPE_MESSAGE")
        return [Body(item, f"{self._path}{name}[{index}].") for index, item in enumerate(value)]

    def object(self, name: str) -> Body | None:
        """An object."""
        value = self._fields.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._mismatch(name, "TYPE_MESSAGE")
        return Body(value, f"{self._path}{name}.")

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._fields.get(name) is not None

    def _list(self, name: str) -> list[Any]:
        value = self._fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._mismatch(name, "TYPE_LIST")
        return list(value)

    def _mismatch(self, name: str, wanted: str) -> NoReturn:
        # Production repeats the value here; it may be a password, so it is left out.
        raise _invalid(f"Invalid value at '{self._path}{name}' ({wanted})")


def _invalid(message: str) -> AuthError:
    return AuthError(message, status="INVALID_ARGUMENT")
