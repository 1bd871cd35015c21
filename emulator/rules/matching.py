"""Which matches cover a request's path, and what their wildcards capture.

Source: "Recursive wildcards" of "Structuring Cloud Firestore Security Rules": in version 2 `{x=**}` takes any number of
segments, none included, in version 1 at least one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from emulator.rules.evaluation import LimitExceededError
from emulator.rules.limits import MATCHINGS
from emulator.rules.nodes import Wildcard
from emulator.rules.requests import ANY_DEPTH, AnyDepth, Segment
from emulator.rules.values import UNKNOWN_VALUE, Path, Unknown

_NO_MATCH: Final[list[list[Any]]] = []


class Pattern:
    """The path of a match, those around it included."""

    __slots__ = ("_least", "_parts", "_recursive")

    def __init__(self, parts: Sequence[str | Wildcard], *, version: int) -> None:
        self._parts = tuple(parts)
        self._recursive = [at for at, part in enumerate(parts) if isinstance(part, Wildcard) and part.recursive]
        self._least = 1 if version == 1 else 0

    def captures(self, path: tuple[Segment, ...]) -> list[list[Any]]:
        """What the wildcards capture, for each way to match every path of the form; empty if some path does not match.

        Raises LimitExceededError if there are too many ways.
        """
        if not self._recursive:
            if len(path) != len(self._parts):
                return _NO_MATCH
            found = _fixed(self._parts, path)
            return _NO_MATCH if found is None else [found]
        if len(self._recursive) == 1:
            return self._around(path)
        budget = [MATCHINGS * 10]
        ways: list[list[Any]] = []
        for way in self._search(0, path, budget):
            ways.append(way)
            if len(ways) > MATCHINGS:
                raise LimitExceededError("The path matches in too many ways.")
        return ways

    def _around(self, path: tuple[Segment, ...]) -> list[list[Any]]:
        at = self._recursive[0]
        tail = len(self._parts) - at - 1
        if len(path) < at + tail:
            return _NO_MATCH
        before = _fixed(self._parts[:at], path[:at])
        if before is None:
            return _NO_MATCH
        after = _fixed(self._parts[at + 1 :], path[len(path) - tail :])
        rest = path[at : len(path) - tail]
        if after is None or not self._enough(rest):
            return _NO_MATCH
        return [[*before, _rest_value(rest), *after]]

    def _enough(self, rest: tuple[Segment, ...]) -> bool:
        return self._least == 0 or any(segment is not ANY_DEPTH for segment in rest)

    def _search(self, at: int, path: tuple[Segment, ...], budget: list[int]) -> Iterator[list[Any]]:
        budget[0] -= 1
        if budget[0] < 0:
            raise LimitExceededError("The path matches in too many ways.")
        if at == len(self._parts):
            if not path:
                yield []
            return
        part = self._parts[at]
        recursive = isinstance(part, Wildcard) and part.recursive
        for size in range(len(path) + 1) if recursive else (1,):
            captured = self._taken(part, path[:size])
            if captured is not None:
                for rest in self._search(at + 1, path[size:], budget):
                    yield [*captured, *rest]

    def _taken(self, part: str | Wildcard, path: tuple[Segment, ...]) -> list[Any] | None:
        """What one part captures if it takes all of these segments; None if it does not take them."""
        if isinstance(part, Wildcard) and part.recursive:
            return [_rest_value(path)] if self._enough(path) else None
        return _fixed((part,), path) if len(path) == 1 else None


def _fixed(parts: Sequence[str | Wildcard], path: Sequence[Segment]) -> list[Any] | None:
    captured: list[Any] = []
    for part, segment in zip(parts, path, strict=True):
        if isinstance(part, str):
            if part != segment:
                return None
        elif isinstance(segment, AnyDepth):
            return None
        else:
            captured.append(UNKNOWN_VALUE if isinstance(segment, Unknown) else segment)
    return captured


def _rest_value(rest: tuple[Segment, ...]) -> Any:
    if any(isinstance(segment, Unknown | AnyDepth) for segment in rest):
        return UNKNOWN_VALUE
    return Path(rest)  # type: ignore[arg-type]  # all text, as just checked
