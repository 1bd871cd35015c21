"""A TF-IDF linear text classifier served from numpy arrays: no scikit-learn, no scipy, no pickle.

The file is an ``.npz`` of four arrays: ``vocabulary`` (UTF-8 bytes, one term a line: words and word pairs first, then
character n-grams), ``idf`` (float16, one a term), ``weights`` (float16, terms by classes), ``intercept`` (float32), and
``meta`` (UTF-8 JSON: classes, number of word terms, sizes of n-grams, thresholds, version).
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shared.ai.text import Chunk, character_ngrams, chunks, words

Floats = npt.NDArray[np.float32]

# How zipfile, zlib, json and numpy complain about bytes that are not what they should be.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


class ModelFileError(ValueError):
    """The file is no model of ours, or a damaged one."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model found in one text: each occurrence of a known term, and the chunk it stands in."""

    chunks: list[Chunk]
    terms: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    known_words: float
    """Share of the text's different words that the model knows, 0 to 1; 0 for a text without words."""


@dataclass(frozen=True, slots=True)
class Score:
    """Logits of the classes, and what each different term of the text added to them."""

    logits: Floats
    added: Floats
    """(different terms, classes)"""
    counts: npt.NDArray[np.intp]
    """How often each different term occurs."""
    occurrences: npt.NDArray[np.intp]
    """For each occurrence in `Reading.terms`, which of the different terms it is."""

    def lead_by_place(self, reading: Reading, wanted: int) -> list[float]:
        """How much more each chunk of the text adds to the class `wanted` than to an average class."""
        lead = (self.added[:, wanted] - self.added.mean(axis=1)) / self.counts
        by_place = np.bincount(reading.places, weights=lead[self.occurrences], minlength=len(reading.chunks))
        return [float(value) for value in by_place]


@dataclass(frozen=True, slots=True)
class LinearTextModel:
    """Terms, their inverse document frequencies and the weights of each class.

    ``weights`` is (terms, classes) and gives calibrated logits: the temperature is already divided out.
    """

    vocabulary: tuple[str, ...]
    words_in_vocabulary: int
    idf: npt.NDArray[np.float16]
    weights: npt.NDArray[np.float16]
    intercept: Floats
    meta: dict[str, Any]
    word_index: dict[str, int]
    character_index: dict[str, int]

    @classmethod
    def build(
        cls,
        terms: tuple[list[str], list[str]],
        idf: npt.NDArray[Any],
        weights: npt.NDArray[Any],
        intercept: npt.NDArray[Any],
        meta: dict[str, Any],
    ) -> Self:
        """Put a model together; `terms` are the word terms and the character n-grams, in the order of the rows."""
        word_terms, characters = terms
        count = len(word_terms)
        return cls(
            vocabulary=(*word_terms, *characters),
            words_in_vocabulary=count,
            idf=np.asarray(idf, dtype=np.float16),
            weights=np.ascontiguousarray(weights, dtype=np.float16),
            intercept=np.asarray(intercept, dtype=np.float32),
            meta=meta,
            word_index={term: row for row, term in enumerate(word_terms)},
            character_index={term: count + row for row, term in enumerate(characters)},
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a model file. Raises `ModelFileError`, or `OSError` when it cannot be read."""
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                meta = json.loads(arrays["meta"].tobytes())
                vocabulary = arrays["vocabulary"].tobytes().decode().split("\n")
                idf, weights, intercept = arrays["idf"], arrays["weights"], arrays["intercept"]
                count = int(meta["words"])
                fits = weights.shape == (len(vocabulary), len(meta["classes"])) and idf.shape == (len(vocabulary),)
        except _DAMAGE as error:
            raise ModelFileError(path, f"not a readable model file ({type(error).__name__})") from error
        if not fits or intercept.shape != weights.shape[1:]:
            raise ModelFileError(path, "vocabulary, weights and classes do not fit together")
        return cls.build((vocabulary[:count], vocabulary[count:]), idf, weights, intercept, meta)

    def save(self, path: Path) -> None:
        """Write the model file; the same model gives the same bytes."""
        meta = {**self.meta, "words": self.words_in_vocabulary}
        np.savez_compressed(
            path,
            vocabulary=np.frombuffer("\n".join(self.vocabulary).encode(), dtype=np.uint8),
            idf=self.idf,
            weights=self.weights,
            intercept=self.intercept,
            meta=np.frombuffer(json.dumps(meta, sort_keys=True).encode(), dtype=np.uint8),
        )

    def fingerprint(self) -> str:
        """SHA-256 in hex of everything that decides an answer; does not depend on how the file is compressed."""
        digest = hashlib.sha256("\n".join(self.vocabulary).encode())
        for array in (self.idf, self.weights, self.intercept):
            digest.update(array.tobytes())
        digest.update(json.dumps({**self.meta, "words": self.words_in_vocabulary}, sort_keys=True).encode())
        return digest.hexdigest()

    def read(self, text: str) -> Reading:
        """Find the known terms of a text (its first `shared.ai.text.MAX_CHARACTERS`)."""
        shortest, longest = self.meta["character_ngrams"]
        found = chunks(text)
        terms: list[int] = []
        places: list[int] = []
        seen: set[str] = set()
        before = ""
        for place, chunk in enumerate(found):
            here = len(terms)
            for word in words(chunk.normal):
                seen.add(word)
                pair = f"{before} {word}"
                terms.extend(self.word_index[term] for term in (word, pair) if term in self.word_index)
                before = word
            ngrams = character_ngrams(chunk.normal, shortest, longest)
            terms.extend([row for row in map(self.character_index.get, ngrams) if row is not None])
            places.extend([place] * (len(terms) - here))
        known = sum(word in self.word_index for word in seen) / len(seen) if seen else 0.0
        return Reading(found, np.asarray(terms, dtype=np.intp), np.asarray(places, dtype=np.intp), known)

    def _values(self, rows: npt.NDArray[np.intp], counts: npt.NDArray[np.intp]) -> Floats:
        """TF-IDF values with sublinear frequency, words and character n-grams each of length one."""
        values = (1 + np.log(counts, dtype=np.float32)) * self.idf[rows].astype(np.float32)
        is_word = rows < self.words_in_vocabulary
        for block in (is_word, ~is_word):
            length = float(np.sqrt(np.square(values[block]).sum()))
            if length > 0:
                values[block] /= length
        return np.asarray(values, dtype=np.float32)

    def score(self, reading: Reading) -> Score:
        """The logits of each class for a text, and where they come from."""
        classes = len(self.intercept)
        if not reading.terms.size:
            nothing = np.zeros(0, dtype=np.intp)
            return Score(self.intercept, np.zeros((0, classes), dtype=np.float32), nothing, nothing)
        rows, occurrences, counts = np.unique(reading.terms, return_inverse=True, return_counts=True)
        added = self._values(rows, counts)[:, None] * self.weights[rows].astype(np.float32)
        return Score(self.intercept + added.sum(axis=0), added, counts, occurrences)


def softmax(logits: Floats) -> npt.NDArray[np.float64]:
    """Probabilities from logits, safe against overflow."""
    exponents = np.exp((logits - logits.max()).astype(np.float64))
    return np.asarray(exponents / exponents.sum(), dtype=np.float64)
