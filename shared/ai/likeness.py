"""Whether two reports describe the same incident: words weighed by how rare they are, and what both name.

>>> likeness = Likeness.load()
>>> one = likeness.described("Odd mail", "A mail from payroll-update.example asks for my password", (), frozenset())
>>> likeness.compare(one, one).probability > 0.9
True
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shared.domain.observables import ObservableType
from shared.domain.search import WORD, folded, prefix, word

DEFAULT_MODEL = Path(__file__).parent / "models" / "likeness.json"
STEM = 6
"""Letters of a word that count: what it ends in does not, in any language that has endings. The search indexes
beginnings of this length."""
MAX_CHARACTERS = 4_000
"""Of a description: people say what happened at its beginning."""
FEATURES = ("words", "title", "rare", "observables", "assets")

Key = tuple[ObservableType, str]


@dataclass(frozen=True, slots=True)
class Described:
    """A report as it is compared. Stems with their weights, of the whole and of the title."""

    stems: Mapping[str, float]
    title: Mapping[str, float]
    observables: frozenset[Key]
    assets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Alike:
    """How likely two reports describe the same, and what they share: stems, observables, assets."""

    probability: float
    stems: tuple[str, ...]
    observables: tuple[Key, ...]
    assets: tuple[str, ...]


class Likeness:
    """Compares by a logistic model over FEATURES. Immutable after loading."""

    def __init__(
        self, weights: Mapping[str, float], idf: Mapping[str, float], unknown: float, threshold: float
    ) -> None:
        self._weights = weights
        self._idf = idf
        self._unknown = unknown
        self.threshold = threshold
        """The probability from which two reports are worth pointing out."""

    @classmethod
    def load(cls) -> Likeness:
        """The shipped model; its file is read once per process."""
        return _load(DEFAULT_MODEL)

    def described(self, title: str, description: str, assets: Iterable[str], observables: frozenset[Key]) -> Described:
        """What is compared of a report. `observables` without those that are known to be harmless."""
        heading = stems(title)
        everything = [
            *heading,
            *stems(description[:MAX_CHARACTERS]),
            *(one for asset in assets for one in stems(asset)),
        ]
        return Described(self._weighed(everything), self._weighed(heading), observables, frozenset(map(folded, assets)))

    def telling(self, one: Described, most: int) -> list[str]:
        """The texts of the search's terms that find what may be the same: what it names, then its rarest words."""
        ranked = sorted(one.stems, key=lambda stem: (-one.stems[stem], stem))
        return [prefix(stem) if len(stem) == STEM else word(stem) for stem in ranked[:most]]

    def compare(self, one: Described, other: Described) -> Alike:
        """How likely both describe the same incident."""
        features = self.features(one, other)
        logit = self._weights["intercept"] + sum(self._weights[name] * features[name] for name in FEATURES)
        shared = one.stems.keys() & other.stems.keys()
        return Alike(
            probability=1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))),
            stems=tuple(sorted(shared, key=lambda stem: (-one.stems[stem], stem))),
            observables=tuple(sorted(one.observables & other.observables)),
            assets=tuple(sorted(one.assets & other.assets)),
        )

    def features(self, one: Described, other: Described) -> dict[str, float]:
        """What the model weighs, each 0 to about 1."""
        shared = sorted((one.stems[stem] for stem in one.stems.keys() & other.stems.keys()), reverse=True)
        return {
            "words": _cosine(one.stems, other.stems),
            "title": _cosine(one.title, other.title),
            "rare": sum(shared[:3]) / (3 * self._unknown),
            "observables": min(len(one.observables & other.observables), 3) / 3,
            "assets": min(len(one.assets & other.assets), 2) / 2,
        }

    def _weighed(self, found: Iterable[str]) -> dict[str, float]:
        return {stem: self._idf.get(stem, self._unknown) for stem in dict.fromkeys(found)}


def stems(text: str) -> list[str]:
    """The beginnings of the words of a text, folded; single letters say nothing."""
    return [one[:STEM] for one in WORD.findall(folded(text)) if len(one) > 1]


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    shared = sum(one[stem] ** 2 for stem in one.keys() & other.keys())
    lengths = math.sqrt(sum(map(_square, one.values())) * sum(map(_square, other.values())))
    return shared / lengths if lengths else 0.0


def _square(value: float) -> float:
    return value * value


@lru_cache(maxsize=2)
def _load(path: Path) -> Likeness:
    kept = json.loads(path.read_text("utf-8"))
    return Likeness(kept["weights"], kept["idf"], kept["unknown_idf"], kept["threshold"])
