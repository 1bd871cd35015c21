from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from scripts.training import personal_names
from scripts.training.command import main
from scripts.training.evaluation import calibration_error, figures
from scripts.training.personal_names import NameFilter, is_listed_name, listed_names, ordinary_words, whole_words
from scripts.training.records import DataError, read_incidents, read_own_reports
from shared.ai.categorizer import DEFAULT_MODEL, Categorizer
from shared.ai.linear_model import LinearTextModel
from shared.domain.taxonomy import Category

ROOT = Path(__file__).parents[3]
SENTENCES = {
    Category.RANSOMWARE: "Files are encrypted and a note demands ransom",
    Category.DENIAL_OF_SERVICE: "A flood of traffic made the web site unreachable",
    Category.PAYMENT_SKIMMING: "A skimmer sat on the card reader of the cash machine",
    Category.INSIDER_MISUSE: "A colleague looked at records without a reason",
    Category.PHISHING_SOCIAL: "A fake mail asked for the password",
    Category.MALWARE: "The scanner found a virus on the computer",
    Category.LOST_OR_STOLEN: "The laptop was left on the train",
    Category.HACKING: "An intruder broke into the database from outside",
    Category.MISDELIVERY: "A letter went to the wrong patient",
    Category.IMPROPER_DISPOSAL: "Papers were thrown into the open trash",
    Category.EXPOSED_ONLINE: "The folder was public on the internet",
    Category.OTHER: "The printer is out of toner",
}


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "incidents.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for category, sentence in SENTENCES.items():
            for number in range(6):
                record = {
                    "text": f"{sentence} number {number} said Wilhelmina.",
                    "category": category,
                    "group": f"{category}{number}",
                }
                file.write(json.dumps(record) + "\n")
    return path


@pytest.mark.slow
def test_trains_the_same_model_from_the_same_data(data, tmp_path, capsys):
    assert main(["--data", str(data), "--out", str(tmp_path / "a"), "--no-own"]) == 0
    assert main(["--data", str(data), "--out", str(tmp_path / "b"), "--no-own"]) == 0

    assert (tmp_path / "a" / "categorizer.npz").read_bytes() == (tmp_path / "b" / "categorizer.npz").read_bytes()
    answer = Categorizer.load(tmp_path / "a" / "categorizer.npz").categorize("The laptop was left on a train")
    assert answer.category is Category.LOST_OR_STOLEN
    vocabulary = LinearTextModel.load(tmp_path / "a" / "categorizer.npz").vocabulary
    assert not [term for term in vocabulary if "wilhel" in term or "elmina" in term]
    assert "calibration error" in capsys.readouterr().out


def test_keeps_a_better_model(data, tmp_path, capsys):
    (tmp_path / "categorizer.json").write_text('{"validation": {"incidents": {"accuracy": 1.1}}}', encoding="utf-8")

    assert main(["--data", str(data), "--out", str(tmp_path), "--no-own"]) == 1
    assert not (tmp_path / "categorizer.npz").exists()
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be read"),
        ("", "no incidents"),
        ("not json", ":1: not a JSON object"),
        ("[]", ":1: not a JSON object"),
        ('{"text": "", "category": "other", "group": "a"}', ":1: 'text' and 'group'"),
        ('{"text": "x", "category": "weather", "group": "a"}', "unknown category 'weather'"),
        ('{"text": "x", "category": "other", "group": "a", "data_total": "many"}', "'data_total'"),
        ('{"text": "x", "category": "other", "group": "a"}', "no example of"),
    ],
)
def test_bad_data_gives_one_line_and_status_2(tmp_path, capsys, content, complaint):
    path = tmp_path / "data.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    assert main(["--data", str(path), "--report"]) == 2
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_the_command_runs_from_any_directory(tmp_path):
    command = [str(ROOT / "scripts" / "train_categorizer"), "--data", "missing.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603

    assert done.returncode == 2
    assert done.stderr.startswith("train_categorizer: missing.jsonl: cannot be read")


def test_our_own_reports_cover_every_category_once_each():
    reports = read_own_reports()

    assert {report.category for report in reports} == set(Category)
    assert len({report.text.lower() for report in reports}) == len(reports)


def test_our_own_reports_name_nobody():
    names = listed_names() - ordinary_words()
    capitalised = {
        word for report in read_own_reports() for word in report.text.replace(",", " ").split()[1:] if word.istitle()
    }

    assert {word for word in capitalised if word.lower() in names} <= {"Friday", "Word", "Lab", "Api"}


def test_refuses_an_unknown_heading(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("[weather]\nIt rains\n", encoding="utf-8")

    with pytest.raises(DataError, match="weather"):
        read_own_reports(path)


def test_reads_a_well_formed_file(data):
    assert len(read_incidents(data)) == 6 * len(Category)


def test_the_shipped_vocabulary_holds_no_listed_name():
    model = LinearTextModel.load(DEFAULT_MODEL)
    words = {word for term in model.vocabulary[: model.words_in_vocabulary] for word in personal_names.letters(term)}
    ngrams = {word for term in model.vocabulary[model.words_in_vocabulary :] for word in whole_words(term)}

    assert sorted(word for word in words | ngrams if is_listed_name(word)) == []


def test_the_most_frequent_names_are_not_called_ordinary_words():
    frequent = "james mary john patricia robert jennifer michael linda william elizabeth david maria smith johnson"
    frequent += " williams jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson"
    frequent += " nguyen patel kim lee"

    assert not set(frequent.split()) & ordinary_words()
    assert set(frequent.split()) <= listed_names()


def test_removes_listed_names_and_words_that_are_always_capitalised():
    texts = ["Yesterday Zyxwvut called the bank.", "The bank told Zyxwvut and Smith that the card is lost."]
    names = NameFilter(texts)

    assert names.clean(texts[1]).split() == ["the", "bank", "told", "and", "that", "the", "card", "is", "lost."]
    assert names.forbids_word_term("smith called")
    assert names.forbids_ngram(" smith ")
    assert not names.forbids_ngram("smith")  # a piece of "smithereens": no whole word
    assert not names.forbids_word_term("bank card")


def test_figures_of_known_answers():
    chances = np.full((10, len(Category)), 0.0)
    labels = np.arange(10)
    chances[np.arange(10), labels] = 0.9
    chances[:, 11] = 0.1
    measured = figures(chances, labels, 0.5)

    assert measured.accuracy == measured.top_3 == measured.macro_f1 == measured.answered == 1.0
    assert measured.log_loss == pytest.approx(-np.log(0.9))
    assert measured.calibration_error == pytest.approx(0.1)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, False])) == pytest.approx(0.5)
