"""How a report becomes terms: the one normalisation that training and serving share.

Everything works chunk by chunk, a chunk being what white space separates. That keeps each term traceable to the words a
person wrote (the evidence), bounds the work by the length of the text, and makes the result equal to scikit-learn's
``TfidfVectorizer`` with ``preprocessor=normalize``, which the tests check.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 20_000
"""Only so much of a report is read: the longest summary in training had 17,000. Bounds time and memory of an answer."""

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LINK = re.compile(r"(?:https?|hxxps?|ftp)://|www\.")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\b\w\w+\b")
_ASCII_LETTER = re.compile(r"[a-z]")
_MOST_DIGITS = 5

# Letters of other scripts that look like Latin ones: "password" with a Cyrillic first letter must count. Only used
# in chunks that mix scripts, so that honest Russian or Greek stays what it is. After Unicode TR 39, lower case.
_LOOK_ALIKES = str.maketrans("авеікмнорстухѕјһԁոαεικνορτυχ", "abeikmhopctyxsjhdnaeikvoptux")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch without white space: as written, and as the model reads it."""

    original: str
    normal: str


def _normalize_chunk(chunk: str) -> str:
    if chunk.isascii():
        text = chunk.lower()
    else:
        decomposed = unicodedata.normalize("NFKD", chunk).lower()
        # Marks (accents) and format characters (zero-width joiners, byte-order marks) only hide a word from a model.
        text = "".join(char for char in decomposed if unicodedata.category(char) not in ("Mn", "Cf"))
        text = text.replace("\u2019", "'")
        if not text.isascii() and _ASCII_LETTER.search(text):
            text = text.translate(_LOOK_ALIKES)
    if "@" in text and _ADDRESS.search(text):
        return "mailaddress"
    if ("://" in text or "www." in text) and _LINK.search(text):
        return "webaddress"
    # The amount of digits says something (a year, a card number), the digits themselves would be learned by heart.
    return _DIGITS.sub(lambda digits: "0" * min(len(digits.group()), _MOST_DIGITS), text)


def chunks(text: str) -> list[Chunk]:
    """Split the first `MAX_CHARACTERS` of a text at white space and normalise each chunk."""
    found: list[Chunk] = []
    for original in text[:MAX_CHARACTERS].split():
        normal = _normalize_chunk(original)
        # Compatibility forms may hold a space (U+00A8); the parts belong to the same chunk as written.
        found.extend(Chunk(original, part) for part in normal.split())
    return found


def normalize(text: str) -> str:
    """The text as the model reads it, chunks joined by one space: the `preprocessor` of training."""
    return " ".join(chunk.normal for chunk in chunks(text))


def words(normal: str) -> list[str]:
    r"""Words of two characters or more: scikit-learn's default token pattern ``(?u)\b\w\w+\b``."""
    return _WORD.findall(normal)


def character_ngrams(normal: str, shortest: int, longest: int) -> list[str]:
    """N-grams of one chunk padded with a space at both sides: scikit-learn's ``analyzer="char_wb"``."""
    padded = f" {normal} "
    length = len(padded)
    found: list[str] = []
    for size in range(shortest, longest + 1):
        if size >= length:
            found.append(padded)
            break  # a short chunk counts once, not once for each size
        found.extend([padded[start : start + size] for start in range(length - size + 1)])
    return found
