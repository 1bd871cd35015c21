"""What a query proves of the documents it returns: "rules are not filters".

The constraints of one conjunction become a tree over the fields; each field is known (`==`), partly known (ranges,
exclusions, elements of an array) or not at all. Every answer holds for each document that satisfies the constraints;
as in production, the number NaN is left out of consideration in ranges.

Source: "Rules are not filters" of "Securely query data", Cloud Firestore.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import isnan
from typing import Any, Final

from emulator.rules.equality import contains, equal
from emulator.rules.requests import Constraint, Query
from emulator.rules.values import INT_MAX, INT_MIN, UNKNOWN, Unknown, kind_of

_MISSING: Final = object()
_MAX_VARIANTS: Final = 256  # evaluations that one query may cost; beyond them numbers are proven less precisely
_ORDERED: Final = frozenset({"number", "string", "timestamp"})


class Symbolic(Unknown):
    """A field of a document that a query says something about."""

    __slots__ = ("children", "elements", "exact", "excluded", "high", "high_closed", "kind", "low", "low_closed")
    certain = True

    def __init__(self, kind: str | None = None) -> None:
        self.kind = kind  # as `family` has it; None: not known
        self.exact: Any = _MISSING
        self.low: Any = _MISSING
        self.low_closed = False
        self.high: Any = _MISSING
        self.high_closed = False
        self.excluded: list[Any] = []
        self.elements: list[Any] = []
        self.children: dict[str, Symbolic] = {}

    def child(self, name: str) -> Symbolic:
        """The field below, made if it is not there."""
        self.kind = "map"
        return self.children.setdefault(name, Symbolic())

    def value(self) -> Any:
        """The value, if it is known, or this object."""
        return self if self.exact is _MISSING else self.exact

    def learn(self, constraint: Constraint) -> None:
        """Add what a constraint proves."""
        op, value = constraint.op, constraint.value
        if op == "==":
            self.exact = value
        elif op in ("<", "<="):
            self._learn_high(value, closed=op == "<=")
        elif op in (">", ">="):
            self._learn_low(value, closed=op == ">=")
        elif op == "!=":
            self.excluded += [value, None]
        elif op == "not-in":
            self.excluded += [*value, None]
        elif op == "array-contains":
            self.kind = "list"
            if type(value) not in (list, dict) or len(variants(value)) == 1:  # in [{"x": 1}] the number might be 1.0
                self.elements.append(value)

    def _learn_low(self, value: Any, *, closed: bool) -> None:
        self.kind = family(value)
        if self.kind in _ORDERED and (self.low is _MISSING or _same_family(self.low, value)):
            if self.low is _MISSING or value > self.low:
                self.low, self.low_closed = value, closed
            elif value == self.low:
                self.low_closed = self.low_closed and closed

    def _learn_high(self, value: Any, *, closed: bool) -> None:
        self.kind = family(value)
        if self.kind in _ORDERED and (self.high is _MISSING or _same_family(self.high, value)):
            if self.high is _MISSING or value < self.high:
                self.high, self.high_closed = value, closed
            elif value == self.high:
                self.high_closed = self.high_closed and closed

    # --- what rules ask

    def equals(self, other: Any) -> Any:
        """False for what is excluded, of another type or outside of the range; True for the only value of a range."""
        if any(equal(value, other) is True for value in self.excluded):
            return False
        if self.kind is not None and family(other) != self.kind:
            return False
        if self.kind in _ORDERED:
            below, above = self.compare("<", other), self.compare(">", other)
            if below is True or above is True:
                return False
            if below is False and above is False:
                return True
        return UNKNOWN

    def compare(self, operator: str, other: Any) -> Any:
        """By the range, if both are of one ordered type."""
        if self.kind not in _ORDERED or family(other) != self.kind or _is_nan(other):
            return UNKNOWN
        if operator in ("<", ">="):
            below = self._below(other, closed=False)
            return below if operator == "<" or below is UNKNOWN else not below
        below = self._below(other, closed=True)
        return below if operator == "<=" or below is UNKNOWN else not below

    def _below(self, other: Any, *, closed: bool) -> Any:
        """Whether all values are `< other` (`<= other` if closed): True, False (all are not) or UNKNOWN."""
        if self._high_fits(other) and (self.high < other or (self.high == other and (closed or not self.high_closed))):
            return True
        if self._low_fits(other) and (self.low > other or (self.low == other and not (closed and self.low_closed))):
            return False
        return UNKNOWN

    def _high_fits(self, other: Any) -> bool:
        return self.high is not _MISSING and not _is_nan(self.high) and _same_family(self.high, other)

    def _low_fits(self, other: Any) -> bool:
        return self.low is not _MISSING and not _is_nan(self.low) and _same_family(self.low, other)

    def contains(self, item: Any) -> Any:
        """True for an element that array-contains demands and for a field that the query demands."""
        if self.kind == "map":
            return True if isinstance(item, str) and item in self.children else UNKNOWN
        if self.kind == "list":
            return True if contains(self.elements, item) is True else UNKNOWN
        return UNKNOWN

    def is_kind(self, kind: str) -> Any:
        """By the type of what it is compared with; int and float cannot be told apart."""
        if kind == "null" and any(value is None for value in self.excluded):
            return False
        if self.kind is None:
            return UNKNOWN
        if kind in ("int", "float") and self.kind == "number":
            return UNKNOWN
        return kind == self.kind

    def member(self, name: str) -> Any:
        """The field below."""
        found = self.children.get(name)
        return UNKNOWN if found is None else found.value()

    def call(self, method: str, arguments: list[Any]) -> Any:
        """`get`, `keys` and `hasAll`, `hasAny` of what is demanded to be there."""
        if method == "get" and len(arguments) == 2:
            return self._get(arguments[0])
        if method == "keys" and not arguments and self.kind == "map":
            keys = Symbolic("list")
            keys.elements = list(self.children)
            return keys
        if method in ("hasAll", "hasAny") and len(arguments) == 1 and self.kind == "list":
            wanted = arguments[0]
            items = wanted if type(wanted) is list else list(getattr(wanted, "items", {}).values())
            test = all if method == "hasAll" else any
            return True if items and test(contains(self.elements, item) is True for item in items) else UNKNOWN
        return UNKNOWN

    def _get(self, key: Any) -> Any:
        if type(key) is str:
            return self.member(key)
        value: Any = self
        for name in key if type(key) is list else ():
            value = value.member(name) if isinstance(value, Symbolic) and type(name) is str else UNKNOWN
        return UNKNOWN if value is self else value


def family(value: Any) -> str:
    """The type of a value among which Firestore's ranges stay: as `is`, int and float being "number"."""
    kind = kind_of(value)
    return "number" if kind in ("int", "float") else kind


def _same_family(left: Any, right: Any) -> bool:
    return family(left) == family(right)


def _is_nan(value: Any) -> bool:
    return type(value) is float and isnan(value)


def documents_of(query: Query) -> Iterator[Symbolic]:
    """The sorts of documents that a query returns, one after the other: a rule has to allow each.

    A disjunct gives several: one for each value of `in` and array-contains-any, and one for int and float where the
    query names a number, as Firestore takes 1 for 1.0 and the language can tell them apart.
    """
    existing = [tuple(name.split(".")) for name in query.order_by if "`" not in name and name != "__name__"]
    for conjunction in query.constraints:
        for split in _split(conjunction):
            yield _tree(split, existing)


def _tree(constraints: Iterable[Constraint], existing: Iterable[tuple[str, ...]]) -> Symbolic:
    root = Symbolic("map")
    for path in existing:
        _at(root, path)
    for constraint in constraints:
        _at(root, constraint.field).learn(constraint)
    return root


def _at(root: Symbolic, path: tuple[str, ...]) -> Symbolic:
    node = root
    for name in path:
        node = node.child(name)
    return node


def _split(conjunction: Sequence[Constraint]) -> Iterator[list[Constraint]]:
    choices: list[list[Constraint]] = []
    total = 1
    for constraint in conjunction:
        options = list(_options(constraint))
        if total * len(options) > _MAX_VARIANTS:
            options = [constraint] if constraint.op != "==" else _as_range(constraint)
        total *= len(options)
        choices.append(options)
    return (list(choice) for choice in product(*choices))


def _options(constraint: Constraint) -> Iterator[Constraint]:
    field, value = constraint.field, constraint.value
    if constraint.op == "in":
        for item in value:
            yield from (Constraint(field, "==", variant) for variant in variants(item))
    elif constraint.op == "==":
        yield from (Constraint(field, "==", variant) for variant in variants(value))
    elif constraint.op == "array-contains-any":
        yield from (Constraint(field, "array-contains", item) for item in value)
    else:
        yield constraint


def _as_range(constraint: Constraint) -> list[Constraint]:
    """Less than an equality says, for when there are too many variants of it; nothing where the type has no order."""
    if family(constraint.value) != "number":
        return [Constraint(constraint.field, "!=", None)] if constraint.value is not None else [constraint]
    return [Constraint(constraint.field, ">=", constraint.value)]


def variants(value: Any) -> list[Any]:
    """All values that Firestore takes for equal to this one: 1 and 1.0, 0, 0.0 and -0.0, and within lists and maps."""
    if type(value) is int:
        as_float = float(value)
        return [value, *([as_float] if int(as_float) == value else []), *([-0.0] if value == 0 else [])]
    if type(value) is float:
        fits = value.is_integer() and INT_MIN <= value <= INT_MAX
        return [0, 0.0, -0.0] if value == 0 else [value, *([int(value)] if fits else [])]
    if type(value) is list:
        return [list(items) for items in _limited_product([variants(item) for item in value])]
    if type(value) is dict:
        combined = _limited_product([variants(item) for item in value.values()])
        return [dict(zip(value, items, strict=True)) for items in combined]
    return [value]


def _limited_product(parts: list[list[Any]]) -> Iterable[Sequence[Any]]:
    """All combinations; where they are too many, the numbers that follow become unknown."""
    total = 1
    limited: list[list[Any]] = []
    for part in parts:
        total *= len(part)
        limited.append(part if total <= _MAX_VARIANTS else [UNKNOWN])
        total = min(total, _MAX_VARIANTS)
    return product(*limited)
