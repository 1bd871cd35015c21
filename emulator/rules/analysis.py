"""Checks of a source before it runs: names, numbers of arguments, recursion, and what evaluation may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from emulator.rules.errors import Issue, RulesError
from emulator.rules.library.dispatch import METHOD_NAMES, PATTERN_METHODS
from emulator.rules.library.strings import BadPatternError, compile_pattern
from emulator.rules.limits import STACK
from emulator.rules.nodes import Call, Expression, Literal, MethodCall, Name, Node, PathLiteral
from emulator.rules.scopes import Definition, Scope, namespaced_arity
from emulator.rules.source import Source

Variables = dict[str, int]
_FRAMES: Final = 3  # of this analysis' own stack, for a call beside the expression itself


@dataclass(frozen=True, slots=True)
class Measure:
    """The most that an expression can cost: expressions evaluated, and frames on the stack."""

    evaluated: int
    stack: int


def is_counted(node: Expression) -> bool:
    """Whether an expression counts against the limit: all but constants and names do."""
    return not isinstance(node, Literal | Name)


@dataclass(slots=True)
class Analysis:
    """Walks the expressions of a source once; numbers them."""

    source: Source
    issues: list[Issue] = field(default_factory=list)
    expressions: list[Expression] = field(default_factory=list)
    measured: list[Definition] = field(default_factory=list)  # callees before their callers
    _functions: dict[Definition, Measure | None] = field(default_factory=dict)  # None: being measured
    _depth: int = 0

    def error(self, node: Node, message: str) -> RulesError:
        """A refusal at a node."""
        return RulesError(*self.source.position(node.start), message)

    def warn(self, node: Node, message: str) -> None:
        """Tell, once, about a node."""
        self._tell(Issue(*self.source.position(node.start), message))

    def _tell(self, issue: Issue) -> None:
        if issue not in self.issues:
            self.issues.append(issue)

    def condition(self, node: Expression, scope: Scope) -> Measure:
        """Check the condition of an allow. Raises RulesError."""
        measure = self._measure(node, scope, {})
        if measure.stack > STACK:
            raise self.error(node, f"The condition and the functions it calls have more than {STACK} levels.")
        return measure

    def function(self, definition: Definition) -> Measure:
        """Check a function. Raises RulesError, also if it calls itself."""
        if definition in self._functions:
            known = self._functions[definition]
            if known is None:
                raise self.error(definition.node, f"Function '{definition.node.name}' is recursive.")
            return known
        self._functions[definition] = None
        self._depth += _FRAMES
        node = definition.node
        variables = {name: place for place, name in enumerate(node.parameters)}
        measures = []
        for let in node.lets:
            measures.append(self._measure(let.value, definition.scope, variables))
            variables = {**variables, let.name: len(variables)}
        measures.append(self._measure(node.result, definition.scope, variables))
        total = Measure(sum(one.evaluated for one in measures), max(one.stack for one in measures))
        if total.stack > STACK:
            raise self.error(node, f"The function and those it calls have more than {STACK} levels.")
        self._functions[definition] = total
        self._depth -= _FRAMES
        self.measured.append(definition)
        return total

    def spare(self, definition: Definition) -> None:
        """Check a function that no rule calls: what is wrong in it is only told."""
        if definition in self._functions:
            return
        try:
            self.function(definition)
        except RulesError as error:
            self._tell(Issue(error.line, error.column, error.message))
            self._functions = {known: measure for known, measure in self._functions.items() if measure is not None}
            self._depth = 0

    def _measure(self, node: Expression, scope: Scope, variables: Variables) -> Measure:
        if node.number < 0:
            node.number = len(self.expressions)
            self.expressions.append(node)
        self._depth += 1
        if self._depth > STACK:
            raise self.error(node, f"Conditions and the functions they call have more than {STACK} levels.")
        extra = self._check(node, scope, variables)
        evaluated = int(is_counted(node)) + extra.evaluated
        stack = extra.stack
        for child in self._evaluated_children(node, scope, variables):
            measure = self._measure(child, scope, variables)
            evaluated += measure.evaluated
            stack = max(stack, measure.stack)
        self._depth -= 1
        return Measure(evaluated, stack + 1)

    def _evaluated_children(self, node: Expression, scope: Scope, variables: Variables) -> list[Expression]:
        if isinstance(node, MethodCall) and scope.namespace(node.target, variables) is not None:
            return node.arguments
        if isinstance(node, PathLiteral):
            return [child for child in node.children() if not is_binding(child, scope, variables)]
        return node.children()

    def _check(self, node: Expression, scope: Scope, variables: Variables) -> Measure:
        if isinstance(node, Name) and not scope.knows(node.name, variables):
            raise self.error(node, f"Invalid variable name: {node.name}.")
        if isinstance(node, MethodCall):
            self._check_method(node, scope, variables)
        if isinstance(node, Call):
            return self._check_call(node, scope)
        return Measure(0, 0)

    def _check_call(self, node: Call, scope: Scope) -> Measure:
        definition = scope.function(node.name)
        if definition is not None:
            definition.used = True
            self._check_arity(node, node.name, len(definition.node.parameters))
            return self.function(definition)
        arity = scope.builtin_arity(node.name)
        if arity is None:
            raise self.error(node, f"Invalid function name: {node.name}.")
        self._check_arity(node, node.name, arity)
        return Measure(0, 0)

    def _check_method(self, node: MethodCall, scope: Scope, variables: Variables) -> None:
        namespace = scope.namespace(node.target, variables)
        if namespace is not None:
            arity = namespaced_arity(namespace, node)
            if arity is None:
                raise self.error(node, f"Invalid function name: {namespace}.{node.name}.")
            self._check_arity(node, f"{namespace}.{node.name}", arity)
        elif node.name not in METHOD_NAMES:
            self.warn(node, f"Invalid function name: {node.name}.")
        elif node.name in PATTERN_METHODS and node.arguments:
            self._check_pattern(node.arguments[0])

    def _check_pattern(self, node: Expression) -> None:
        if isinstance(node, Literal) and isinstance(node.value, str):
            try:
                compile_pattern(node.value)
            except BadPatternError as error:
                self.warn(node, f"Invalid regular expression pattern: {error}.")

    def _check_arity(self, node: Call | MethodCall, name: str, arity: int) -> None:
        if len(node.arguments) != arity:
            raise self.error(
                node, f"Function '{name}' is called with {len(node.arguments)} arguments: it takes {arity}."
            )


def is_binding(node: Expression, scope: Scope, variables: Variables) -> bool:
    """Whether `$(name)` in a path stands for a variable that `bind()` will give. Source: `rules.Path#bind`."""
    return isinstance(node, Name) and not scope.knows(node.name, variables)
