"""Fakes of the ports of language models, held to the same contract as the adapters by tests/gemini."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.domain.disclosure import disclosed
from shared.domain.errors import BadAnswerError, SecuraError
from shared.domain.sensitive import Wanted
from shared.domain.taxonomy import Tlp
from shared.ports.ai_usage import Charge, DayUsage, ModelUsage, Spent
from shared.ports.language_model import A, Generated, Prompt, Usage


class FakeLanguageModel:
    """Gives the prepared answers in their order (JSON, a model, or an error to raise), the last one again and again.

    `sent` are the texts that left, `asked` the prompts. The gate and the redaction are the real ones.
    """

    def __init__(self, *answers: str | BaseModel | SecuraError, ceiling: Tlp = Tlp.GREEN) -> None:
        self.answers: list[str | BaseModel | SecuraError] = list(answers)
        self.ceiling = ceiling
        self.asked: list[Prompt[Any]] = []
        self.sent: list[str] = []

    def generate(self, request: Prompt[A]) -> Generated[A]:
        wanted = Wanted(request.names, request.hide_addresses)
        safe = disclosed(request.data, request.marking, self.ceiling, wanted)
        self.asked.append(request)
        self.sent.append(safe.text)
        given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(given, SecuraError):
            raise given
        text = given if isinstance(given, str) else given.model_dump_json()
        try:
            request.answer.model_validate_json(text, strict=True)
            answer = request.answer.model_validate_json(safe.restored(text))
        except ValidationError:
            raise BadAnswerError("The language model's answer is not of the form that was asked for") from None
        return Generated(answer, text, "fake-model", request.version, Usage(10, 5, 0, 1), 0.0)


@dataclass
class _Day:
    open: dict[str, int] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    models: dict[str, ModelUsage] = field(default_factory=dict)


class FakeAiUsage:
    """The account in memory. `failure`, when set, is raised by `reserve` or, with `on` changed, by `settle`."""

    def __init__(self) -> None:
        self._days: dict[date, _Day] = {}
        self.failure: SecuraError | None = None
        self.on: Sequence[str] = ("reserve",)

    def reserve(self, charge: Charge, limit: int) -> bool:
        self._fail("reserve")
        day = self._days.setdefault(charge.day, _Day())
        others = self.read(charge.day).committed - day.open.get(charge.id, 0)
        if others + charge.nano_usd > limit:
            return False
        day.open[charge.id] = charge.nano_usd
        return True

    def settle(self, charge: Charge, spent: Spent) -> None:
        self._fail("settle")
        day = self._days[charge.day]
        if day.open.pop(charge.id, None) is None:
            return
        held = day.models.get(spent.model, ModelUsage())
        day.models[spent.model] = ModelUsage(
            held.calls + 1,
            held.input_tokens + spent.input_tokens,
            held.output_tokens + spent.output_tokens,
            held.nano_usd + spent.nano_usd,
        )

    def read(self, day: date) -> DayUsage:
        kept = self._days.get(day, _Day())
        spent = sum(usage.nano_usd for usage in kept.models.values())
        return DayUsage(spent + sum(kept.open.values()), dict(kept.models))

    def _fail(self, where: str) -> None:
        if self.failure and where in self.on:
            raise self.failure
