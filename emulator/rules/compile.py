"""From source to `Ruleset`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emulator.rules.analysis import Analysis
from emulator.rules.closures import Compiler
from emulator.rules.matching import Pattern
from emulator.rules.nodes import Allow, Expression, Function, Match, Program, Service, Wildcard
from emulator.rules.parser import parse
from emulator.rules.ruleset import Rule, Ruleset, compile_rule
from emulator.rules.scopes import Definition, Scope
from emulator.rules.source import Source


def compile_rules(source: str) -> Ruleset:
    """The rules of a source, ready to decide; what its author should know is in `Ruleset.issues`.

    Raises RulesError (with line and column): syntax, an unknown function or variable, a wrong number of arguments, a
    name defined twice, recursion, limits. In functions that no rule calls these are only issues, syntax excepted.
    """
    text = Source(source)
    program = parse(text)
    return _Builder(text, program).build()


class _Builder:
    def __init__(self, source: Source, program: Program) -> None:
        self._source = source
        self._program = program
        self._analysis = Analysis(source)
        self._definitions: list[Definition] = []
        self._roots: list[Expression] = []

    def build(self) -> Ruleset:
        rules: dict[str, list[Rule]] = {}
        for service in self._program.services:
            if service.name in rules:
                raise self._analysis.error(service, f"Service '{service.name}' is defined twice.")
            rules[service.name] = self._service(service)
        self._unused()
        roots = {root.number: root for root in self._roots if root.number >= 0}
        ordered = sorted(roots.values(), key=lambda root: root.start)
        issues = sorted(self._analysis.issues, key=lambda issue: (issue.line, issue.column))
        return Ruleset(self._source, rules, issues, self._analysis.expressions, ordered)

    def _service(self, service: Service) -> list[Rule]:
        outer = Scope(service.name)
        self._define(outer, self._program.functions)
        scope = Scope(service.name, outer)
        self._define(scope, service.functions)
        placed = [rule for match in service.matches for rule in self._match(match, scope, ())]
        costs = [self._cost(allow, place) for allow, place, _ in placed]
        for definition in self._definitions:
            self._analysis.spare(definition)
        compilers = Compiler(traced=False), Compiler(traced=True)
        for definition in self._analysis.measured:  # callees first: compiling does not recurse through calls
            for compiler in compilers:
                compiler.body(definition)
        version = self._program.version
        return [
            compile_rule(allow, Pattern(parts, version=version), place, cost, compilers)
            for (allow, place, parts), cost in zip(placed, costs, strict=True)
        ]

    def _match(
        self, match: Match, outer: Scope, before: Sequence[str | Wildcard]
    ) -> Iterable[tuple[Allow, Scope, Sequence[str | Wildcard]]]:
        self._check_recursive(match)
        parts = [*before, *match.pattern]
        scope = outer.inner(part.name for part in match.pattern if isinstance(part, Wildcard))
        self._define(scope, match.functions)
        for allow in match.allows:
            yield allow, scope, parts
        for nested in match.matches:
            yield from self._match(nested, scope, parts)

    def _check_recursive(self, match: Match) -> None:
        places = [at for at, part in enumerate(match.pattern) if isinstance(part, Wildcard) and part.recursive]
        if len(places) > 1:
            raise self._analysis.error(match, "A path has at most one recursive wildcard.")
        if places and self._program.version == 1 and places[0] != len(match.pattern) - 1:
            raise self._analysis.error(match, "In version 1 a recursive wildcard comes last in its path.")

    def _define(self, scope: Scope, functions: Sequence[Function]) -> None:
        twice = scope.define(functions)
        if twice is not None:
            raise self._analysis.error(twice, f"Function '{twice.name}' is defined twice.")
        for definition in scope.functions.values():
            self._definitions.append(definition)
            self._roots += [*(let.value for let in definition.node.lets), definition.node.result]

    def _cost(self, allow: Allow, scope: Scope) -> int:
        if allow.condition is None:
            return 0
        self._roots.append(allow.condition)
        return self._analysis.condition(allow.condition, scope).evaluated

    def _unused(self) -> None:
        """Warn of functions that nothing calls; one that two services see is used if either calls it."""
        used = {definition.node for definition in self._definitions if definition.used}
        for definition in self._definitions:
            if definition.node not in used:
                self._analysis.warn(definition.node, f"Unused function: {definition.node.name}.")
