"""The models by the names that the command knows them by, each loaded only when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[str, str], dict[str, Any]]
"""From a text and a title to the fields of an answer."""

_DIGITS = 6


def categories() -> Answer:
    """`label`, `confidence`, and `alternatives` as [label, probability] for all categories."""
    from shared.ai.categorizer import Categorizer

    categorizer = Categorizer.load()

    def answer(text: str, title: str) -> dict[str, Any]:
        said = categorizer.categorize(text, title)
        return {
            "label": said.category.value,
            "confidence": round(said.confidence, _DIGITS),
            "alternatives": [[category.value, round(chance, _DIGITS)] for category, chance in said.alternatives],
            "abstained": said.abstained,
        }

    return answer


def severity() -> Answer:
    """`level`, and `score` from 0 to 100."""
    from shared.ai.severity import assess_severity

    def answer(text: str, title: str) -> dict[str, Any]:
        said = assess_severity(text, title)
        return {"level": said.severity.value, "score": said.score}

    return answer


MODELS: Mapping[str, Callable[[], Answer]] = {"categories": categories, "severity": severity}
