"""The glob patterns of lists.

Source: "List objects and prefixes using glob" of the Cloud Storage documentation: `*` and `?` keep to a folder, `**`
crosses folders, `[abc]`, `[!abc]` and `{one,other}`; a backslash takes the next character as it is.
"""

from __future__ import annotations

import re
from typing import Final

from emulator.storage.errors import InvalidError

_TOKEN: Final = re.compile(
    r"\\(?P<plain>.)|(?P<folders>\*\*/)|(?P<all>\*\*+)|(?P<star>\*)|(?P<one>\?)"
    r"|\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]|(?P<brace>[{},])|(?P<text>.)",
    re.DOTALL,
)
_MOST: Final = 1024
_FIXED: Final = {"folders": "(?:.*/)?", "all": ".*", "star": "[^/]*", "one": "[^/]"}


class Glob:
    """A compiled pattern."""

    def __init__(self, pattern: str) -> None:
        """Raises InvalidError: the pattern is too long or not closed."""
        if len(pattern) > _MOST:
            raise InvalidError("The glob pattern is too long.")
        depth = 0
        parts: list[str] = []
        for token in _TOKEN.finditer(pattern):
            text, depth = _translated(token, depth)
            parts.append(text)
        if depth:
            raise InvalidError("The glob pattern has an open brace.")
        try:
            self._pattern = re.compile("".join(parts), re.DOTALL)
        except re.error:
            raise InvalidError("The glob pattern is malformed.") from None

    def matches(self, name: str) -> bool:
        """Whether the whole name has the form."""
        return self._pattern.fullmatch(name) is not None


def _translated(token: re.Match[str], depth: int) -> tuple[str, int]:
    kind = token.lastgroup
    if kind in _FIXED:
        return _FIXED[kind], depth
    if kind == "set":
        chosen = re.sub(r"([\\\[\]^&|~])", r"\\\1", token["set"])
        return f"[{'^/' if token['not'] else ''}{chosen}]", depth
    if token["brace"] == "{":
        return "(?:", depth + 1
    if token["brace"] == "}" and depth:
        return ")", depth - 1
    if token["brace"] == "," and depth:
        return "|", depth
    return re.escape(token["plain"] or token[0]), depth
