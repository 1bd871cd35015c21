"""Honest figures: every text is judged by a model that saw no text of its group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from scripts.training.fitting import CLASSES, OWN, Floats, Recipe, fit, logits, mixed
from scripts.training.personal_names import NameFilter
from scripts.training.records import Record

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a set of answers is. All between 0 and 1 except the log loss."""

    texts: int
    accuracy: float
    macro_f1: float
    top_3: float
    log_loss: float
    calibration_error: float
    accuracy_on_surest_80: float
    answered: float
    accuracy_when_answered: float

    def rounded(self) -> dict[str, float]:
        """For the metadata file."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What the model that did not see a text says of it, the known share of its words, and the right classes."""

    columns: Floats
    """(texts, two voices and the gate); see `fitting.logits`."""
    known: Floats
    labels: npt.NDArray[np.intp]
    own: npt.NDArray[np.bool_]
    """Which of the texts are our own employee reports."""


def cross_validate(
    records: Sequence[Record], names: NameFilter, recipe: Recipe, tell: Callable[[str], None]
) -> OutOfFold:
    """Fit `FOLDS` models, each without one fifth of the groups, and let it judge that fifth."""
    labels = np.array([CLASSES.index(record.category) for record in records], dtype=np.intp)
    groups = [record.group for record in records]
    answers = np.zeros((len(records), 2 * len(CLASSES) + 1))
    known = np.zeros(len(records))
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1)
    for number, (train, test) in enumerate(splitter.split(answers, labels, groups), 1):
        tell(f"validation fold {number} of {FOLDS}: learning from {len(train):,} texts, judging {len(test):,}")
        model = fit([records[i] for i in train], names, recipe)
        answers[test], known[test] = logits(model, [records[i].text for i in test])
    own = np.array([group.startswith(OWN) for group in groups])
    return OutOfFold(answers, known, labels, own)


def temperatures(judged: OutOfFold) -> tuple[float, float]:
    """The temperatures of the two voices, each with the least log loss on the texts of its kind."""
    return _temperature(judged, ~judged.own), _temperature(judged, judged.own)


def _temperature(judged: OutOfFold, part: npt.NDArray[np.bool_]) -> float:
    if not part.any():
        return 1.0
    answers, labels = mixed(judged.columns[part]), judged.labels[part]
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        return float(-log_softmax(answers / np.exp(log_temperature), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def probabilities(judged: OutOfFold, degrees: tuple[float, float], least_known: float) -> Floats:
    """As `shared.ai.categorizer` gives them: calibrated, and drawn to even odds when few words are known."""
    calibrated = softmax(mixed(judged.columns, degrees), axis=1)
    trust = np.minimum(1.0, judged.known / least_known)[:, None]
    return np.asarray(trust * calibrated + (1 - trust) / len(CLASSES), dtype=np.float64)


def threshold(chances: Floats, judged: OutOfFold, wanted: float) -> float:
    """The lowest confidence from which on answers to incidents and to our own reports are both right `wanted` often."""
    surest = chances.max(axis=1)
    right = chances.argmax(axis=1) == judged.labels
    for candidate in np.arange(0.2, 0.95, 0.01):
        answered = surest >= candidate
        shares = [right[answered & part].mean() for part in (judged.own, ~judged.own) if (answered & part).any()]
        if shares and min(shares) >= wanted:
            return float(round(candidate, 2))
    return 0.95


def calibration_error(surest: Floats, right: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Expected calibration error over bins of equal width (Guo et al., 2017)."""
    places = np.minimum((surest * bins).astype(int), bins - 1)
    gaps = [abs(surest[places == b].mean() - right[places == b].mean()) * (places == b).mean() for b in set(places)]
    return float(sum(gaps))


def figures(chances: Floats, labels: npt.NDArray[np.intp], least_confidence: float) -> Figures:
    """Measure answers; `chances` is (texts, classes)."""
    guesses = chances.argmax(axis=1)
    surest = chances.max(axis=1)
    right = guesses == labels
    ranked = np.argsort(-chances, axis=1)[:, :3]
    order = np.argsort(-surest, kind="stable")[: round(0.8 * len(labels))]
    answered = surest >= least_confidence
    return Figures(
        texts=len(labels),
        accuracy=float(right.mean()),
        macro_f1=float(f1_score(labels, guesses, average="macro", labels=sorted(set(labels.tolist())))),
        top_3=float((ranked == labels[:, None]).any(axis=1).mean()),
        log_loss=float(-np.log(np.maximum(chances[np.arange(len(labels)), labels], 1e-12)).mean()),
        calibration_error=calibration_error(surest, right),
        accuracy_on_surest_80=float(right[order].mean()),
        answered=float(answered.mean()),
        accuracy_when_answered=float(right[answered].mean()) if answered.any() else 0.0,
    )


def table(columns: dict[str, Figures]) -> str:
    """The figures side by side, one column a set of texts."""
    rows = {
        name: [figures.rounded()[name] for figures in columns.values()]
        for name in next(iter(columns.values())).rounded()
    }
    width = max(len(name) for name in columns) + 2
    lines = [f"{'':24}" + "".join(f"{name:>{width}}" for name in columns)]
    for name, values in rows.items():
        cells = "".join(f"{int(v):>{width},}" if name == "texts" else f"{v:>{width}.3f}" for v in values)
        lines.append(f"{name.replace('_', ' '):24}" + cells)
    return "\n".join(lines)
