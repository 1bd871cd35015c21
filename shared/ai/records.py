"""How many people's records an incident concerns, where the report states no number: estimated from its words.

>>> RecordEstimator.load().estimate("A stolen laptop held the payroll of the whole company").amount > 100
True
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shared.ai.linear_model import LinearTextModel, ModelFileError

DEFAULT_MODEL = Path(__file__).parent / "models" / "records.npz"
_CLASSES = ["log10_records"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Records as a decimal logarithm, and how much of the text the model knows (0 to 1)."""

    log10: float
    trust: float

    @property
    def amount(self) -> float:
        """The number of records, at least 1."""
        return float(10**self.log10)


class RecordEstimator:
    """A linear regression over the words of a report. Immutable after loading."""

    def __init__(self, model: LinearTextModel) -> None:
        self._model = model
        self._least_known = float(model.meta["least_known_words"])
        self._most = float(model.meta["most"])

    @classmethod
    def load(cls, path: Path | None = None) -> RecordEstimator:
        """A model file, by default the shipped one; a file is read once per process.

        Raises:
            ModelFileError: the file is damaged, or another model.
            OSError: it cannot be read.
        """
        return _load(path or DEFAULT_MODEL)

    def estimate(self, text: str) -> Estimate:
        """What is usual for such words; any text gives an answer."""
        reading = self._model.read(text)
        value = float(self._model.score(reading).logits[0])
        trust = min(1.0, reading.known_words / self._least_known) if reading.terms.size else 0.0
        return Estimate(min(max(value, 0.0), self._most), trust)


@lru_cache(maxsize=2)
def _load(path: Path) -> RecordEstimator:
    model = LinearTextModel.load(path)
    if model.meta["classes"] != _CLASSES:
        raise ModelFileError(path, "it does not estimate records")
    try:
        return RecordEstimator(model)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(path, f"not an estimator of this version ({error})") from error
