"""The syntax tree. Every node knows the offsets of its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    """Something with a place in the source: text[start:end]."""

    start: int
    end: int


@dataclass(slots=True, eq=False)
class Expression(Node):
    """Something with a value: `number` is its index in the ruleset's list of expressions, `height` that of its tree."""

    number: int = field(default=-1, init=False)
    height: int = field(default=1, init=False)

    def children(self) -> list[Expression]:
        """The expressions it is made of, in order."""
        return []


@dataclass(slots=True, eq=False)
class Literal(Expression):
    """null, a bool, a number, a string or bytes."""

    value: Any


@dataclass(slots=True, eq=False)
class Name(Expression):
    """A variable, or the name of a namespace."""

    name: str


@dataclass(slots=True, eq=False)
class Member(Expression):
    """`target.name`."""

    target: Expression
    name: str

    def children(self) -> list[Expression]:
        """The target."""
        return [self.target]


@dataclass(slots=True, eq=False)
class Index(Expression):
    """`target[index]`."""

    target: Expression
    index: Expression

    def children(self) -> list[Expression]:
        """Target and index."""
        return [self.target, self.index]


@dataclass(slots=True, eq=False)
class Slice(Expression):
    """`target[low:high]`."""

    target: Expression
    low: Expression
    high: Expression

    def children(self) -> list[Expression]:
        """Target and bounds."""
        return [self.target, self.low, self.high]


@dataclass(slots=True, eq=False)
class Call(Expression):
    """`name(arguments)`."""

    name: str
    arguments: list[Expression]

    def children(self) -> list[Expression]:
        """The arguments."""
        return self.arguments


@dataclass(slots=True, eq=False)
class MethodCall(Expression):
    """`target.name(arguments)`; a function of a namespace if the target is one."""

    target: Expression
    name: str
    arguments: list[Expression]

    def children(self) -> list[Expression]:
        """Target and arguments."""
        return [self.target, *self.arguments]


@dataclass(slots=True, eq=False)
class Unary(Expression):
    """`!operand` or `-operand`."""

    operator: str
    operand: Expression

    def children(self) -> list[Expression]:
        """The operand."""
        return [self.operand]


@dataclass(slots=True, eq=False)
class Binary(Expression):
    """`left operator right`: arithmetic, comparisons, `in`."""

    operator: str
    left: Expression
    right: Expression

    def children(self) -> list[Expression]:
        """Both sides."""
        return [self.left, self.right]


@dataclass(slots=True, eq=False)
class Logical(Expression):
    """A whole chain of `&&` or of `||`; both are associative, with their errors too."""

    operator: str
    operands: list[Expression]

    def children(self) -> list[Expression]:
        """The operands."""
        return self.operands


@dataclass(slots=True, eq=False)
class Ternary(Expression):
    """`condition ? yes : no`."""

    condition: Expression
    yes: Expression
    no: Expression

    def children(self) -> list[Expression]:
        """All three."""
        return [self.condition, self.yes, self.no]


@dataclass(slots=True, eq=False)
class Is(Expression):
    """`operand is kind`."""

    operand: Expression
    kind: str

    def children(self) -> list[Expression]:
        """The operand."""
        return [self.operand]


@dataclass(slots=True, eq=False)
class ListLiteral(Expression):
    """`[items]`."""

    items: list[Expression]

    def children(self) -> list[Expression]:
        """The items."""
        return self.items


@dataclass(slots=True, eq=False)
class MapLiteral(Expression):
    """`{key: value}`."""

    entries: list[tuple[Expression, Expression]]

    def children(self) -> list[Expression]:
        """Keys and values."""
        return [part for entry in self.entries for part in entry]


@dataclass(slots=True, eq=False)
class PathLiteral(Expression):
    """`/databases/$(database)/documents`: segments of text and expressions."""

    segments: list[str | Expression]

    def children(self) -> list[Expression]:
        """The expressions among the segments."""
        return [part for part in self.segments if not isinstance(part, str)]


@dataclass(slots=True, eq=False)
class Let(Node):
    """`let name = value;`."""

    name: str
    value: Expression


@dataclass(slots=True, eq=False)
class Function(Node):
    """`function name(parameters) { lets; return result; }`."""

    name: str
    parameters: list[str]
    lets: list[Let]
    result: Expression


@dataclass(slots=True, eq=False)
class Allow(Node):
    """`allow methods: if condition;`; without condition it allows always. Methods are the five elementary ones."""

    methods: frozenset[str]
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`{name}` or `{name=**}` in the path of a match."""

    name: str
    recursive: bool


@dataclass(slots=True, eq=False)
class Match(Node):
    """`match path { ... }`."""

    pattern: list[str | Wildcard]
    allows: list[Allow]
    functions: list[Function]
    matches: list[Match]


@dataclass(slots=True, eq=False)
class Service(Node):
    """`service name { ... }`."""

    name: str
    functions: list[Function]
    matches: list[Match]


@dataclass(slots=True, eq=False)
class Program:
    """A whole source."""

    version: int
    functions: list[Function]
    services: list[Service]
