"""What people type into the search: words, beginnings, phrases, references, addresses.

`invoice phis* "asked for my password" INC-7K3M-9QXT 192.0.2[.]1`: all of it has to occur, each part within one text of
the incident. Accents and case do not count; neither does what stands between the words of a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from shared.domain import search
from shared.domain.errors import InvalidInputError
from shared.domain.incident import Incident

MAX_QUERY = 300
"""Characters."""
MAX_PARTS = 12
"""Words, beginnings and phrases of one query."""
MIN_PREFIX = search.PREFIXES[0]
_PART = re.compile(r'"([^"]*)"|(\S+)')
_REFERENCE = re.compile(r"INC-[0-9A-Z]{4}-[0-9A-Z]{4}", re.IGNORECASE)
_DEFANGED = (("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("[at]", "@"), ("[:]", ":"))


@dataclass(frozen=True)
class Part:
    """One thing that has to occur: compounds in this order, of the last one only the beginning where `is_prefix`."""

    compounds: tuple[str, ...]
    is_prefix: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds it in a folded text."""
        end = "" if self.is_prefix else r"(?!\w)"
        return re.compile(r"(?<!\w)" + r"\W+".join(map(re.escape, self.compounds)) + end)

    @property
    def term_text(self) -> str:
        """The text of a term that each incident has in which this occurs: the most telling one."""
        return max(self._term_texts(), key=len)

    def _term_texts(self) -> Iterator[str]:
        whole = self.compounds[:-1] if self.is_prefix else self.compounds
        for compound in whole:
            yield from search.word_texts(compound)
        if self.is_prefix:
            *before, last = search.WORD.findall(self.compounds[-1])
            yield from (search.word(one) for one in before)
            yield from (search.word(f"{one}\0{other}") for one, other in pairwise(before))
            lengths = [length for length in search.PREFIXES if length <= len(last)]
            if lengths:
                yield search.prefix(last[: max(lengths)])


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A parsed query."""

    parts: tuple[Part, ...]
    references: tuple[str, ...] = ()

    @property
    def word_text(self) -> str | None:
        """The text of the most telling term of the words; None where there are only references."""
        return max((part.term_text for part in self.parts), key=len, default=None)

    def fits(self, incident: Incident) -> bool:
        """Whether all of it occurs in the incident."""
        if any(reference != incident.reference for reference in self.references):
            return False
        texts = [search.folded(text) for text in search.searched_texts(incident)] if self.parts else []
        return all(any(part.pattern.search(text) for text in texts) for part in self.parts)


def parse(text: str) -> TextQuery:
    """The query that the text is.

    Raises:
        InvalidInputError: it is empty, too long, of too many parts, or a beginning is too short.
    """
    if len(text) > MAX_QUERY:
        raise _unusable(f"at most {MAX_QUERY} characters")
    parts: list[Part] = []
    references: list[str] = []
    for phrase, single in _PART.findall(text):
        if not phrase and _REFERENCE.fullmatch(single):
            references.append(single.upper())
        elif part := _part(phrase or single, is_prefix=not phrase and single.endswith("*")):
            parts.append(part)
    if not parts and not references:
        raise _unusable("give a word to look for")
    if len(parts) + len(references) > MAX_PARTS:
        raise _unusable(f"at most {MAX_PARTS} words and phrases")
    return TextQuery(tuple(dict.fromkeys(parts)), tuple(dict.fromkeys(references)))


def _part(text: str, *, is_prefix: bool) -> Part | None:
    compounds = tuple(search.compounds_of(_refanged(text)))
    if not compounds:
        return None
    if is_prefix and len(compounds) == 1 and len(compounds[0]) < MIN_PREFIX:
        raise _unusable(f"of the beginning of a word give at least {MIN_PREFIX} letters")
    return Part(compounds, is_prefix)


def _refanged(text: str) -> str:
    for defanged, plain in _DEFANGED:
        text = text.replace(defanged, plain)
    return re.sub(r"^hxxp", "http", text, flags=re.IGNORECASE)


def _unusable(reason: str) -> InvalidInputError:
    return InvalidInputError("The search is not usable", {"q": reason})
