"""Keeps names out of what is learned.

The rule, applied to the training texts before any term is counted, so that neither a word nor a piece of a word is
learned from a name:

1. A word on the name list (first and last names of the 1990 US census, package `names`) is removed, unless it is in
   `data/ordinary_words.txt`: words like "bank", "card" or "may" that are names too and that people write in
   lower case. That list was made from capitalisation and reviewed by hand.
2. Any other word is removed when the texts capitalise it, in the middle of a sentence, at least half of the time:
   people, places and firms the list does not know. The exceptions ("Medicare", "DDoS") are in
   `data/capitalised_words.txt`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from shared.ai.text import normalize

_DATA = Path(__file__).parent / "data"
_LETTERS = re.compile(r"[^\W\d_]+")
_SENTENCE_ENDS = ("", ".", "!", "?", ":", '"', "\u201c", "\n")


@cache
def listed_names() -> frozenset[str]:
    """About 91,000 first and last names in lower case, from the package `names`."""
    import names

    found: set[str] = set()
    for path in names.FILES.values():
        lines = Path(path).read_text(encoding="ascii").splitlines()
        found.update(line.split()[0].lower() for line in lines if line.strip())
    return frozenset(found)


def _word_file(name: str) -> frozenset[str]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def ordinary_words() -> frozenset[str]:
    """Words that are on the name list and are kept."""
    return _word_file("ordinary_words.txt")


@cache
def capitalised_words() -> frozenset[str]:
    """Words that are mostly capitalised and are kept."""
    return _word_file("capitalised_words.txt")


def is_listed_name(word: str) -> bool:
    """Rule 1 for one lower-case word."""
    return word in listed_names() and word not in ordinary_words()


@dataclass(frozen=True, slots=True)
class _Spellings:
    capitalised: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)

    def add(self, text: str) -> None:
        for match in _LETTERS.finditer(text):
            word = match.group()
            starts_sentence = text[: match.start()].rstrip(" ")[-1:] in _SENTENCE_ENDS
            if word.istitle() and starts_sentence:
                continue  # says nothing: every sentence starts with a capital
            key = word.lower()
            self.total[key] += 1
            # "Medicare" and "McDonald" count, acronyms ("FBI") and all-capital headings do not.
            self.capitalised[key] += word[0].isupper() and not word.isupper()


def proper_nouns(texts: Iterable[str]) -> frozenset[str]:
    """Rule 2: words that the texts capitalise at least half of the time, in lower case."""
    spellings = _Spellings()
    for text in texts:
        spellings.add(text)
    often = {word for word, total in spellings.total.items() if 2 * spellings.capitalised[word] >= total}
    return frozenset(often - capitalised_words() - ordinary_words())


class NameFilter:
    """Removes what the two rules forbid. Made once from all the texts of a training (no labels are looked at)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._blocked = proper_nouns(texts)

    def forbids(self, word: str) -> bool:
        """True for a lower-case word that must not be learned."""
        return word in self._blocked or is_listed_name(word)

    def clean(self, text: str) -> str:
        """The normalised text without forbidden words."""
        return _LETTERS.sub(lambda match: "" if self.forbids(match.group()) else match.group(), normalize(text))

    def forbids_word_term(self, term: str) -> bool:
        """True when a word, or one of a pair of words, must not be learned."""
        return any(self.forbids(word) for word in _LETTERS.findall(term))

    def forbids_ngram(self, ngram: str) -> bool:
        """True when a character n-gram is a whole forbidden word: one with the spaces that stand for both its ends."""
        return any(self.forbids(word) for word in whole_words(ngram))


def whole_words(ngram: str) -> list[str]:
    """The words that a character n-gram holds from end to end; none for a piece of a word."""
    whole = ngram.startswith(" ") and ngram.endswith(" ")
    return letters(ngram) if whole else []


def letters(text: str) -> list[str]:
    """The stretches of letters in a text: what is looked up on the lists."""
    return _LETTERS.findall(text)
