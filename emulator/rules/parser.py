"""Statements of the language: services, matches, allows, functions. Expressions are read by the base class."""

from __future__ import annotations

import re
from typing import Final

from emulator.rules.errors import RulesError
from emulator.rules.expressions import ExpressionParser
from emulator.rules.limits import FUNCTION_ARGUMENTS, LET_BINDINGS, MATCH_DEPTH, SOURCE_BYTES
from emulator.rules.nodes import Allow, Function, Let, Match, Program, Service, Wildcard
from emulator.rules.source import Source

_METHODS: Final = {
    "get": {"get"},
    "list": {"list"},
    "create": {"create"},
    "update": {"update"},
    "delete": {"delete"},
    "read": {"get", "list"},
    "write": {"create", "update", "delete"},
}
_SERVICES: Final = ("cloud.firestore", "firebase.storage")
_SEGMENT: Final = re.compile(r"\([A-Za-z0-9_-]+\)|[^\s/{}()'\";]+")


class Parser(ExpressionParser):
    """Reads a whole source."""

    def program(self) -> Program:
        """`[rules_version = '2';] (service | function)*`. Raises RulesError."""
        program = Program(self._version(), [], [])
        while self.token.sort != "end":
            if self.sees("function"):
                program.functions.append(self._function())
            elif self.sees("service"):
                program.services.append(self._service())
            else:
                raise self.unexpected("'service' or 'function'")
        if not program.services:
            raise self.unexpected("'service'")
        return program

    def _version(self) -> int:
        if not self.sees("rules_version"):
            return 1
        self.advance()
        self.expect("=")
        token = self.token
        if token.sort != "string" or token.text[1:-1] not in ("1", "2"):
            raise self.unexpected("'1' or '2'")
        self.advance()
        self.accept(";")
        return int(token.text[1:-1])

    def _service(self) -> Service:
        start = self.expect("service").start
        at = self.token.start
        name = self.identifier("the name of a service")
        while self.accept("."):
            name += "." + self.identifier("the name of a service")
        if name not in _SERVICES:
            raise self.lexer.error(at, f"Unknown service '{name}': expected one of {', '.join(_SERVICES)}.")
        service = Service(start, start, name, [], [])
        self.expect("{")
        while not self.sees("}"):
            if self.sees("function"):
                service.functions.append(self._function())
            elif self.sees("match"):
                service.matches.append(self._match(1))
            else:
                raise self.unexpected("'match', 'function' or '}'")
        service.end = self.expect("}").end
        return service

    def _match(self, depth: int) -> Match:
        start = self.token.start
        if depth > MATCH_DEPTH:
            raise self.lexer.error(start, f"Match statements are nested more than {MATCH_DEPTH} deep.")
        match = Match(start, start, self._pattern(), [], [], [])
        self.expect("{")
        while not self.sees("}"):
            if self.sees("allow"):
                match.allows.append(self._allow())
            elif self.sees("match"):
                match.matches.append(self._match(depth + 1))
            elif self.sees("function"):
                match.functions.append(self._function())
            else:
                raise self.unexpected("'allow', 'match', 'function' or '}'")
        match.end = self.expect("}").end
        return match

    def _pattern(self) -> list[str | Wildcard]:
        """The path after `match`. The current token is `match`; afterwards it is what follows the path."""
        pattern: list[str | Wildcard] = []
        lexer = self.lexer
        start = self.token.start
        lexer.at = self.token.end
        lexer.skip_space()
        while lexer.scan(_SLASH) is not None:
            at = lexer.at
            if lexer.scan(_WILDCARD_OPEN) is not None:
                self.advance()
                pattern.append(self._wildcard())
            elif (text := lexer.scan(_SEGMENT)) is not None:
                pattern.append(text)
            else:
                raise lexer.error(at, "Expected a segment of a path.")
        if not pattern:
            raise lexer.error(lexer.at, "Expected a path after 'match'.")
        names = [part.name for part in pattern if isinstance(part, Wildcard)]
        if len(set(names)) < len(names):
            raise lexer.error(start, "A wildcard appears twice in a path.")
        self.advance()
        return pattern

    def _wildcard(self) -> Wildcard:
        name = self.identifier("the name of a wildcard")
        recursive = False
        if self.accept("="):
            self.expect("*")
            self.expect("*")
            recursive = True
        if not self.sees("}"):
            raise self.unexpected("'}'")
        self.lexer.at = self.token.end  # segments follow without space: read raw from here
        return Wildcard(name, recursive)

    def _allow(self) -> Allow:
        start = self.expect("allow").start
        methods: set[str] = set()
        while True:
            token = self.token
            if token.text not in _METHODS:
                raise self.unexpected("a method (read, get, list, write, create, update, delete)")
            self.advance()
            methods |= _METHODS[token.text]
            if not self.accept(","):
                break
        condition = None
        end = token.end
        if self.accept(":"):
            self.expect("if")
            condition = self.expression()
            end = condition.end
        self.accept(";")
        return Allow(start, end, frozenset(methods), condition)

    def _function(self) -> Function:
        start = self.expect("function").start
        name = self.identifier("the name of a function")
        parameters = self._parameters()
        self.expect("{")
        lets: list[Let] = []
        while self.sees("let"):
            lets.append(self._let(parameters, lets))
        self.expect("return")
        result = self.expression()
        self.accept(";")
        return Function(start, self.expect("}").end, name, parameters, lets, result)

    def _parameters(self) -> list[str]:
        self.expect("(")
        parameters: list[str] = []
        while not self.sees(")"):
            at = self.token.start
            name = self.identifier("the name of a parameter")
            if name in parameters:
                raise self.lexer.error(at, f"Parameter '{name}' appears twice.")
            parameters.append(name)
            if len(parameters) > FUNCTION_ARGUMENTS:
                raise self.lexer.error(at, f"A function has at most {FUNCTION_ARGUMENTS} parameters.")
            if not self.accept(","):
                break
        self.expect(")")
        return parameters

    def _let(self, parameters: list[str], before: list[Let]) -> Let:
        start = self.expect("let").start
        name = self.identifier("the name of a variable")
        if name in parameters or any(let.name == name for let in before):
            raise self.lexer.error(start, f"Variable '{name}' is defined twice.")
        if len(before) == LET_BINDINGS:
            raise self.lexer.error(start, f"A function has at most {LET_BINDINGS} let bindings.")
        self.expect("=")
        value = self.expression()
        return Let(start, self.expect(";").end, name, value)


_SLASH: Final = re.compile(r"/(?![/*])")
_WILDCARD_OPEN: Final = re.compile(r"\{")


def parse(source: Source) -> Program:
    """The tree of a source. Raises RulesError."""
    if len(source.text.encode("utf-8", "surrogatepass")) > SOURCE_BYTES:
        raise RulesError(1, 1, f"The source is larger than {SOURCE_BYTES} bytes.")
    return Parser(source).program()
