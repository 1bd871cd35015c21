"""What names mean where: functions and wildcards of the services and matches around a statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from emulator.rules.library.dispatch import FUNCTIONS, NAMESPACES
from emulator.rules.nodes import Expression, Function, MethodCall, Name

ACCESSES: Final = {"get": False, "exists": False, "getAfter": True, "existsAfter": True}
"""Functions that read documents, and whether they read them as after the request."""
VARIABLES: Final = ("request", "resource")
DEBUG: Final = "debug"


@dataclass(slots=True, eq=False)
class Definition:
    """A function and the scope it is defined in."""

    node: Function
    scope: Scope
    used: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """A service or a match, within others."""

    service: str
    parent: Scope | None = None
    functions: dict[str, Definition] = field(default_factory=dict)
    wildcards: dict[str, int] = field(default_factory=dict)  # name -> place among all captures
    captured: int = 0  # captures up to here

    def inner(self, wildcards: Iterable[str]) -> Scope:
        """The scope of a match within this one."""
        places = {name: self.captured + at for at, name in enumerate(wildcards)}
        return Scope(self.service, self, {}, places, self.captured + len(places))

    def define(self, functions: Iterable[Function]) -> Function | None:
        """Take functions in; returns one whose name is there already."""
        for node in functions:
            if node.name in self.functions:
                return node
            self.functions[node.name] = Definition(node, self)
        return None

    def function(self, name: str) -> Definition | None:
        """The innermost function of the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope.functions[name]
            scope = scope.parent
        return None

    def wildcard(self, name: str) -> int | None:
        """The place of the innermost wildcard of the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.wildcards:
                return scope.wildcards[name]
            scope = scope.parent
        return None

    def knows(self, name: str, variables: dict[str, int]) -> bool:
        """Whether the name is one of a value."""
        return name in variables or name in VARIABLES or self.wildcard(name) is not None

    def namespace(self, node: Expression, variables: dict[str, int]) -> str | None:
        """The namespace that an expression names, if it does: "math", or "firestore" in rules of Storage."""
        if not isinstance(node, Name) or self.knows(node.name, variables):
            return None
        if node.name in NAMESPACES or (node.name == "firestore" and self.service == "firebase.storage"):
            return node.name
        return None

    def builtin_arity(self, name: str) -> int | None:
        """How many arguments a function of the language takes; None if there is none of the name."""
        if name in FUNCTIONS:
            return FUNCTIONS[name][0]
        if name == DEBUG or (name in ACCESSES and self.service == "cloud.firestore"):
            return 1
        return None


def namespaced_arity(namespace: str, node: MethodCall) -> int | None:
    """How many arguments a function of a namespace takes; None if there is none of the name."""
    if namespace == "firestore":
        return 1 if node.name in ("get", "exists") else None
    found = NAMESPACES[namespace].get(node.name)
    return None if found is None else found[0]
