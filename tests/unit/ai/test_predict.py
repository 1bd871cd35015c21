"""scripts/predict: one answer for each line, in order, whatever the texts are."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.predicting.command import InputError, answered
from scripts.predicting.models import MODELS
from shared.domain.taxonomy import Category, Severity
from tests.conftest import ROOT


def run(model, lines):
    command = [sys.executable, "-m", "scripts.predicting", model]
    text = "".join(f"{json.dumps(line)}\n" if not isinstance(line, str) else line for line in lines)
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)  # noqa: S603


def test_categories_are_answered_line_by_line():
    done = run(
        "categories", [{"id": "a", "text": "I left my phone in a taxi"}, "\n", {"id": 7, "text": "", "title": "x"}]
    )
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["id"], first["label"], second["id"]) == ("a", "lost_or_stolen", 7)
    assert {name for name, _ in first["alternatives"]} == set(Category)
    assert sum(chance for _, chance in first["alternatives"]) == pytest.approx(1, abs=1e-4)
    assert first["confidence"] == first["alternatives"][0][1]
    assert (second["label"], second["abstained"]) == ("other", True)


def test_severity_has_a_level_and_a_score():
    done = run(
        "severity", [{"id": 1, "text": "All files of the hospital are encrypted for ransom, 2 million patients."}]
    )
    answer = json.loads(done.stdout)
    assert answer["level"] in set(Severity)
    assert 0 <= answer["score"] <= 100


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[1]", '{"id": 1}', '{"text": "x"}', '{"id": 1, "text": 5}', '{"id": 1, "text": "x", "title": 2}'],
)
def test_a_line_that_cannot_be_read_is_named_and_what_came_before_is_answered(line):
    done = run("categories", [{"id": 1, "text": "spam"}, f"{line}\n"])
    assert done.returncode == 2
    assert done.stderr.startswith("predict: line 2: ")
    assert len(done.stderr.splitlines()) == 1
    assert json.loads(done.stdout)["id"] == 1


@given(st.text(), st.text(max_size=50))
def test_any_text_is_answered(text, title):
    for make in MODELS.values():
        answer = make()
        said = answered(json.dumps({"id": 0, "text": text, "title": title}).encode(), 1, answer)
        json.dumps(said)


@given(st.binary(max_size=80))
def test_any_bytes_are_no_line_that_can_be_answered(line):
    with pytest.raises(InputError, match=r"^line 3: "):
        answered(line, 3, MODELS["categories"]())
