"""What every language model holds to: the fake that other tests use, and the adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.disclosure import MOST_CHARACTERS, Marking
from shared.domain.errors import (
    BadAnswerError,
    BlockedAnswerError,
    BudgetExhaustedError,
    KeptBackError,
    NotConfiguredError,
)
from shared.domain.taxonomy import Pap, Tlp
from tests.fakes_ai import FakeLanguageModel
from tests.gemini.conftest import prompt
from tests.gemini.server import blocks, says


@dataclass
class Subject:
    """A model, and what was sent to it."""

    model: Any
    sent: Any


@pytest.fixture(params=["fake", "gemini"])
def given(request, world):
    """Makes a model that gives the answer, or is blocked, out of budget or without a model."""

    def make(answer: str = '{"summary": "Fine."}', case: str = "", ceiling: Tlp = Tlp.GREEN) -> Subject:
        if request.param == "fake":
            errors = {
                "blocked": BlockedAnswerError("x"),
                "budget": BudgetExhaustedError("x"),
                "none": NotConfiguredError("x"),
            }
            fake = FakeLanguageModel(errors.get(case, answer), ceiling=ceiling)
            return Subject(fake, lambda: fake.sent)
        world.server.will(blocks() if case == "blocked" else says(answer))
        if case == "none":
            world.clock.wait_until(world.clock.now().replace(year=2040))
        model = world.make(budget=1 if case == "budget" else 10**9, ceiling=ceiling)
        return Subject(model, lambda: [one.text[30:-30] for one in world.server.received])

    return make


def test_the_answer_has_its_form(given):
    generated = given('{"summary": "Fine.", "steps": ["One"]}').model.generate(prompt())
    assert generated.answer.summary == "Fine."
    assert generated.answer.steps == ["One"]
    assert generated.version == "summary-1"
    assert generated.model
    assert generated.usage.tries == 1


def test_another_form_is_refused(given):
    with pytest.raises(BadAnswerError):
        given('{"summary": 7}').model.generate(prompt())


@pytest.mark.parametrize(
    ("case", "error"), [("blocked", BlockedAnswerError), ("budget", BudgetExhaustedError), ("none", NotConfiguredError)]
)
def test_no_answer_says_why(given, case, error):
    with pytest.raises(error) as caught:
        given(case=case).model.generate(prompt())
    assert caught.value.code


@pytest.mark.parametrize(
    "marking",
    [
        Marking(),
        Marking(Tlp.AMBER, Pap.GREEN),
        Marking(Tlp.RED, Pap.CLEAR),
        Marking(Tlp.GREEN, Pap.AMBER),
        Marking(Tlp.CLEAR, Pap.CLEAR, confidential=True),
    ],
)
def test_what_is_marked_stays(given, marking):
    subject = given()
    with pytest.raises(KeptBackError):
        subject.model.generate(prompt(marking=marking))
    assert subject.sent() == []


def test_an_operator_can_let_out_more_but_not_all(given):
    subject = given(ceiling=Tlp.AMBER)
    subject.model.generate(prompt(marking=Marking(Tlp.AMBER, Pap.GREEN)))
    for tlp in (Tlp.AMBER_STRICT, Tlp.RED):
        with pytest.raises(KeptBackError):
            subject.model.generate(prompt(marking=Marking(tlp, Pap.GREEN)))
    assert len(subject.sent()) == 1


def test_personal_data_stays_and_comes_back(given):
    subject = given('{"summary": "<EMAIL_1> called <PHONE_1> from <IP_1>"}')
    text = "bob@example.com called +41 79 123 45 67 from 192.0.2.7, token=abcdefgh"
    generated = subject.model.generate(prompt(text, hide_addresses=True))
    assert subject.sent() == ["<EMAIL_1> called <PHONE_1> from <IP_1>, token=<TOKEN_1>"]
    assert generated.answer.summary == "bob@example.com called +41 79 123 45 67 from 192.0.2.7"
    assert "bob@" not in generated.text


def test_a_text_that_is_too_long_stays(given):
    subject = given()
    with pytest.raises(KeptBackError, match="60001"):
        subject.model.generate(prompt("x" * (MOST_CHARACTERS + 1)))
    assert subject.sent() == []
