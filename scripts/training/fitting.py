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
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from scripts.training.personal_names import NameFilter
from scripts.training.records import Record
from shared.ai.linear_model import LinearTextModel
from shared.domain.taxonomy import Category

Floats = npt.NDArray[np.float64]
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
    machine_scale: float = 1.5
    """The served logits are those of a logistic regression plus so many times the margins of a linear SVM: two linear
    models are one. Alone the first has the better probabilities, the second the better decisions."""
    own_weight: float = 1.0
    """A report in an employee's words counts as much as so many press summaries."""


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
    """Fit on all of `records`; the model's temperature is still one."""
    texts = [names.clean(record.text) for record in records]
    labels = _labels(records)
    weights = np.array([recipe.own_weight if record.group.startswith("own-") else 1.0 for record in records])
    terms = choose_terms(texts, labels, weights, names, recipe)
    pair = vectorizers(recipe, terms)
    matrix = sp.hstack([vectorizer.fit_transform(texts) for vectorizer in pair]).tocsr()
    regression = LogisticRegression(C=recipe.regression_c, class_weight="balanced", max_iter=300)
    regression.fit(matrix, labels, sample_weight=weights)
    machine = LinearSVC(C=recipe.machine_c, class_weight="balanced", random_state=0)
    machine.fit(matrix, labels, sample_weight=weights)
    slopes = regression.coef_ + recipe.machine_scale * machine.coef_
    offsets = regression.intercept_ + recipe.machine_scale * machine.intercept_
    idf = np.concatenate([vectorizer.idf_ for vectorizer in pair])
    meta = {
        "classes": [str(category) for category in CLASSES],
        "character_ngrams": list(recipe.character_ngrams),
    }
    return LinearTextModel.build(terms, idf, slopes.T, offsets, meta)


def logits(model: LinearTextModel, texts: Sequence[str]) -> tuple[Floats, Floats]:
    """The served path's answers: logits (texts, classes), and the share of each text's words that the model knows."""
    readings = [model.read(text) for text in texts]
    return (
        np.array([model.score(reading).logits for reading in readings], dtype=np.float64),
        np.array([reading.known_words for reading in readings], dtype=np.float64),
    )


def finished(model: LinearTextModel, temperature: float, meta: dict[str, Any]) -> LinearTextModel:
    """The model with its temperature divided into the weights and the rest of its description."""
    weights = model.weights.astype(np.float32) / temperature
    terms = (list(model.vocabulary[: model.words_in_vocabulary]), list(model.vocabulary[model.words_in_vocabulary :]))
    return LinearTextModel.build(terms, model.idf, weights, model.intercept / temperature, {**model.meta, **meta})
