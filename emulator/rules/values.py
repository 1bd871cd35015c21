"""The values of the rules language.

| rules | Python |
|---|---|
| null, bool, int, float, string, bytes | None, bool, int (64 bit, signed), float, str, bytes |
| list, map | list, dict with text keys (exactly these types, at every depth) |
| timestamp, duration, latlng, path, set, map_diff | the classes below |
| what a query leaves open | `UNKNOWN`, or another `Unknown` that knows something |

Source: the reference of the interfaces `rules.*` (Firebase, "Security Rules API reference").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.rules.errors import EvaluationError

NANOS: Final = 1_000_000_000
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unknown:
    """A value that cannot be known; subclasses know some of its properties. Every answer may be `UNKNOWN` itself.

    `certain`: there is a value. `UNKNOWN` may also stand for an error, as of a field that a document does not have:
    what is made with it, a list or a call, is unknown as a whole.
    """

    __slots__ = ()
    certain = False

    def equals(self, other: Any) -> Any:
        """Whether it equals a known value: True, False or UNKNOWN."""
        return UNKNOWN

    def compare(self, operator: str, other: Any) -> Any:
        """Whether `self operator other` holds ("<", "<=", ">", ">="): True, False or UNKNOWN."""
        return UNKNOWN

    def contains(self, item: Any) -> Any:
        """Whether `item in self` holds: True, False or UNKNOWN."""
        return UNKNOWN

    def is_kind(self, kind: str) -> Any:
        """Whether `self is kind` holds: True, False or UNKNOWN."""
        return UNKNOWN

    def member(self, name: str) -> Any:
        """`self.name`."""
        return UNKNOWN

    def call(self, method: str, arguments: list[Any]) -> Any:
        """`self.method(arguments)`."""
        return UNKNOWN

    def __repr__(self) -> str:
        return "unknown"


class _Certain(Unknown):
    """A value that is there, but nothing is known of."""

    __slots__ = ()
    certain = True


UNKNOWN: Final = Unknown()
UNKNOWN_VALUE: Final = _Certain()


def may_fail(value: Any) -> bool:
    """Whether the value may turn out to be an error."""
    return isinstance(value, Unknown) and not value.certain


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """An instant, in nanoseconds since 1970-01-01T00:00:00Z."""

    nanos: int

    @classmethod
    def from_datetime(cls, moment: datetime) -> Timestamp:
        """From an aware datetime."""
        return cls((moment - _EPOCH) // timedelta(microseconds=1) * 1000)

    @classmethod
    def from_parts(cls, seconds: int, nanos: int) -> Timestamp:
        """From the fields of google.protobuf.Timestamp."""
        return cls(seconds * NANOS + nanos)

    def datetime(self) -> datetime:
        """As datetime in UTC, cut to microseconds. Raises EvaluationError outside of the years 1 to 9999."""
        try:
            return _EPOCH + timedelta(microseconds=self.nanos // 1000)
        except OverflowError:
            raise EvaluationError("Timestamp out of range.") from None


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A span of time in nanoseconds; may be negative."""

    nanos: int


@dataclass(frozen=True, slots=True)
class LatLng:
    """A point on the globe, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Binding:
    """A segment of a path that waits for `bind()`: `$(name)`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A path: `/databases/d/documents/users/a` has the segments ("databases", "d", "documents", "users", "a")."""

    segments: tuple[str | Binding, ...]
    bindings: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, text: str) -> Path:
        """From "/a/b" or "a/b"."""
        return cls(tuple(part for part in text.split("/") if part))

    def known(self) -> tuple[str, ...]:
        """The segments, all text. Raises EvaluationError if one is not bound."""
        for segment in self.segments:
            if isinstance(segment, Binding):
                raise EvaluationError(f"Path has an unbound variable: [{segment.name}].")
        return self.segments  # type: ignore[return-value]  # checked above

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and self.segments == other.segments

    def __hash__(self) -> int:
        return hash(self.segments)

    def __str__(self) -> str:
        return "".join(f"/$({part.name})" if isinstance(part, Binding) else f"/{part}" for part in self.segments)


class RuleSet:
    """A set of the language: unordered, without two equal items; known throughout."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Any]) -> None:
        """Of the items, the first of equal ones stays. Raises HasUnknown."""
        found: dict[Any, Any] = {}
        for item in items:
            found.setdefault(key_of(item), item)
        self.items = found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleSet) and self.items.keys() == other.items.keys()

    def __hash__(self) -> int:
        return hash(frozenset(self.items))


@dataclass(frozen=True, slots=True)
class MapDiff:
    """What `map.diff(other)` found: the keys of each sort."""

    added: frozenset[str]
    removed: frozenset[str]
    changed: frozenset[str]
    unchanged: frozenset[str]


class HasUnknown(Exception):  # noqa: N818  # a signal, not an error
    """A value holds an unknown one somewhere."""


_TAGGED: Final = {bool: "b", type(None): "n"}


def key_of(value: Any) -> Any:
    """A hashable that is equal for equal values of the language (1 and 1.0) and different for others (1 and true).

    NaN equals nothing. Raises HasUnknown.
    """
    kind = type(value)
    if kind is str or kind is int:
        return value
    if kind in _TAGGED:
        return (_TAGGED[kind], value)
    if kind is list:
        return ("l", tuple(key_of(item) for item in value))
    if kind is dict:
        return ("m", frozenset((name, key_of(item)) for name, item in value.items()))
    if kind is float and value != value:  # noqa: PLR0124  # NaN
        return object()
    if isinstance(value, Unknown):
        raise HasUnknown
    return value


_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    Timestamp: "timestamp",
    Duration: "duration",
    LatLng: "latlng",
    Path: "path",
    RuleSet: "set",
    MapDiff: "map_diff",
}


def kind_of(value: Any) -> str:
    """The name of a value's type, as `is` has it; "null" and "unknown" too."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Unknown):
        return "unknown"
    raise TypeError(f"{type(value).__name__} is not a value of the rules language")


def type_error(value: Any, *expected: str) -> EvaluationError:
    """The error of production for a value of a wrong type."""
    if value is None:
        return EvaluationError("Null value error.")
    return EvaluationError(f"Type error. Received: [{kind_of(value)}] Expected: [{','.join(expected)}].")


def int64(value: int) -> int:
    """The value, if it fits into 64 bits. Raises EvaluationError."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise EvaluationError("Integer overflow.")


def from_plain(value: Any) -> Any:
    """A value of the language from plain Python (decoded JSON, claims of a token): mappings and sequences of any class.

    Raises TypeError for what has no counterpart.
    """
    if isinstance(value, datetime):
        return Timestamp.from_datetime(value)
    if isinstance(value, Mapping):
        return {str(name): from_plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [from_plain(item) for item in value]
    kind_of(value)
    return value
