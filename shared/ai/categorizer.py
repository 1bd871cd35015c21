"""Which kind of incident a report describes, with calibrated probabilities and the words that decided.

>>> answer = Categorizer.load().categorize("I left my work laptop on the train")
>>> answer.category.value
'lost_or_stolen'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.ai.linear_model import LinearTextModel, ModelFileError, Reading, Score, softmax
from shared.domain.taxonomy import Category

DEFAULT_MODEL = Path(__file__).parent / "models" / "categorizer.npz"
NAME = "secura-categorizer"
VOICE = "employee"
"""The class of the model that says whether somebody at work wrote it, rather than the press."""

_MOST_EVIDENCE = 8
_LEAST_SHARE = 0.04  # of all that speaks for the category; below that a word is noise, no reason
_LONGEST_EVIDENCE = 80  # characters: a report may be one endless word
_PUNCTUATION = " \t.,;:!?\"'()[]{}<>*_|`~-/\\\u00ab\u00bb\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026"

# They do carry weight (the model learned from whole sentences), but no reader would call them a reason.
_NO_REASON = frozenset(
    """
    a about after all also an and any are as at be because been before but by can cannot could did do does for from
    had has have he her him his how i if in into is it its just may me more my no not of on one or our out over she so
    some than that the their them then there these they this those to too two up us was we were what when where which
    who will with would you your
    """.split()  # noqa: SIM905 (a word list is read and changed as words)
)


@dataclass(frozen=True, slots=True)
class Categorization:
    """The most likely category, and everything needed to doubt it."""

    category: Category
    confidence: float
    """Calibrated probability of `category`, 0 to 1."""
    alternatives: tuple[tuple[Category, float], ...]
    """All categories with their probabilities, most likely first; the first is the answer."""
    abstained: bool
    """True when the model is not sure: `category` is only its best guess and a person has to choose."""
    evidence: tuple[str, ...]
    """At most eight words of the text that spoke for `category`, strongest first, as they were written."""
    model: str


class Categorizer:
    """Answers from one model file. Immutable after loading, safe to share between threads."""

    def __init__(self, model: LinearTextModel, categories: tuple[Category, ...]) -> None:
        """`model` gives the logits of each category twice, for press summaries and for reports, and of which it is."""
        self._model = model
        self._categories = categories
        self._threshold = float(model.meta["threshold"])
        self._least_known = float(model.meta["least_known_words"])
        # Where everything is equally likely, "other" is the honest first.
        self._last_resort = np.array([category is not Category.OTHER for category in categories])
        self.version = f"{NAME}/{model.meta['version']}+{model.fingerprint()[:8]}"

    @classmethod
    def load(cls, path: Path | None = None) -> Categorizer:
        """Load a model file, by default the shipped one; a file is read once per process.

        Raises `ModelFileError` when the file is damaged or its classes are not the categories, `OSError` when it cannot
        be read.
        """
        return _load(path or DEFAULT_MODEL)

    def categorize(self, description: str, title: str = "") -> Categorization:
        """Categorize a report. Any text gives an answer; one it cannot judge is answered with `abstained`.

        Only the first `shared.ai.text.MAX_CHARACTERS` of title and description together are read.
        """
        reading = self._model.read(f"{title}\n{description}" if title else description)
        score = mixed(self._model.score(reading))
        probabilities = self._tempered(softmax(score.logits), reading.known_words)
        order = np.lexsort((self._last_resort, -probabilities))
        best = int(order[0])
        confidence = float(probabilities[best])
        unfamiliar = not reading.terms.size or reading.known_words < self._least_known
        return Categorization(
            category=self._categories[best],
            confidence=confidence,
            alternatives=tuple((self._categories[i], float(probabilities[i])) for i in order.tolist()),
            abstained=bool(unfamiliar or confidence < self._threshold),
            evidence=_evidence(reading, score, best),
            model=self.version,
        )

    def _tempered(self, probabilities: npt.NDArray[np.float64], known_words: float) -> npt.NDArray[np.float64]:
        """Draw the answer towards "anything is possible" when the text's words are foreign to the model.

        TF-IDF vectors have length one whatever they leave out, so without this a single known term in a page of an
        unknown language would give a certain answer.
        """
        trust = min(1.0, known_words / self._least_known) if self._least_known > 0 else 1.0
        return trust * probabilities + (1 - trust) / len(probabilities)


def mixed(score: Score) -> Score:
    """The logits of the categories, from those of the two voices as far as the text is written in each.

    People at work and people who sum up for the press use the same words for different things ("virus", "hacked",
    "locked out"), so the model has weights for both; a third set tells the voices apart. Mixing logits keeps the whole
    linear: what each word added can still be told.
    """
    count = (len(score.logits) - 1) // 2
    employee = 1 / (1 + np.exp(-np.clip(np.float32(score.logits[-1]), -30, 30)))
    shares = np.repeat(np.array([1 - employee, employee], dtype=np.float32), count)

    def both(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        weighed = values[..., :-1] * shares
        return np.asarray(weighed[..., :count] + weighed[..., count:], dtype=np.float32)

    return Score(both(score.logits), both(score.added), score.counts, score.occurrences)


@lru_cache(maxsize=4)
def _load(path: Path) -> Categorizer:
    model = LinearTextModel.load(path)
    try:
        return Categorizer(model, _categories(model.meta["classes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(path, f"not a categorizer of this version ({error})") from error


def _categories(classes: Sequence[str]) -> tuple[Category, ...]:
    *named, voice = classes
    categories = tuple(Category(name) for name in named[: len(named) // 2])
    if voice != VOICE or [*categories, *categories] != named:
        raise ValueError("its classes are not those of two voices, and which of them it is")
    return categories


def _evidence(reading: Reading, score: Score, best: int) -> tuple[str, ...]:
    """The chunks whose terms spoke most for the category `best`, compared with the average category."""
    if not reading.terms.size:
        return ()
    together: dict[str, float] = {}
    written: dict[str, str] = {}
    for chunk, lead in zip(reading.chunks, score.lead_by_place(reading, best), strict=True):
        word = chunk.original.strip(_PUNCTUATION)[:_LONGEST_EVIDENCE]
        key = word.casefold()
        if len(word) > 1 and key not in _NO_REASON:
            together[key] = together.get(key, 0.0) + lead
            written.setdefault(key, word)
    least = _LEAST_SHARE * sum(lead for lead in together.values() if lead > 0)
    ranked = sorted((key for key, lead in together.items() if lead > least), key=lambda key: -together[key])
    return tuple(written[key] for key in ranked[:_MOST_EVIDENCE])
