"""Placeholders for personal data and secrets, which can be put back: `<EMAIL_1>`, `<PASSWORD_1>`.

What is looked for stands in `shared.domain.sensitive`. A value always gets the same placeholder within a text, so that
what is said of it stays understandable. What already looks like a placeholder is replaced too: no text can name, in
an answer, what it does not hold itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain.sensitive import SECRET_KINDS, Kind, Span, Wanted, spans

_PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]{0,30})_([0-9]{1,6})>")
_PASSES = 3  # replacing can lay bare what was hidden behind it
_WHOLE_PASSES = 3  # for what hangs together without a space: then all of it goes
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Redacted:
    """A text with placeholders, and what they stand for. Showing it shows neither."""

    text: str = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    def restored(self, text: str, *, secrets: bool = False) -> str:
        """The text with what its placeholders stand for; secrets only on demand. Unknown placeholders stay."""
        return _PLACEHOLDER.sub(lambda found: self._value(found, secrets=secrets), text)

    def _value(self, found: re.Match[str], *, secrets: bool) -> str:
        if found[1] in SECRET_KINDS and not secrets:
            return found[0]
        return self.values.get(found[0], found[0])


_ALL = Wanted()


def redact(text: str, wanted: Wanted = _ALL) -> Redacted:
    """The text without personal data, secrets and what else is wanted. Linear in its length.

    `redact(text).restored(redact(text).text, secrets=True)` is the text.
    """
    book = _Book()
    text = _PLACEHOLDER.sub(lambda found: book.placeholder(Kind.LITERAL, found[0]), text)
    for attempt in range(_PASSES + _WHOLE_PASSES):
        found = _found(text, wanted)
        if not found:
            break
        text = book.replaced(text, found if attempt < _PASSES else list(_merged(_whole(text, found))))
    return Redacted(text, book.values)


def survivors(text: str, wanted: Wanted = _ALL) -> int:
    """How many traces of personal data or secrets a text with placeholders still holds."""
    return len(_found(text, wanted))


class _Book:
    """Placeholders by what they stand for, and the other way round."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}

    def placeholder(self, kind: str, fragment: str) -> str:
        key = (kind, fragment)
        if key not in self._placeholders:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._placeholders[key] = f"<{kind}_{self._counts[kind]}>"
            # A fragment of a later pass can hold placeholders of an earlier one.
            self.values[self._placeholders[key]] = _PLACEHOLDER.sub(
                lambda one: self.values.get(one[0], one[0]), fragment
            )
        return self._placeholders[key]

    def replaced(self, text: str, found: Sequence[Span]) -> str:
        parts, at = [], 0
        for span in found:
            parts += [text[at : span.start], self.placeholder(span.kind, text[span.start : span.end])]
            at = span.end
        return "".join([*parts, text[at:]])


def _found(text: str, wanted: Wanted) -> list[Span]:
    """What has to go, in order and apart from each other; never just a part of a placeholder."""
    held = [(one.start(), one.end()) for one in _PLACEHOLDER.finditer(text)]
    candidates = sorted(spans(text, wanted), key=lambda span: (span.start, -span.end))
    return list(_merged(_widened(candidates, held)))


def _whole(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """Each with the rest of the words in which it begins and ends."""
    words = [word.span() for word in _WORD.finditer(text)]
    starts = [start for start, _ in words]
    for span in found:
        first, last = (words[max(0, bisect_right(starts, at) - 1)] for at in (span.start, span.end - 1))
        yield Span(min(span.start, first[0]), max(span.end, last[1]), span.kind)


def _widened(candidates: Sequence[Span], held: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Each candidate around the placeholders that it cuts, without those that are within one or are one."""
    first = 0
    for span in candidates:
        while first < len(held) and held[first][1] <= span.start:
            first += 1
        start, end, at, inside = span.start, span.end, first, 0
        while at < len(held) and held[at][0] < span.end:
            inside += min(end, held[at][1]) - max(span.start, held[at][0])
            start, end = min(start, held[at][0]), max(end, held[at][1])
            at += 1
        if inside < span.end - span.start:
            yield Span(start, end, span.kind)


def _merged(candidates: Iterable[Span]) -> Iterator[Span]:
    """Overlapping ones become one, of the most delicate kind."""
    last: Span | None = None
    for span in candidates:
        if last is None or span.start >= last.end:
            if last is not None:
                yield last
            last = span
            continue
        kind = min(last.kind, span.kind, key=list(Kind).index)
        last = Span(min(last.start, span.start), max(last.end, span.end), kind)
    if last is not None:
        yield last
