"""What is said of the models is computed from their answers, and marked where a bar is missed."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.training import evaluating, likeness, record_counts
from scripts.training.personal_names import NameFilter
from scripts.training.records import HELD_BACK, VOICES, DataError, Record, read_reports, read_voices
from shared.ai.records import RecordEstimator
from shared.domain.taxonomy import Category


def answers(labels, guesses):
    chances = np.full((len(labels), 12), 0.01)
    chances[np.arange(len(labels)), guesses] = 0.89
    return evaluating.Answers(chances, np.array(labels))


def test_figures_of_known_answers():
    half = answers([0, 1, 2, 3], [0, 1, 0, 0])
    assert evaluating.accuracy(half) == 0.5
    assert evaluating.macro_f1(half) == pytest.approx((0.5 + 1 + 0 + 0) / 4)
    assert evaluating.calibration(half) == pytest.approx(0.39)
    perfect = answers([0, 1, 2, 3], [0, 1, 2, 3])
    assert evaluating.surest(perfect) == evaluating.top_3(perfect) == 1


def test_a_missed_bar_is_marked():
    (line,) = evaluating.lines("set", answers([0, 1] * 20, [0, 0] * 20), [("accuracy", evaluating.accuracy, 0.9)])
    assert line.interval is not None
    assert line.interval[0] < line.value == 0.5 < line.interval[1]
    table = evaluating.table([line, evaluating.Line("size", 3.0, None, 4.0, at_most=True)])
    assert "| set: accuracy | 0.500 |" in table
    assert "≥ 0.9 missed" in table
    assert "≤ 4 |" in table


def test_no_text_that_is_learned_from_judges():
    learned = {record.text.casefold() for record in read_voices()}
    judging = [record.text.casefold() for record in read_reports(HELD_BACK)]
    assert judging
    assert learned
    assert learned.isdisjoint(judging)
    assert {record.category for record in read_voices()} == set(Category)
    assert len({record.group for record in read_voices()}) == len(list(VOICES.glob("*.jsonl")))


def test_a_report_that_cannot_be_used_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"title": null, "text": "a", "category": "malware"}\n{"text": "b"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"x\.jsonl:2"):
        read_reports(path)


def test_the_threshold_is_where_the_wanted_precision_still_holds():
    chances = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.1])
    limit, precision, recall = likeness.threshold(chances, np.array([True, True, True, False, False, True]))
    assert (limit, precision, recall) == (0.7, 1.0, 0.75)


def test_rarity_knows_no_names():
    texts = ["Margaret lost the laptop", "the laptop of Margaret", "the printer", "the printer again"] * 3
    idf, unknown = likeness.rarity(texts, NameFilter(texts))
    assert {"laptop", "printe"} <= set(idf)
    assert not any(stem.startswith("marg") for stem in idf)
    assert idf["the"] < idf["laptop"]
    assert unknown == pytest.approx(np.log(12 / 3), abs=0.01)


def test_own_pairs_name_events_and_what_resembles_them():
    reports = likeness.read_pairs()
    events = {report.event for report in reports}
    assert all(report.group in events for report in reports)
    assert any(report.group != report.event for report in reports)


def test_an_estimate_is_learned_from_words():
    many = [
        Record(f"the whole customer database was copied number {n}", Category.HACKING, f"a{n}", 10**6)
        for n in range(30)
    ]
    few = [
        Record(f"one letter reached another patient number {n}", Category.MISDELIVERY, f"b{n}", 2) for n in range(30)
    ]
    records = [*many, *few]
    estimator = RecordEstimator(record_counts.fit(records, NameFilter(record.text for record in records)))
    assert estimator.estimate("the customer database was copied").amount > 100_000
    assert estimator.estimate("a letter reached another patient").amount < 20
