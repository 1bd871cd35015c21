from __future__ import annotations

import hashlib
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.people.command import guarded, parse, parser
from scripts.people.errors import RefusedError
from scripts.people.passwords import asked, from_stdin, policy, refuse_in_arguments
from shared.adapters.zxcvbn_passwords import ZxcvbnJudge
from tests.unit.people.conversation import converse

GOOD = "seven-quiet-herons-cross"
OBJECTION = policy(ZxcvbnJudge(), ["secura", "Ada Lovelace", "Research", "ada", "example.org"])


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("a" * 11, "12 to 128"),
        ("a" * 129, "12 to 128"),
        ("password1234", "breached|easy|common|password"),
        ("ada.lovelace", "words"),
        ("tab\tin-the-middle-of-it", "cannot be typed"),
    ],
)
def test_the_policy_says_why(password, why):
    found = OBJECTION(password)
    assert found is not None
    assert any(part in found for part in why.split("|"))
    with pytest.raises(RefusedError, match="refused"):
        from_stdin(io.StringIO(password + "\n"), OBJECTION)


@pytest.mark.parametrize("text", [GOOD, f"{GOOD}\n", f"{GOOD}\r\n", f"{GOOD}\nmore\n"])
def test_one_line_of_standard_input_is_the_password(text):
    assert from_stdin(io.StringIO(text), OBJECTION) == GOOD


def test_blanks_belong_to_a_password():
    assert from_stdin(io.StringIO(f" {GOOD} \n"), OBJECTION) == f" {GOOD} "


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n"])
def test_standard_input_without_a_password_is_refused(content):
    with pytest.raises(RefusedError):
        from_stdin(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"), OBJECTION)


@pytest.mark.parametrize(
    "argument",
    [
        "--password",
        "--password=x",
        "--pass",
        "--passwd=x",
        "--PASSWORD=x",
        "-p",
        "-psecret",
        "--pw",
        "-password",
        "--pwd",
    ],
)
def test_a_password_as_an_argument_is_refused_and_not_repeated(argument, capsys):
    made = parser("create_admin", "")
    status = guarded("create_admin", lambda: len(vars(parse(made, [argument, "hunter2-hunter2"]))))
    assert status == 2
    said = capsys.readouterr().err
    assert "never an argument" in said
    assert "hunter2" not in said
    assert "secret" not in said


@given(st.lists(st.sampled_from(["--project", "--email", "p", "x@y.org", "--password-stdin", "--yes=p-1", "pass"])))
def test_other_arguments_pass(arguments):
    refuse_in_arguments(arguments)


def test_a_bare_yes_takes_nothing_from_the_argument_behind_it():
    made = parser("create_security_team", "")
    made.add_argument("file")
    found = parse(made, ["--yes", "team.csv"])
    assert (found.yes, found.file) == ("", "team.csv")
    assert parse(made, ["--yes=secura-prod", "team.csv"]).yes == "secura-prod"
    assert parse(made, ["team.csv"]).yes is None


def test_three_tries_and_nobody_to_ask(capsys):
    answers = iter(["short", GOOD, "something else", GOOD, GOOD])
    assert asked(lambda _: next(answers), OBJECTION) == GOOD
    said = capsys.readouterr().out
    assert "Not this one: use 12 to 128 characters" in said
    assert "Not the same" in said
    with pytest.raises(RefusedError):
        asked(lambda _: "short", OBJECTION)
    with pytest.raises(RefusedError, match="--password-stdin"):
        asked(None, OBJECTION)


PROGRAM = """
import hashlib
from scripts.people.passwords import asked, hidden_terminal
password = asked(hidden_terminal(), lambda text: None if len(text) > 11 else "too short")
print("got", hashlib.sha256(password.encode()).hexdigest())
"""


def test_on_a_terminal_it_is_typed_twice_and_not_shown():
    status, screen = converse(
        [sys.executable, "-c", PROGRAM],
        [("New password: ", "short"), ("New password: ", GOOD), ("The same again: ", GOOD)],
    )
    assert status == 0, screen
    assert f"got {hashlib.sha256(GOOD.encode()).hexdigest()}" in screen
    assert "too short" in screen
    assert GOOD not in screen
