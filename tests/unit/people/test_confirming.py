from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.people.confirming import check_yes, confirm, reason_of, show
from scripts.people.errors import RefusedError
from scripts.people.target import Target
from tests.unit.people.conversation import converse

HOSTS = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:8080", "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099"}
LOCAL = Target("demo-secura", embedded=True, variables=HOSTS)
REAL = Target("secura-prod", embedded=False, variables={})


def saying(*answers: str):
    left = list(answers)
    return lambda _question: left.pop(0)


@pytest.mark.parametrize("answer", ["y", "Y", "yes", " yes "])
def test_a_yes_is_enough_on_embedded_services(answer):
    confirm(LOCAL, None, saying(answer))


def test_a_real_project_wants_its_id(capsys):
    show(REAL, ["somebody becomes somebody"])
    confirm(REAL, None, saying("secura-prod"))
    shown = capsys.readouterr().out
    assert "secura-prod (a real project)" in shown
    assert "somebody becomes somebody" in shown


@given(st.text().filter(lambda text: text.strip() != "secura-prod"))
def test_nothing_else_passes_on_a_real_project(answer):
    with pytest.raises(RefusedError):
        confirm(REAL, None, saying(answer))


@given(st.text().filter(lambda text: text.strip().lower() not in {"y", "yes"}))
def test_nothing_but_yes_passes_on_embedded_services(answer):
    with pytest.raises(RefusedError):
        confirm(LOCAL, None, saying(answer))


@pytest.mark.parametrize("target", [LOCAL, REAL])
def test_with_nobody_to_ask_it_is_refused(target):
    with pytest.raises(RefusedError, match=f"--yes={target.project}"):
        confirm(target, None, None)


def test_the_option_goes_without_the_question():
    confirm(LOCAL, "", None)
    confirm(LOCAL, "demo-secura", None)
    confirm(REAL, "secura-prod", None)


@pytest.mark.parametrize(("target", "yes"), [(REAL, ""), (REAL, "demo-secura"), (REAL, "SECURA-PROD"), (LOCAL, "x")])
def test_the_option_has_to_name_the_project(target, yes):
    with pytest.raises(RefusedError):
        check_yes(target, yes)
    with pytest.raises(RefusedError):
        confirm(target, yes, saying(target.project))


def test_an_end_of_input_is_no_answer():
    def gone(_question: str) -> str:
        raise EOFError

    with pytest.raises(RefusedError):
        confirm(REAL, None, gone)


def test_a_reason_is_given_or_asked_for():
    assert reason_of(" as agreed ", None) == "as agreed"
    assert reason_of(None, saying("as agreed")) == "as agreed"
    for given_reason, ask in [(None, None), ("no", None), (None, saying("")), ("x" * 501, None), ("a\x07bcd", None)]:
        with pytest.raises(RefusedError):
            reason_of(given_reason, ask)


PROGRAM = """
from scripts.people.confirming import confirm, terminal
from scripts.people.errors import RefusedError
from scripts.people.target import Target
try:
    confirm(Target("secura-prod", False, {}), None, terminal())
    print("it was done")
except RefusedError as error:
    print("refused:", error)
"""


@pytest.mark.parametrize(("answer", "ends"), [("secura-prod", "it was done"), ("yes", "refused: that is not")])
def test_on_a_terminal(answer, ends):
    status, screen = converse([sys.executable, "-c", PROGRAM], [("Type the project's id", answer)])
    assert status == 0
    assert ends in screen
