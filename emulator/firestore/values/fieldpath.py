"""Field paths: dotted simple names or names quoted in backticks."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import TypeAlias

from emulator.firestore.errors import invalid
from emulator.firestore.proto.v1 import Value

FieldPath: TypeAlias = tuple[str, ...]
Fields: TypeAlias = MutableMapping[str, Value]
NAME: FieldPath = ("__name__",)

_SIMPLE = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_SEGMENT = re.compile(r"([a-zA-Z_][a-zA-Z_0-9]*)|`((?:[^`\\]|\\.)*)`", re.DOTALL)


@lru_cache(maxsize=4096)
def parse(text: str) -> FieldPath:
    r"""The names in a path such as ``a.`b-c`.d``.

    Raises:
        FirestoreError: INVALID_ARGUMENT.
    """
    names: list[str] = []
    position = 0
    while True:
        match = _SEGMENT.match(text, position)
        if match is None:
            raise invalid(
                f'Invalid property path "{text}". Unquoted property names must match regex '
                "([a-zA-Z_][a-zA-Z_0-9]*), and quoted property names must match regex "
                "(`(?:[^`\\\\]|(?:\\\\.))+`)."
            )
        name = match[1] if match[1] is not None else re.sub(r"\\(.)", r"\1", match[2], flags=re.DOTALL)
        if not name:
            raise invalid(f'Invalid property path "{text}": a name is empty.')
        names.append(name)
        position = match.end()
        if position == len(text):
            return tuple(names)
        if text[position] != ".":
            raise invalid(f'Invalid property path "{text}".')
        position += 1


def render(path: FieldPath) -> str:
    """The canonical text of a path: quoted only where it must be."""
    return ".".join(name if _SIMPLE.fullmatch(name) else _quoted(name) for name in path)


def _quoted(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def get(fields: Fields, path: FieldPath) -> Value | None:
    """The value at the path; None when there is none."""
    for name in path[:-1]:
        # Reading a missing key of a protobuf map would create it.
        if name not in fields:
            return None
        value = fields[name]
        if value.WhichOneof("value_type") != "map_value":
            return None
        fields = value.map_value.fields
    return fields.get(path[-1])


def put(fields: Fields, path: FieldPath, value: Value) -> None:
    """Set the value at the path; what is in the way and is no map becomes one."""
    for name in path[:-1]:
        fields = fields[name].map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: Fields, path: FieldPath) -> None:
    """Delete the value at the path, if there is one."""
    for name in path[:-1]:
        if name not in fields or fields[name].WhichOneof("value_type") != "map_value":
            return
        fields = fields[name].map_value.fields
    fields.pop(path[-1], None)
