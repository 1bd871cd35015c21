"""The words of the language, read on demand: what a slash means depends on where the parser stands."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from emulator.rules.errors import RulesError
from emulator.rules.source import Source

_SPACE: Final = re.compile(r"(?:\s+|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*")
_TOKEN: Final = re.compile(
    r"""(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    |(?P<int>0[xX][0-9a-fA-F]+|\d+)
    |(?P<string>[bB]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>&&|\|\||[=!<>]=|[-+*/%!<>?:.,;(){}\[\]=$])""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_SIMPLE: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?", "`": "`",
}  # fmt: skip


class Token(NamedTuple):
    """A word: its sort ("int", "float", "string", "name", "operator", "end"), its text and where it is."""

    sort: str
    text: str
    start: int
    end: int


class Lexer:
    """Reads tokens, and the raw segments of paths, from a position that the parser may set."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._text = source.text
        self.at = 0

    def error(self, offset: int, message: str) -> RulesError:
        """A refusal at an offset."""
        line, column = self.source.position(offset)
        return RulesError(line, column, message)

    def skip_space(self) -> None:
        """Pass white space and comments."""
        found = _SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def next(self) -> Token:
        """The next token; "end" at the end, again and again. Raises RulesError."""
        self.skip_space()
        if self.at >= len(self._text):
            return Token("end", "end of file", self.at, self.at)
        found = _TOKEN.match(self._text, self.at)
        if found is None or self._text.startswith("/*", self.at):
            raise self.error(self.at, self._unreadable())
        self.at = found.end()
        return Token(found.lastgroup or "", found.group(), found.start(), found.end())

    def _unreadable(self) -> str:
        char = self._text[self.at]
        if char in "'\"":
            return "The string is not closed on its line."
        if self._text.startswith("/*", self.at):
            return "The comment is not closed."
        return f"Unexpected character {char!r}."

    def scan(self, pattern: re.Pattern[str]) -> str | None:
        """What matches right here, passed; None (and nothing passed) if nothing does."""
        found = pattern.match(self._text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def string_value(self, token: Token) -> str | bytes:
        """What a string token stands for. Raises RulesError for an escape the language does not have."""
        binary = token.text[0] in "bB"
        body = token.text[2:-1] if binary else token.text[1:-1]

        def unescape(found: re.Match[str]) -> str:
            byte, short, long, octal, simple = found.groups()
            digits = byte or short or long
            code = int(digits, 16) if digits else int(octal, 8) if octal else None
            if code is None:
                if simple not in _SIMPLE:
                    raise self.error(token.start, f"Unknown escape \\{simple} in a string.")
                return _SIMPLE[simple]
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise self.error(token.start, "An escape in a string is no character.")
            if binary and code > 0xFF:
                raise self.error(token.start, "An escape in a bytes literal is no byte.")
            return chr(code) if not binary or octal or byte else found.group()

        if not binary:
            return _ESCAPE.sub(unescape, body)
        return b"".join(
            bytes([ord(unescape(found))]) if (found := _ESCAPE.fullmatch(part)) else part.encode()
            for part in re.split(r"(\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2}|\\.)", body)
            if part
        )
