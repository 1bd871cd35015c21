"""Order-preserving bytes: comparing two encoded values as bytes compares the values as Firestore orders them.

Null, booleans, NaN, numbers, timestamps, strings (UTF-8), bytes, references, geographical points, arrays, vectors,
maps: the order documented at firebase.google.com/docs/firestore/manage-data/data-types. Integers and doubles share one
exact number line. Equal encodings mean equal values, so filters, cursors, sorting and index keys all work on bytes.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from typing import Final

from emulator.firestore.proto.v1 import ArrayValue, MapValue, Value

# The first byte of an encoded value; the lower half of it is free for the type to use.
NULL: Final = b"\x10"
FALSE, TRUE = b"\x20", b"\x21"
NUMBER: Final = b"\x30"
TIMESTAMP: Final = b"\x40"
STRING: Final = b"\x50"
BYTES: Final = b"\x60"
REFERENCE: Final = b"\x70"
GEO_POINT: Final = b"\x80"
ARRAY: Final = b"\x90"
VECTOR: Final = b"\xa0"
MAP: Final = b"\xb0"

VECTOR_TYPE: Final = "__vector__"
NULL_KEY: Final = NULL
NAN_KEY: Final = NUMBER + bytes(10)
_END = b"\x01"  # lower than every type, so that a shorter array or map comes first
_TERMINATOR = b"\x00\x01"
_NUMERIC_ID = re.compile(r"__id(0|-?[1-9]\d{0,18})__")
_SIGN = 1 << 63
_pack_double = struct.Struct(">d").pack
_unpack_bits = struct.Struct(">Q").unpack
_pack_bits = struct.Struct(">Q").pack


def encode(value: Value) -> bytes:
    """The order-preserving bytes of a value."""
    kind = value.WhichOneof("value_type")
    return NULL_KEY if kind is None else _ENCODERS[kind](value)


def type_bounds(key: bytes) -> tuple[bytes, bytes]:
    """The half-open interval of the keys that have the type of `key`: comparisons never leave it."""
    kind = key[0] & 0xF0
    return bytes([kind]), bytes([kind + 0x10])


def encode_id(identifier: str) -> bytes:
    """A document or collection id by itself: numeric ids (`__id7__`) first and in the order of their numbers."""
    number = _NUMERIC_ID.fullmatch(identifier)
    if number is not None:
        return b"\x01" + _pack_bits((int(number[1]) + _SIGN) & 0xFFFFFFFFFFFFFFFF)
    return b"\x02" + identifier.encode()


def encode_path(path: str) -> bytes:
    """A path, segment by segment; a document sorts before what is below it."""
    return b"".join(map(encode_segment, path.split("/"))) + b"\x00"


def encode_segment(identifier: str) -> bytes:
    """A segment of a path: as `encode_id`, but what follows it cannot be taken for a part of it."""
    key = encode_id(identifier)
    return key if key[0] == 1 else b"\x02" + _terminated(key[1:])


def first_id(encoded: bytes) -> bytes:
    """What `encode_id` gives for the segment that an encoded path begins with."""
    if encoded[0] == 1:
        return encoded[:9]
    return encoded[: encoded.index(_TERMINATOR)].replace(b"\x00\xff", b"\x00")


def encode_number(number: float) -> bytes:
    """An int64 or a double, without its type byte: the double at or below it, then the distance to it."""
    if isinstance(number, int):
        nearest = float(number)
        if int(nearest) > number:
            nearest = math.nextafter(nearest, -math.inf)
        return _double(nearest) + (number - int(nearest)).to_bytes(2, "big")
    if math.isnan(number):
        return bytes(10)
    return _double(number) + b"\x00\x00"


def _double(number: float) -> bytes:
    (bits,) = _unpack_bits(_pack_double(number + 0.0))  # adding zero makes -0.0 equal to 0.0
    return _pack_bits(bits ^ 0xFFFFFFFFFFFFFFFF if bits & _SIGN else bits | _SIGN)


def _terminated(raw: bytes) -> bytes:
    return raw.replace(b"\x00", b"\x00\xff") + _TERMINATOR


def _boolean(value: Value) -> bytes:
    return TRUE if value.boolean_value else FALSE


def _integer(value: Value) -> bytes:
    return NUMBER + encode_number(value.integer_value)


def _floating(value: Value) -> bytes:
    return NUMBER + encode_number(value.double_value)


def _timestamp(value: Value) -> bytes:
    stamp = value.timestamp_value
    return TIMESTAMP + _pack_bits(stamp.seconds + _SIGN) + stamp.nanos.to_bytes(4, "big")


def _string(value: Value) -> bytes:
    return STRING + _terminated(value.string_value.encode())


def _bytes(value: Value) -> bytes:
    return BYTES + _terminated(value.bytes_value)


def _reference(value: Value) -> bytes:
    return encode_reference(value.reference_value)


def encode_reference(name: str) -> bytes:
    """The key of a reference to the document of that full name."""
    return REFERENCE + encode_path(name)


def _geo_point(value: Value) -> bytes:
    point = value.geo_point_value
    return GEO_POINT + _double(point.latitude) + _double(point.longitude)


def _array(value: Value) -> bytes:
    return ARRAY + _elements(value.array_value)


def _elements(array: ArrayValue) -> bytes:
    return b"".join(map(encode, array.values)) + _END


def is_vector(value: MapValue) -> bool:
    """Whether a map is how the protocol writes a vector."""
    fields = value.fields
    return "__type__" in fields and fields["__type__"].string_value == VECTOR_TYPE and "value" in fields


def _map(value: Value) -> bytes:
    fields = value.map_value.fields
    if is_vector(value.map_value):
        array = fields["value"].array_value
        return VECTOR + len(array.values).to_bytes(4, "big") + _elements(array)
    # Code points and UTF-8 bytes have the same order, so the names need not be encoded to be sorted.
    pairs = (STRING + _terminated(name.encode()) + encode(fields[name]) for name in sorted(fields))
    return MAP + b"".join(pairs) + _END


_ENCODERS: dict[str, Callable[[Value], bytes]] = {
    "null_value": lambda _: NULL_KEY,
    "boolean_value": _boolean,
    "integer_value": _integer,
    "double_value": _floating,
    "timestamp_value": _timestamp,
    "string_value": _string,
    "bytes_value": _bytes,
    "reference_value": _reference,
    "geo_point_value": _geo_point,
    "array_value": _array,
    "map_value": _map,
}
