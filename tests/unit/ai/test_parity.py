"""What is served must be what scikit-learn trained."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from shared.ai.linear_model import LinearTextModel, softmax
from shared.ai.text import MAX_CHARACTERS, normalize

TEXTS = [
    "I left my laptop on the train", "Laptop stolen from the car, not encrypted!", "my phone is gone since 12 March",
    "A bag with a laptop was stolen", "We got an email asking for 4,500 gift cards",
    "I clicked the link in a fake e-mail", "Someone called & asked for my password", "phishing mail: https://login.example/x?a=1",
    "write to a.b@c.example now", "Ärger mit dem Laptop\u00a0\u2013 weg", "the the the the", "a I", "x",
]  # fmt: skip
LABELS = [0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]
UNSEEN = [
    "The LAPTOP, my laptop, was stolen on the train in 2019", "e-mail link fake", "",
    "zzz", "I\u2019ve lost it \u2014 really", "ﬁle ½ \u00b4 x\u0308y \u200bhidden", "1,234 12345678 12", "a" * 50,
    "weg weg",
    "snake_case __init__ C:\\Users\\x",
    "Straße İstanbul",
]  # fmt: skip


class Reference:
    """A tiny model, both as scikit-learn answers it and as we do."""

    def __init__(self) -> None:
        self.vectorizers = (
            TfidfVectorizer(preprocessor=normalize, ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(preprocessor=normalize, analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
        )
        matrix = sp.hstack([vectorizer.fit_transform(TEXTS) for vectorizer in self.vectorizers])
        self.regression = LogisticRegression(C=4.0).fit(
            matrix, [["lost", "tricked", "other"][n] for n in [*LABELS[:-1], 2]]
        )
        words, ngrams = (vectorizer.get_feature_names_out().tolist() for vectorizer in self.vectorizers)
        idf = np.concatenate([vectorizer.idf_ for vectorizer in self.vectorizers])
        meta = {"classes": self.regression.classes_.tolist(), "character_ngrams": [3, 5]}
        weights, intercept = self.regression.coef_.T, self.regression.intercept_
        self.ours = LinearTextModel.build((words, ngrams), idf, weights, intercept, meta)

    def expected(self, text: str) -> npt.NDArray[np.float64]:
        return np.asarray(self.regression.predict_proba(sp.hstack([v.transform([text]) for v in self.vectorizers]))[0])

    def served(self, text: str) -> npt.NDArray[np.float64]:
        return softmax(self.ours.score(self.ours.read(text)).logits)


REFERENCE = Reference()


@pytest.mark.parametrize("text", TEXTS + UNSEEN)
def test_probabilities_equal_scikit_learns(text):
    assert REFERENCE.served(text) == pytest.approx(REFERENCE.expected(text), abs=2e-3)  # float16 weights


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=30)), max_size=6).map(" ".join))
def test_probabilities_equal_scikit_learns_for_any_text(text):
    assert REFERENCE.served(text) == pytest.approx(REFERENCE.expected(text), abs=2e-3)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_terms_are_those_of_scikit_learns_analyzers(text):
    reading = REFERENCE.ours.read(text)
    found = sorted(REFERENCE.ours.vocabulary[row] for row in reading.terms)
    expected = []
    for vectorizer in REFERENCE.vectorizers:
        expected += [term for term in vectorizer.build_analyzer()(text) if term in vectorizer.vocabulary_]

    assert found == sorted(expected)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing_more_than_once(text):
    once = normalize(text)

    assert normalize(once) == once
    assert len(once) <= 20 * MAX_CHARACTERS


def test_personal_addresses_links_and_numbers_lose_what_is_personal_in_them():
    assert normalize("Mail a.b@c.example or see HTTPS://x.example/y?z=1 by 4111111111111111") == (
        "mail mailaddress or see webaddress by 00000"
    )


def test_a_saved_model_is_the_same_model(tmp_path):
    path = tmp_path / "model.npz"
    REFERENCE.ours.save(path)
    loaded = LinearTextModel.load(path)
    first = path.read_bytes()
    loaded.save(path)

    assert loaded.fingerprint() == LinearTextModel.load(path).fingerprint()
    assert path.read_bytes() == first
    assert loaded.vocabulary == REFERENCE.ours.vocabulary
