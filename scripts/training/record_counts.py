"""Fits the estimate of records and writes shared/ai/models/records.npz.

    scripts/train_severity [--data FILE] [--report]

A ridge regression of the decimal logarithm of the coded number of records on the words of the report, over incidents
with more than one record. Judged on folds of groups, alone and within the severity score.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.stats import spearmanr
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from scripts.training.command import DEFAULT_DATA, DEFAULT_OUT
from scripts.training.fitting import Floats, Recipe, vectorizers
from scripts.training.personal_names import NameFilter
from scripts.training.records import DataError, Record, read_incidents
from shared.ai.linear_model import LinearTextModel
from shared.ai.records import RecordEstimator
from shared.ai.severity import assess_severity

VERSION = "2026.11.1"
TERMS = 8_000
_FOLDS = 5
_RIDGE = 2.0
_MOST = 9.0
_LEAST_KNOWN = 0.5


def fit(records: Sequence[Record], names: NameFilter) -> LinearTextModel:
    """Fit on all of `records`: first every frequent term, then those again that weigh most."""
    texts = [names.clean(record.text) for record in records]
    wanted = amounts(records)
    pair = vectorizers(Recipe())
    matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in pair]).tocsr()
    found = [vectorizer.get_feature_names_out().tolist() for vectorizer in pair]
    size = np.sqrt(np.asarray(matrix.power(2).mean(axis=0)).ravel())
    importance = np.abs(Ridge(alpha=_RIDGE).fit(matrix, wanted).coef_) * size
    chosen = _chosen(np.argsort(-importance, kind="stable").tolist(), found, names)
    pair = vectorizers(Recipe(), chosen)
    matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in pair]).tocsr()
    ridge = Ridge(alpha=_RIDGE).fit(matrix, wanted)
    meta = {
        "classes": ["log10_records"],
        "character_ngrams": list(Recipe().character_ngrams),
        "version": VERSION,
        "least_known_words": _LEAST_KNOWN,
        "most": _MOST,
    }
    idf = np.concatenate([vectorizer.idf_ for vectorizer in pair])
    return LinearTextModel.build(chosen, idf, ridge.coef_.reshape(-1, 1), np.array([ridge.intercept_]), meta)


def _chosen(order: Sequence[int], found: Sequence[list[str]], names: NameFilter) -> tuple[list[str], list[str]]:
    words, ngrams = found
    kept: tuple[list[str], list[str]] = ([], [])
    for column in order:
        if len(kept[0]) + len(kept[1]) == TERMS:
            break
        if column < len(words):
            if not names.forbids_word_term(words[column]):
                kept[0].append(words[column])
        elif not names.forbids_ngram(ngrams[column - len(words)]):
            kept[1].append(ngrams[column - len(words)])
    return sorted(kept[0]), sorted(kept[1])


def amounts(records: Sequence[Record]) -> Floats:
    """The decimal logarithms."""
    return np.log10([float(record.records or 1) for record in records])


def judged(records: Sequence[Record], names: NameFilter) -> dict[str, float]:
    """Rank correlations with the coded numbers, by models that have not seen the group."""
    alone, score = np.zeros(len(records)), np.zeros(len(records))
    groups = [record.group for record in records]
    for learned, unseen in GroupKFold(_FOLDS, shuffle=True, random_state=1).split(records, groups=groups):
        estimator = RecordEstimator(fit([records[i] for i in learned], names))
        for i in unseen:
            alone[i] = estimator.estimate(records[i].text).log10
            said = assess_severity(records[i].text, category=records[i].category, estimator=estimator)
            score[i] = sum(factor.weight * factor.value for factor in said.factors)
    wanted = amounts(records)
    return {"estimate": float(spearmanr(alone, wanted)[0]), "score": float(spearmanr(score, wanted)[0])}


def run(arguments: Iterable[str] | None = None) -> int:
    """Returns the exit status: 0 done, 2 bad input."""
    parser = argparse.ArgumentParser(prog="train_severity", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="FILE", help="coded incidents")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help="where the model goes")
    parser.add_argument("--report", action="store_true", help="measure only, write nothing")
    options = parser.parse_args(None if arguments is None else list(arguments))
    try:
        everything = read_incidents(options.data)
    except DataError as error:
        print(f"train_severity: {error}", file=sys.stderr)
        return 2
    records = [record for record in everything if record.records is not None and record.records > 1]
    names = NameFilter(record.text for record in everything)
    figures = judged(records, names)
    print(f"{len(records):,} incidents with more than one record; Spearman with log10 of them, groups unseen:")
    for name, value in figures.items():
        print(f"  {name:<10}{value:.3f}")
    if not options.report:
        _write(options.out, fit(records, names), {"validation": figures, "incidents": len(records)})
    return 0


def _write(out: Path, model: LinearTextModel, description: dict[str, Any]) -> None:
    model.save(out / "records.npz")
    described = {"name": "secura-records", "version": VERSION, "sha256": model.fingerprint(), **description}
    (out / "records.json").write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(run())
