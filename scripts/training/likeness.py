"""Fits the comparison of reports and writes shared/ai/models/likeness.json.

    python -m scripts.training.likeness [--data FILE] [--report]

How rare a word is comes from coded incidents and our own reports in employees' words; how much each feature counts is
learned from our own pairs: reports by different people about the same event, and reports of another event of the same
kind (data/duplicate_reports.jsonl). Judged on folds that keep an event, and what resembles it, whole.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from scripts.training.command import DEFAULT_DATA
from scripts.training.personal_names import NameFilter
from scripts.training.records import DataError, read_incidents, read_own_reports, read_voices
from shared.ai.likeness import DEFAULT_MODEL, FEATURES, Described, Likeness, stems
from shared.ai.observables import extract

PAIRS = Path(__file__).parent / "data" / "duplicate_reports.jsonl"
VERSION = "2026.11.1"
COMMON = 1_500
"""Words whose rarity is kept; all others are as rare as what three texts hold."""
RARE = 3
WANTED_PRECISION = 0.8
"""Of what is pointed out, so much is to be the same incident."""
_RESERVED = re.compile(r"\.(?:example|test)\b")
_FOLDS = 5
_REGULARISATION = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """One report, and the event it is about. What resembles an event is of its group."""

    event: str
    group: str
    title: str
    text: str
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of reports: their features (pairs, features), whether they are of one event, and their group."""

    features: npt.NDArray[np.float64]
    same: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.str_]


def read_pairs(path: Path = PAIRS) -> list[Report]:
    """Our own reports of events.

    Raises:
        DataError: the file cannot be used.
    """
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [
            Report(row["event"], row["near"] or row["event"], row["title"], row["text"], tuple(row["assets"]))
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be used ({error})") from error


def rarity(texts: Sequence[str], names: NameFilter) -> tuple[dict[str, float], float]:
    """Inverse document frequency of the commonest words that are nobody's name, and of all others."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(stems(names.clean(text))))
    common = [(stem, count) for stem, count in counts.most_common(2 * COMMON) if not names.forbids_word_term(stem)]
    return {stem: round(math.log(len(texts) / count), 2) for stem, count in common[:COMMON]}, round(
        math.log(len(texts) / RARE), 2
    )


def pairs_of(likeness: Likeness, reports: Sequence[Report]) -> Pairs:
    """Each report with each other one."""
    described = [_described(likeness, report) for report in reports]
    rows, same, groups = [], [], []
    for (i, one), (j, other) in combinations(enumerate(reports), 2):
        features = likeness.features(described[i], described[j])
        rows.append([features[name] for name in FEATURES])
        same.append(one.event == other.event)
        groups.append(one.group)
    return Pairs(np.array(rows), np.array(same), np.array(groups))


def _described(likeness: Likeness, report: Report) -> Described:
    text = "\n".join([report.title, report.text, *report.assets])
    # Written with names that nobody can own, which are no domains: what is learned is for those that are.
    named = frozenset((one.type, one.value) for one in extract(_RESERVED.sub(".net", text)))
    return likeness.described(report.title, report.text, report.assets, named)


def fit(pairs: Pairs, rows: npt.NDArray[Any]) -> LogisticRegression:
    """Learn from those rows."""
    return LogisticRegression(C=_REGULARISATION, max_iter=1_000).fit(pairs.features[rows], pairs.same[rows])


def judged(pairs: Pairs) -> npt.NDArray[np.float64]:
    """The probability of each pair, by a model that has not seen its group."""
    chances = np.zeros(len(pairs.same))
    for learned, unseen in GroupKFold(_FOLDS).split(pairs.features, pairs.same, pairs.groups):
        chances[unseen] = fit(pairs, learned).predict_proba(pairs.features[unseen])[:, 1]
    return chances


def threshold(chances: npt.NDArray[np.float64], same: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """The lowest probability from which WANTED_PRECISION holds, with the precision and the recall there."""
    order = np.argsort(-chances)
    right = np.cumsum(same[order])
    precision = right / np.arange(1, len(order) + 1)
    fits = np.flatnonzero(precision >= WANTED_PRECISION)
    last = int(fits[-1]) if len(fits) else 0
    return round(float(chances[order[last]]), 3), float(precision[last]), float(right[last] / same.sum())


def made(reports: Sequence[Report], texts: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The model, and what to say of it."""
    idf, unknown = rarity(texts, NameFilter(texts))
    likeness = Likeness(dict.fromkeys((*FEATURES, "intercept"), 0.0), idf, unknown, 1.0)
    pairs = pairs_of(likeness, reports)
    limit, precision, recall = threshold(judged(pairs), pairs.same)
    model = fit(pairs, np.arange(len(pairs.same)))
    weights = {name: round(float(weight), 3) for name, weight in zip(FEATURES, model.coef_[0], strict=True)}
    told = (
        f"{len(reports)} reports of {len({report.event for report in reports})} events, {len(pairs.same):,} pairs, "
        f"{int(pairs.same.sum())} of one event\n"
        f"at {limit}: precision {precision:.3f}, recall {recall:.3f} (events unseen)"
    )
    return {
        "version": VERSION,
        "weights": {**weights, "intercept": round(float(model.intercept_[0]), 3)},
        "threshold": limit,
        "validation": {"precision": round(precision, 3), "recall": round(recall, 3), "pairs": len(pairs.same)},
        "unknown_idf": unknown,
        "idf": dict(sorted(idf.items())),
    }, told


def run(arguments: Iterable[str] | None = None) -> int:
    """Returns the exit status: 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(prog="python -m scripts.training.likeness", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="FILE", help="coded incidents")
    parser.add_argument("--report", action="store_true", help="measure only, write nothing")
    options = parser.parse_args(None if arguments is None else list(arguments))
    try:
        reports = read_pairs()
        texts = [record.text for record in [*read_incidents(options.data), *read_own_reports(), *read_voices()]]
    except DataError as error:
        print(f"likeness: {error}", file=sys.stderr)
        return 2
    model, told = made(reports, [*texts, *(report.text for report in reports)])
    print(told)
    print(model["weights"])
    if not options.report:
        DEFAULT_MODEL.write_text(json.dumps(model, indent=0, ensure_ascii=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(run())
