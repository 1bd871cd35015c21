"""The language model of whoever has none."""

from __future__ import annotations

from shared.domain.errors import NotConfiguredError
from shared.ports.language_model import A, Generated, Prompt


class UnconfiguredLanguageModel:
    """Answers nothing, and says why: what is not set, or not usable."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def generate(self, request: Prompt[A]) -> Generated[A]:
        raise NotConfiguredError(f"No language model for {request.purpose}: {self._reason}")
