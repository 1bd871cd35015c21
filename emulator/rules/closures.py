"""Expressions as closures: each node becomes a function of the context; only what runs is left.

The plain form is the fast one. The traced form records a `Step` for every node and counts it; it computes the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.rules import operators
from emulator.rules.analysis import Variables, is_binding, is_counted
from emulator.rules.equality import equal
from emulator.rules.errors import EvaluationError
from emulator.rules.evaluation import Closure, Context, Step
from emulator.rules.library.collections import path_segments
from emulator.rules.library.dispatch import FUNCTIONS, NAMESPACES, call_function, call_method
from emulator.rules.nodes import (
    Binary,
    Call,
    Expression,
    Index,
    Is,
    ListLiteral,
    Literal,
    Logical,
    MapLiteral,
    Member,
    MethodCall,
    Name,
    PathLiteral,
    Slice,
    Ternary,
    Unary,
)
from emulator.rules.scopes import ACCESSES, DEBUG, Definition, Scope
from emulator.rules.values import UNKNOWN, Binding, HasUnknown, Path, Unknown, may_fail, type_error


class Compiler:
    """Compiles the expressions of one ruleset, either plain or traced. The source has been analysed."""

    def __init__(self, *, traced: bool) -> None:
        self._traced = traced
        self._bodies: dict[Definition, tuple[list[Closure], Closure]] = {}

    def compile(self, node: Expression, scope: Scope, variables: Variables) -> Closure:
        """The closure of an expression."""
        closure = _FORMS[type(node)](self, node, scope, variables)
        return _traced(node, closure) if self._traced else closure

    def all(self, nodes: list[Expression], scope: Scope, variables: Variables) -> list[Closure]:
        """The closures of several."""
        return [self.compile(node, scope, variables) for node in nodes]

    def body(self, definition: Definition) -> tuple[list[Closure], Closure]:
        """The variables and the result of a function; compiled once."""
        if definition not in self._bodies:
            node, scope = definition.node, definition.scope
            variables = {name: place for place, name in enumerate(node.parameters)}
            lets: list[Closure] = []
            for let in node.lets:  # a variable is visible after its definition
                lets.append(self.compile(let.value, scope, variables))
                variables = {**variables, let.name: len(variables)}
            self._bodies[definition] = lets, self.compile(node.result, scope, variables)
        return self._bodies[definition]


def _traced(node: Expression, closure: Closure) -> Closure:
    counted = is_counted(node)

    def run(context: Context) -> Any:
        if counted:
            context.count()
        outer = context.trace
        steps: list[Step] = []
        context.trace = steps
        outcome: Any = None
        try:
            outcome = closure(context)
        except EvaluationError as error:
            outcome = error
            raise
        finally:
            context.trace = outer
            if outer is not None:
                outer.append(Step(node, outcome, steps))
        return outcome

    return run


def _literal(_: Compiler, node: Literal, _scope: Scope, _variables: Variables) -> Closure:
    value = node.value
    return lambda _context: value


def _name(_: Compiler, node: Name, scope: Scope, variables: Variables) -> Closure:
    if node.name in variables:
        place = variables[node.name]
        return lambda context: context.frame[place]
    captured = scope.wildcard(node.name)
    if captured is not None:
        return lambda context: context.wildcards[captured]
    if node.name == "request":
        return lambda context: context.request
    return lambda context: context.resource


def _member(compiler: Compiler, node: Member, scope: Scope, variables: Variables) -> Closure:
    target = compiler.compile(node.target, scope, variables)
    name, slow = node.name, operators.member

    def run(context: Context) -> Any:
        value = target(context)
        if type(value) is dict and name in value:
            return value[name]
        return slow(value, name)

    return run


def _index(compiler: Compiler, node: Index, scope: Scope, variables: Variables) -> Closure:
    target = compiler.compile(node.target, scope, variables)
    key = compiler.compile(node.index, scope, variables)
    return lambda context: operators.index(target(context), key(context))


def _slice(compiler: Compiler, node: Slice, scope: Scope, variables: Variables) -> Closure:
    target, low, high = compiler.all(node.children(), scope, variables)
    return lambda context: operators.cut(target(context), low(context), high(context))


def _unary(compiler: Compiler, node: Unary, scope: Scope, variables: Variables) -> Closure:
    operand = compiler.compile(node.operand, scope, variables)
    if node.operator == "-":
        return lambda context: operators.negate(operand(context))

    def negation(context: Context) -> Any:
        value = operand(context)
        if value is True:
            return False
        if value is False:
            return True
        if isinstance(value, Unknown):
            return UNKNOWN
        raise type_error(value, "bool")

    return negation


def _binary(compiler: Compiler, node: Binary, scope: Scope, variables: Variables) -> Closure:
    left = compiler.compile(node.left, scope, variables)
    right = compiler.compile(node.right, scope, variables)
    if node.operator == "==":
        return lambda context: equal(left(context), right(context))
    if node.operator == "!=":

        def differs(context: Context) -> Any:
            answer = equal(left(context), right(context))
            return answer if answer is UNKNOWN else not answer

        return differs
    operation = operators.BINARY[node.operator]
    return lambda context: operation(left(context), right(context))


def _logical(compiler: Compiler, node: Logical, scope: Scope, variables: Variables) -> Closure:
    """`&&` is decided by a false operand, `||` by a true one, wherever it stands, whatever errors are before it.

    Source: "Operators" of "Security Rules language": `true || error` and `error || true` are both true.
    """
    operands = tuple(compiler.all(node.operands, scope, variables))
    decisive = node.operator == "||"
    neutral = not decisive

    def run(context: Context) -> Any:
        pending: Any = neutral
        for operand in operands:
            try:
                value = operand(context)
            except EvaluationError as error:
                value = error
            if value is neutral:
                continue
            if value is decisive:
                return decisive
            if pending is neutral:
                pending = value
        if pending is neutral:
            return neutral
        if isinstance(pending, EvaluationError):
            raise pending
        if isinstance(pending, Unknown):
            return UNKNOWN
        raise type_error(pending, "bool")

    return run


def _ternary(compiler: Compiler, node: Ternary, scope: Scope, variables: Variables) -> Closure:
    condition, yes, no = compiler.all(node.children(), scope, variables)

    def run(context: Context) -> Any:
        value = condition(context)
        if value is True:
            return yes(context)
        if value is False:
            return no(context)
        if isinstance(value, Unknown):
            return UNKNOWN  # even if both branches agree: the condition may be an error
        raise type_error(value, "bool")

    return run


def _is(compiler: Compiler, node: Is, scope: Scope, variables: Variables) -> Closure:
    operand = compiler.compile(node.operand, scope, variables)
    kind = node.kind
    return lambda context: operators.is_kind(operand(context), kind)


def _list(compiler: Compiler, node: ListLiteral, scope: Scope, variables: Variables) -> Closure:
    items = compiler.all(node.items, scope, variables)

    def run(context: Context) -> Any:
        values = [item(context) for item in items]
        return UNKNOWN if context.symbolic and any(map(may_fail, values)) else values

    return run


def _map(compiler: Compiler, node: MapLiteral, scope: Scope, variables: Variables) -> Closure:
    entries = [
        (compiler.compile(key, scope, variables), compiler.compile(value, scope, variables))
        for key, value in node.entries
    ]

    def run(context: Context) -> Any:
        result: dict[str, Any] = {}
        incomplete = False
        for key, value in entries:
            name, item = key(context), value(context)
            if isinstance(name, Unknown) or may_fail(item):
                incomplete = True
            elif type(name) is str:
                result[name] = item
            else:
                raise type_error(name, "string")
        return UNKNOWN if incomplete else result

    return run


def _path(compiler: Compiler, node: PathLiteral, scope: Scope, variables: Variables) -> Closure:
    parts: list[str | Binding | Closure] = []
    for segment in node.segments:
        if isinstance(segment, str):
            parts.append(segment)
        elif isinstance(segment, Name) and is_binding(segment, scope, variables):
            parts.append(Binding(segment.name))
        else:
            parts.append(compiler.compile(segment, scope, variables))

    def run(context: Context) -> Any:
        segments: list[str | Binding] = []
        try:
            for part in parts:
                if isinstance(part, str | Binding):
                    segments.append(part)
                else:
                    segments.extend(path_segments(part(context)))
        except HasUnknown:
            return UNKNOWN
        return Path(tuple(segments))

    return run


def _access(name: str, path: Closure) -> Closure:
    after = ACCESSES[name]
    if name.startswith("get"):
        return lambda context: context.reader.read(path(context), after=after)

    def exists(context: Context) -> Any:
        found = context.reader.read(path(context), after=after)
        return found if found is UNKNOWN else found is not None

    return exists


def _debug(value: Closure) -> Closure:
    def run(context: Context) -> Any:
        result = value(context)
        context.debugged.append(result)
        return result

    return run


def _function(function: Callable[..., Any], arguments: list[Closure]) -> Closure:
    return lambda context: call_function(function, [argument(context) for argument in arguments])


def _call(compiler: Compiler, node: Call, scope: Scope, variables: Variables) -> Closure:
    arguments = compiler.all(node.arguments, scope, variables)
    definition = scope.function(node.name)
    if definition is not None:
        return _user_call(compiler, definition, arguments)
    if node.name in FUNCTIONS:
        return _function(FUNCTIONS[node.name][1], arguments)
    if node.name == DEBUG:
        return _debug(arguments[0])
    return _access(node.name, arguments[0])


def _user_call(compiler: Compiler, definition: Definition, arguments: list[Closure]) -> Closure:
    lets, result = compiler.body(definition)
    places = [(len(arguments) + at, let) for at, let in enumerate(lets)]

    def run(context: Context) -> Any:
        frame: list[Any] = [argument(context) for argument in arguments]
        outer = context.frame
        context.enter()
        try:
            context.frame = frame + [None] * len(places)
            for place, let in places:
                context.frame[place] = let(context)
            if context.symbolic and any(map(may_fail, context.frame)):
                return UNKNOWN  # an argument or a variable that fails fails the call
            return result(context)
        finally:
            context.frame = outer
            context.depth -= 1

    return run


def _method(compiler: Compiler, node: MethodCall, scope: Scope, variables: Variables) -> Closure:
    arguments = compiler.all(node.arguments, scope, variables)
    namespace = scope.namespace(node.target, variables)
    if namespace == "firestore":
        return _access(node.name, arguments[0])
    if namespace is not None:
        return _function(NAMESPACES[namespace][node.name][1], arguments)
    target = compiler.compile(node.target, scope, variables)
    name = node.name
    return lambda context: call_method(target(context), name, [argument(context) for argument in arguments])


_FORMS: Final[dict[type[Expression], Callable[[Compiler, Any, Scope, Variables], Closure]]] = {
    Literal: _literal,
    Name: _name,
    Member: _member,
    Index: _index,
    Slice: _slice,
    Unary: _unary,
    Binary: _binary,
    Logical: _logical,
    Ternary: _ternary,
    Is: _is,
    ListLiteral: _list,
    MapLiteral: _map,
    PathLiteral: _path,
    Call: _call,
    MethodCall: _method,
}
