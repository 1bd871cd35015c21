"""`scripts/evaluate`: how good the models are, measured on texts that they have not seen, with 95 % intervals.

Writes docs/model-cards/figures.md, so that nobody has to believe a number that cannot be made again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from scripts.training import evaluation, record_counts
from scripts.training.command import DEFAULT_DATA, DEFAULT_OUT, ROOT
from scripts.training.fitting import CLASSES, Floats, Recipe, fit, logits, mixed
from scripts.training.personal_names import NameFilter
from scripts.training.records import (
    HELD_BACK,
    DataError,
    Record,
    read_incidents,
    read_own_reports,
    read_reports,
    read_voices,
)
from shared.ai.categorizer import Categorizer

CARD = ROOT / "docs" / "model-cards" / "figures.md"
LAST_LEARNED, FIRST_JUDGED = 2015, 2017
_DRAWS = 1_000
_SUREST = 0.8


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, its 95 % interval, and the bar that it is to reach; None where there is none."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    bar: float | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Probabilities of the classes for each text, and the right ones."""

    chances: Floats
    labels: npt.NDArray[np.intp]

    def pick(self, rows: npt.NDArray[np.intp]) -> Answers:
        """Those rows."""
        return Answers(self.chances[rows], self.labels[rows])


def accuracy(answers: Answers) -> float:
    """Share of right first answers."""
    return float((answers.chances.argmax(axis=1) == answers.labels).mean())


def macro_f1(answers: Answers) -> float:
    """Mean F1 of the classes."""
    guesses = answers.chances.argmax(axis=1)
    return float(f1_score(answers.labels, guesses, average="macro", labels=sorted(set(answers.labels.tolist()))))


def top_3(answers: Answers) -> float:
    """Share of right answers among the first three."""
    ranked = np.argsort(-answers.chances, axis=1)[:, :3]
    return float((ranked == answers.labels[:, None]).any(axis=1).mean())


def surest(answers: Answers) -> float:
    """Accuracy on the 80 % that the model is surest of."""
    order = np.argsort(-answers.chances.max(axis=1), kind="stable")[: round(_SUREST * len(answers.labels))]
    return accuracy(answers.pick(order))


def calibration(answers: Answers) -> float:
    """Expected calibration error."""
    right = answers.chances.argmax(axis=1) == answers.labels
    return evaluation.calibration_error(answers.chances.max(axis=1), right)


def lines(
    title: str, answers: Answers, bars: Sequence[tuple[str, Callable[[Answers], float], float | None]]
) -> list[Line]:
    """The figures of a set of answers with intervals from drawing its texts again (percentile bootstrap)."""
    chance = np.random.default_rng(0)
    draws = [chance.integers(0, len(answers.labels), len(answers.labels)) for _ in range(_DRAWS)]
    found = []
    for name, measure, bar in bars:
        again = [measure(answers.pick(draw)) for draw in draws]
        low, high = np.quantile(again, [0.025, 0.975])
        at_most = measure is calibration
        found.append(Line(f"{title}: {name}", measure(answers), (float(low), float(high)), bar, at_most))
    return found


def incidents(records: Sequence[Record], names: NameFilter, tell: Callable[[str], None]) -> list[Line]:
    """Cross-validated over groups of incidents, calibrated on the same answers, as the shipped model is."""
    judged = evaluation.cross_validate(records, names, Recipe(), tell)
    degrees = evaluation.temperatures(judged)
    chances = evaluation.probabilities(judged, degrees, float(np.quantile(judged.known, 0.01)))
    answers = Answers(chances[~judged.own], judged.labels[~judged.own])
    return lines(
        "incidents",
        answers,
        [
            ("accuracy", accuracy, 0.80),
            ("macro-F1", macro_f1, 0.74),
            ("top 3", top_3, 0.94),
            ("accuracy on the surest 80 %", surest, 0.88),
            ("calibration error", calibration, 0.035),
        ],
    )


def held_back(records: Sequence[Record]) -> list[Line]:
    """The shipped model on reports in employees' words by an author whom it has not learned from."""
    categorizer = Categorizer.load()
    chances = np.zeros((len(records), len(CLASSES)))
    for row, record in enumerate(records):
        for category, chance in categorizer.categorize(record.text).alternatives:
            chances[row, CLASSES.index(category)] = chance
    answers = Answers(chances, _labels(records))
    measures = [("accuracy", accuracy, 0.80), ("accuracy on the surest 80 %", surest, 0.88), ("top 3", top_3, None)]
    return lines("employees' words", answers, [*measures, ("calibration error", calibration, None)])


def later_years(incidents: Sequence[Record], own: Sequence[Record], names: NameFilter) -> list[Line]:
    """Learned from incidents up to a year, judged on those of later ones."""
    before = [record for record in incidents if record.year is not None and record.year <= LAST_LEARNED]
    after = [record for record in incidents if record.year is not None and record.year >= FIRST_JUDGED]
    model = fit([*before, *own], names, Recipe())
    columns, _ = logits(model, [record.text for record in after])
    answers = Answers(mixed(columns), _labels(after))
    return lines(f"to {LAST_LEARNED}, tested from {FIRST_JUDGED}", answers, [("accuracy", accuracy, 0.72)])


def severity(incidents: Sequence[Record], names: NameFilter) -> list[Line]:
    """Rank correlation of the score with the logarithm of the coded records."""
    records = [record for record in incidents if record.records is not None and record.records > 1]
    return [Line("severity: Spearman with log records", record_counts.judged(records, names)["score"], None, 0.71)]


def _labels(records: Sequence[Record]) -> npt.NDArray[np.intp]:
    return np.array([CLASSES.index(record.category) for record in records], dtype=np.intp)


def sizes() -> Line:
    """All model files together, in MB."""
    total = sum(path.stat().st_size for path in DEFAULT_OUT.iterdir())
    return Line("all model files, MB", total / 1e6, None, 8.0, at_most=True)


def table(found: Iterable[Line]) -> str:
    """The figures as a Markdown table."""
    rows = ["| figure | value | 95 % interval | bar |", "|---|---|---|---|"]
    for line in found:
        interval = f"{line.interval[0]:.3f} to {line.interval[1]:.3f}" if line.interval else ""
        reached = (
            ""
            if line.bar is None
            else f"{'≤' if line.at_most else '≥'} {line.bar:g}{'' if _reached(line) else ' missed'}"
        )
        rows.append(f"| {line.name} | {line.value:.3f} | {interval} | {reached} |")
    return "\n".join(rows)


def _reached(line: Line) -> bool:
    return line.bar is None or (line.value <= line.bar if line.at_most else line.value >= line.bar)


def run(arguments: Iterable[str] | None = None) -> int:
    """Exit status: 0 every bar is reached, 1 one is missed, 2 bad input."""
    parser = argparse.ArgumentParser(prog="evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="FILE", help="coded incidents")
    parser.add_argument("--print", action="store_true", help="write no model card")
    options = parser.parse_args(None if arguments is None else list(arguments))
    try:
        coded = read_incidents(options.data)
        own = [*read_own_reports(), *read_voices()]
        unseen = read_reports(HELD_BACK)
    except DataError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    names = NameFilter(record.text for record in [*coded, *own])

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found = [
        *incidents([*coded, *own], names, tell),
        *held_back(unseen),
        *later_years(coded, own, names),
        *severity(coded, names),
        sizes(),
    ]
    print(table(found))
    if not options.print:
        CARD.write_text(_card(found, len(coded), len(own), len(unseen)), encoding="utf-8")
    return 0 if all(map(_reached, found)) else 1


def _card(found: Iterable[Line], coded: int, own: int, unseen: int) -> str:
    return (
        "# How good the models are\n\n"
        f"Written by `scripts/evaluate` from {coded:,} coded incidents (five folds; related texts on one side), "
        f"{own:,} own reports in employees' words (an author is on one side), and {unseen} by an author whom no model "
        "learned from.\n"
        "Intervals are percentile bootstraps over the texts.\n\n"
        f"{table(found)}\n"
    )


if __name__ == "__main__":
    sys.exit(run())
