"""Fits the categorizer: chooses the terms, fits the weights, makes the model that `shared.ai` serves.

Two passes. The first learns every frequent term and asks a linear SVM which of them matter; the second learns TF-IDF
and two linear classifiers on those terms only, so that the served vectors are normalised exactly as in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_class_weight

from scripts.training.personal_names import NameFilter
from scripts.training.records import Record
from shared.ai.categorizer import VOICE
from shared.ai.linear_model import LinearTextModel
from shared.domain.taxonomy import Category

Floats = npt.NDArray[np.float64]
OWN = "own-"
"""How the groups of our own reports in employees' words begin."""
_GATE_C = 10.0
_CERTAIN = 30.0
CLASSES = tuple(Category)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What can be chosen about the model. The defaults were the best of a few dozen on grouped validation folds."""

    terms: int = 60_000
    word_ngrams: tuple[int, int] = (1, 2)
    character_ngrams: tuple[int, int] = (3, 5)
    least_documents: tuple[int, int] = (2, 4)
    """A word term, a character n-gram must occur in so many texts."""
    regression_c: float = 4.0
    machine_c: float = 0.15
    machine_scale: float = 1.0
    """The served logits are those of a logistic regression plus so many times the margins of a linear SVM: two linear
    models are one. Alone the first has the better probabilities, the second the better decisions."""
    own_in_press: float = 0.05
    press_in_own: float = 0.3
    """How much a text in the other voice counts when one voice is learned."""


def vectorizers(recipe: Recipe, vocabulary: tuple[list[str], list[str]] | None = None) -> tuple[Any, Any]:
    """scikit-learn's vectorizers for words and characters; they read texts that are already normalised."""
    fixed = (
        [{"vocabulary": terms} for terms in vocabulary]
        if vocabulary
        else [{"min_df": n} for n in recipe.least_documents]
    )
    common: dict[str, Any] = {"lowercase": False, "sublinear_tf": True}
    return (
        TfidfVectorizer(ngram_range=recipe.word_ngrams, **common, **fixed[0]),
        TfidfVectorizer(analyzer="char_wb", ngram_range=recipe.character_ngrams, **common, **fixed[1]),
    )


def _labels(records: Sequence[Record]) -> npt.NDArray[np.intp]:
    return np.array([CLASSES.index(record.category) for record in records], dtype=np.intp)


def choose_terms(
    texts: Sequence[str], labels: npt.NDArray[np.intp], weights: Floats, names: NameFilter, recipe: Recipe
) -> tuple[list[str], list[str]]:
    """The terms with the largest weight in a linear SVM, times how much of them the texts hold; none of them a name."""
    pair = vectorizers(recipe)
    matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in pair]).tocsr()
    word_terms, ngrams = (vectorizer.get_feature_names_out().tolist() for vectorizer in pair)
    machine = LinearSVC(C=0.1, class_weight="balanced", random_state=0).fit(matrix, labels, sample_weight=weights)
    size = np.sqrt(np.asarray(matrix.power(2).mean(axis=0)).ravel())
    importance = np.sqrt(np.square(machine.coef_).sum(axis=0)) * size
    chosen_words: list[str] = []
    chosen_ngrams: list[str] = []
    for column in np.argsort(-importance, kind="stable").tolist():
        if len(chosen_words) + len(chosen_ngrams) == recipe.terms:
            break
        if column < len(word_terms):
            if not names.forbids_word_term(word_terms[column]):
                chosen_words.append(word_terms[column])
        elif not names.forbids_ngram(ngrams[column - len(word_terms)]):
            chosen_ngrams.append(ngrams[column - len(word_terms)])
    return sorted(chosen_words), sorted(chosen_ngrams)


def fit(records: Sequence[Record], names: NameFilter, recipe: Recipe) -> LinearTextModel:
    """Fit on all of `records`; the temperatures are still one. See `shared.ai.categorizer.mixed` for its columns."""
    texts = [names.clean(record.text) for record in records]
    labels = _labels(records)
    own = np.array([record.group.startswith(OWN) for record in records])
    terms = choose_terms(texts, labels, np.where(own, recipe.press_in_own, 1.0), names, recipe)
    pair = vectorizers(recipe, terms)
    matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in pair]).tocsr()
    balanced = compute_class_weight("balanced", classes=np.arange(len(CLASSES)), y=labels[~own])
    even = np.ones(len(CLASSES))
    columns = [
        _voice(matrix, labels, np.where(own, recipe.own_in_press, 1.0), balanced, recipe),
        _voice(matrix, labels, np.where(own, 1.0, recipe.press_in_own), even, recipe),
        _gate(matrix, own),
    ]
    slopes = np.vstack([slope for slope, _ in columns])
    offsets = np.concatenate([offset for _, offset in columns])
    idf = np.concatenate([vectorizer.idf_ for vectorizer in pair])
    meta = {
        "classes": [*map(str, CLASSES), *map(str, CLASSES), VOICE],
        "character_ngrams": list(recipe.character_ngrams),
    }
    return LinearTextModel.build(terms, idf, slopes.T, offsets, meta)


def _voice(
    matrix: Any, labels: npt.NDArray[np.intp], weights: Floats, class_weights: Floats, recipe: Recipe
) -> tuple[Floats, Floats]:
    """Slopes (classes, terms) and offsets of the categories in one voice."""
    balance = dict(enumerate(class_weights))
    regression = LogisticRegression(C=recipe.regression_c, class_weight=balance, max_iter=300)
    regression.fit(matrix, labels, sample_weight=weights)
    machine = LinearSVC(C=recipe.machine_c, class_weight=balance, random_state=0)
    machine.fit(matrix, labels, sample_weight=weights)
    return (
        regression.coef_ + recipe.machine_scale * machine.coef_,
        regression.intercept_ + recipe.machine_scale * machine.intercept_,
    )


def _gate(matrix: Any, own: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Slopes (1, terms) and offset of whether somebody at work wrote it; without our own reports nobody did."""
    if not own.any():
        return np.zeros((1, matrix.shape[1])), np.array([-_CERTAIN])
    gate = LogisticRegression(C=_GATE_C, class_weight="balanced", max_iter=300).fit(matrix, own)
    return gate.coef_, gate.intercept_


def logits(model: LinearTextModel, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """The served path's columns (texts, two voices and the gate), and the share of each text's known words."""
    readings = [model.read(text) for text in texts]
    return (
        np.array([model.score(reading).logits for reading in readings], dtype=np.float64),
        np.array([reading.known_words for reading in readings], dtype=np.float64),
    )


def mixed(columns: Floats, degrees: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """The logits of the categories (texts, classes), as `shared.ai.categorizer.mixed` mixes them, at temperatures."""
    count = len(CLASSES)
    employee = expit(columns[:, -1:])
    press, own = columns[:, :count] / degrees[0], columns[:, count : 2 * count] / degrees[1]
    return np.asarray((1 - employee) * press + employee * own, dtype=np.float64)


def finished(model: LinearTextModel, degrees: tuple[float, float], meta: dict[str, Any]) -> LinearTextModel:
    """The model with the temperatures of both voices divided into the weights and the rest of its description."""
    scale = np.concatenate([np.repeat(degrees, len(CLASSES)), [1.0]])
    weights = model.weights.astype(np.float32) / scale
    terms = (list(model.vocabulary[: model.words_in_vocabulary]), list(model.vocabulary[model.words_in_vocabulary :]))
    return LinearTextModel.build(terms, model.idf, weights, model.intercept / scale, {**model.meta, **meta})
