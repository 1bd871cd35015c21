"""Subscription filters on attributes (https://cloud.google.com/pubsub/docs/subscription-message-filter)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from emulator.pubsub.errors import invalid

Filter = Callable[[Mapping[str, str]], bool]

_WORD: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<sign>!=|[-=:.(),]))""", re.DOTALL
)
_LONGEST: Final = 256  # bytes


def compile_filter(text: str) -> Filter:
    """The filter as a test of a message's attributes; the empty one lets everything pass.

    Raises:
        PubsubError: INVALID_ARGUMENT, the text is no filter.
    """
    if not text.strip():
        return lambda _: True
    if len(text.encode()) > _LONGEST:
        raise invalid(f"Invalid filter: it is longer than {_LONGEST} bytes.")
    parser = _Parser(text)
    result = parser.expression()
    parser.end()
    return result


class _Parser:
    def __init__(self, text: str) -> None:
        self._words: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _WORD.match(text, position)
            if match is None:
                raise invalid(f"Invalid filter: unexpected character at {position}.")
            self._words.append(match.group().strip())
            position = match.end()
        self._at = 0

    def expression(self) -> Filter:
        """Terms joined by AND, or by OR; both together need parentheses, as in production."""
        parts = [self._unary()]
        joint = self._peek()
        if joint not in {"AND", "OR"}:
            return parts[0]
        while self._peek() == joint:
            self._next()
            parts.append(self._unary())
        if self._peek() in {"AND", "OR"}:
            raise invalid("Invalid filter: parentheses are required where AND and OR are combined.")
        combine = all if joint == "AND" else any
        return lambda attributes: combine(part(attributes) for part in parts)

    def end(self) -> None:
        if self._at < len(self._words):
            raise invalid(f"Invalid filter: unexpected {self._peek()}.")

    def _unary(self) -> Filter:
        if self._peek() in {"NOT", "-"}:
            self._next()
            negated = self._term()
            return lambda attributes: not negated(attributes)
        return self._term()

    def _term(self) -> Filter:
        word = self._next()
        if word == "(":
            inner = self.expression()
            self._expect(")")
            return inner
        if word == "hasPrefix":
            return self._has_prefix()
        if word != "attributes":
            raise invalid(f"Invalid filter: expected attributes or hasPrefix, found {word}.")
        if self._peek() == ":":
            self._next()
            key = self._text()
            return lambda attributes: key in attributes
        self._expect(".")
        return self._comparison(self._text())

    def _comparison(self, key: str) -> Filter:
        sign = self._next()
        if sign not in {"=", "!="}:
            raise invalid(f"Invalid filter: expected = or != behind attributes.{key}.")
        value = self._quoted()
        if sign == "=":
            return lambda attributes: attributes.get(key) == value
        return lambda attributes: attributes.get(key) != value

    def _has_prefix(self) -> Filter:
        self._expect("(")
        self._expect("attributes")
        self._expect(".")
        key = self._text()
        self._expect(",")
        prefix = self._quoted()
        self._expect(")")
        return lambda attributes: key in attributes and attributes[key].startswith(prefix)

    def _text(self) -> str:
        word = self._next()
        return _unquoted(word) if word.startswith('"') else word

    def _quoted(self) -> str:
        word = self._next()
        if not word.startswith('"'):
            raise invalid(f"Invalid filter: expected a string, found {word}.")
        return _unquoted(word)

    def _peek(self) -> str | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def _next(self) -> str:
        word = self._peek()
        if word is None:
            raise invalid("Invalid filter: it ends too early.")
        self._at += 1
        return word

    def _expect(self, wanted: str) -> None:
        if (word := self._next()) != wanted:
            raise invalid(f"Invalid filter: expected {wanted}, found {word}.")


def _unquoted(word: str) -> str:
    try:
        return str(json.loads(word, strict=False))
    except ValueError as error:
        raise invalid(f"Invalid filter: {word} is no string.") from error
