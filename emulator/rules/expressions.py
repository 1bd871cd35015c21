"""Expressions of the language, by operator precedence.

Source: "Operators" of "Security Rules language". From tight to loose: member, index and call; unary; `* / %`; `+ -`;
comparisons; `in` and `is`; `== !=`; `&&`; `||`; the conditional.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from emulator.rules.errors import RulesError
from emulator.rules.lexer import Lexer, Token
from emulator.rules.limits import FUNCTION_ARGUMENTS, HEIGHT, NESTING
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
from emulator.rules.source import Source
from emulator.rules.values import INT_MAX

KINDS: Final = frozenset(
    [
        "bool",
        "bytes",
        "constraint",
        "duration",
        "float",
        "int",
        "latlng",
        "list",
        "map",
        "map_diff",
        "null",
        "number",
        "path",
        "set",
        "string",
        "timestamp",
    ]
)
_PRECEDENCE: Final = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "in": 4, "is": 4, "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}  # fmt: skip
_WORDS: Final = {"true": True, "false": False, "null": None}
_RESERVED: Final = frozenset({"in", "is", "if", "true", "false", "null", "let", "return", "function", "match", "allow"})
_SLASH: Final = re.compile(r"/(?![/*])")
_DOLLAR: Final = re.compile(r"\$\(")
_SEGMENT: Final = re.compile(r"\([A-Za-z0-9_-]+\)|[A-Za-z0-9_~@%-]+")

E = TypeVar("E", bound=Expression)


class ExpressionParser:
    """Reads expressions; one token ahead."""

    def __init__(self, source: Source) -> None:
        self.lexer = Lexer(source)
        self.token: Token = self.lexer.next()
        self._nesting = 0

    # --- tokens

    def advance(self) -> Token:
        """Pass the current token; returns it."""
        token = self.token
        self.token = self.lexer.next()
        return token

    def sees(self, text: str) -> bool:
        """Whether the current token is this word or sign (and no string)."""
        return self.token.text == text and self.token.sort in ("name", "operator")

    def accept(self, text: str) -> bool:
        """Pass the current token if it is this one."""
        if not self.sees(text):
            return False
        self.advance()
        return True

    def expect(self, text: str) -> Token:
        """Pass this token. Raises RulesError if it is another."""
        if not self.sees(text):
            raise self.unexpected(f"'{text}'")
        return self.advance()

    def identifier(self, what: str) -> str:
        """Pass a name that is no reserved word."""
        if self.token.sort != "name" or self.token.text in _RESERVED:
            raise self.unexpected(what)
        return self.advance().text

    def unexpected(self, expected: str) -> RulesError:
        """The refusal of the current token."""
        text = self.token.text if len(self.token.text) <= 40 else self.token.text[:40] + "…"
        return self.lexer.error(self.token.start, f"Unexpected '{text}': expected {expected}.")

    # --- expressions

    def expression(self) -> Expression:
        """An expression of any form. Raises RulesError."""
        self._nesting += 1
        if self._nesting > NESTING:
            raise self.lexer.error(self.token.start, f"Expressions are nested more than {NESTING} deep.")
        condition = self._binary()
        result = condition
        if self.accept("?"):
            yes = self.expression()
            self.expect(":")
            no = self.expression()
            result = self._built(Ternary(condition.start, no.end, condition, yes, no))
        self._nesting -= 1
        return result

    def _built(self, node: E) -> E:
        node.height = 1 + max((child.height for child in node.children()), default=0)
        if node.height > HEIGHT:
            raise self.lexer.error(node.start, f"The expression has more than {HEIGHT} levels.")
        return node

    def _binary(self) -> Expression:
        """Operators of all precedences with a stack, as recursion would cost a frame for each level of them."""
        operands = [self._unary()]
        operators: list[str] = []
        while (operator := self._operator()) is not None:
            while operators and _PRECEDENCE[operators[-1]] >= _PRECEDENCE[operator]:
                self._reduce(operands, operators)
            self.advance()
            if operator == "is":
                operands[-1] = self._is(operands[-1])
                continue
            operators.append(operator)
            operands.append(self._unary())
        while operators:
            self._reduce(operands, operators)
        return operands[0]

    def _operator(self) -> str | None:
        token = self.token
        return token.text if token.sort in ("operator", "name") and token.text in _PRECEDENCE else None

    def _reduce(self, operands: list[Expression], operators: list[str]) -> None:
        right = operands.pop()
        left = operands.pop()
        operator = operators.pop()
        node: Expression
        if operator not in ("&&", "||"):
            node = Binary(left.start, right.end, operator, left, right)
        elif isinstance(left, Logical) and left.operator == operator:
            left.operands.append(right)
            left.end = right.end
            left.height = max(left.height, right.height + 1)
            operands.append(left)
            return
        else:
            node = Logical(left.start, right.end, operator, [left, right])
        operands.append(self._built(node))

    def _is(self, operand: Expression) -> Expression:
        token = self.token
        if token.sort != "name" or token.text not in KINDS:
            raise self.unexpected("the name of a type")
        self.advance()
        return self._built(Is(operand.start, token.end, operand, token.text))

    def _unary(self) -> Expression:
        signs: list[Token] = []
        while self.sees("!") or self.sees("-"):
            signs.append(self.advance())
        if len(signs) > HEIGHT:
            raise self.lexer.error(signs[0].start, f"The expression has more than {HEIGHT} levels.")
        node = self._number(signs.pop()) if signs and signs[-1].text == "-" and self.token.sort == "int" else None
        result = self._postfix(node or self._primary())
        for sign in reversed(signs):
            result = self._built(Unary(sign.start, result.end, sign.text, result))
        return result

    def _number(self, sign: Token | None = None) -> Literal:
        """An integer; with its sign, as the lowest one has no positive counterpart."""
        token = self.advance()
        value = int(token.text, 16 if token.text[:2] in ("0x", "0X") else 10) if len(token.text) < 40 else INT_MAX + 2
        if value > INT_MAX + (1 if sign else 0):
            raise self.lexer.error(token.start, "The integer does not fit into 64 bits.")
        return Literal(sign.start if sign else token.start, token.end, -value if sign else value)

    def _postfix(self, node: Expression) -> Expression:
        while True:
            if self.accept("."):
                node = self._member(node)
            elif self.accept("["):
                node = self._index(node)
            else:
                return node

    def _member(self, target: Expression) -> Expression:
        token = self.token
        if token.sort != "name":
            raise self.unexpected("the name of a member")
        self.advance()
        if self.sees("("):
            arguments, end = self._arguments()
            return self._built(MethodCall(target.start, end, target, token.text, arguments))
        return self._built(Member(target.start, token.end, target, token.text))

    def _index(self, target: Expression) -> Expression:
        index = self.expression()
        if self.accept(":"):
            high = self.expression()
            return self._built(Slice(target.start, self.expect("]").end, target, index, high))
        return self._built(Index(target.start, self.expect("]").end, target, index))

    def _arguments(self) -> tuple[list[Expression], int]:
        """The arguments in parentheses, and where those end."""
        opening = self.expect("(")
        arguments = self._items(")")
        if len(arguments) > FUNCTION_ARGUMENTS:
            raise self.lexer.error(opening.start, f"A function has at most {FUNCTION_ARGUMENTS} arguments.")
        return arguments, self.expect(")").end

    def _items(self, closing: str) -> list[Expression]:
        items: list[Expression] = []
        while not self.sees(closing):
            items.append(self.expression())
            if not self.accept(","):
                break
        return items

    def _primary(self) -> Expression:
        token = self.token
        if token.sort == "int":
            return self._number()
        if token.sort == "name":
            return self._named()
        if token.sort in ("float", "string"):
            self.advance()
            value = float(token.text) if token.sort == "float" else self.lexer.string_value(token)
            return Literal(token.start, token.end, value)
        brackets = {"(": self._parenthesised, "[": self._list, "{": self._map, "/": self._path}
        if token.text not in brackets:
            raise self.unexpected("an expression")
        return brackets[token.text]()

    def _list(self) -> Expression:
        opening = self.advance()
        items = self._items("]")
        return self._built(ListLiteral(opening.start, self.expect("]").end, items))

    def _named(self) -> Expression:
        token = self.token
        if token.text in _WORDS:
            self.advance()
            return Literal(token.start, token.end, _WORDS[token.text])
        name = self.identifier("an expression")
        if self.sees("("):
            arguments, end = self._arguments()
            return self._built(Call(token.start, end, name, arguments))
        return Name(token.start, token.end, name)

    def _parenthesised(self) -> Expression:
        opening = self.advance()
        node = self.expression()
        node.start = opening.start
        node.end = self.expect(")").end
        return node

    def _map(self) -> Expression:
        opening = self.advance()
        entries: list[tuple[Expression, Expression]] = []
        while not self.sees("}"):
            key = self.expression()
            self.expect(":")
            entries.append((key, self.expression()))
            if not self.accept(","):
                break
        return self._built(MapLiteral(opening.start, self.expect("}").end, entries))

    def _path(self) -> Expression:
        """A path, read raw: its segments touch. The current token is its first slash."""
        start = self.token.start
        lexer = self.lexer
        lexer.at = start
        segments: list[str | Expression] = []
        while lexer.scan(_SLASH) is not None:
            at = lexer.at
            if lexer.scan(_DOLLAR) is not None:
                self.advance()
                segments.append(self.expression())
                if not self.sees(")"):
                    raise self.unexpected("')'")
                lexer.at = self.token.end
            elif (text := lexer.scan(_SEGMENT)) is not None:
                segments.append(text)
            else:
                raise lexer.error(at, "Expected a segment of a path.")
        end = lexer.at
        self.advance()
        return self._built(PathLiteral(start, end, segments))
