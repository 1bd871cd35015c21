"""What the models say of a text, as the API answers it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.ai.categorizer import Categorizer
from shared.ai.severity import assess_severity
from shared.domain.analysis import Categorization, CategoryProbability, SeverityAssessment, SeverityFactor
from shared.domain.taxonomy import Category

_DIGITS = 4  # of a probability: more would claim a precision that no model has


def categorized(categorizer: Categorizer, description: str, title: str = "") -> Categorization:
    """The category of a report; any text gives an answer."""
    answer = categorizer.categorize(description, title)
    return Categorization(
        category=answer.category,
        confidence=round(answer.confidence, _DIGITS),
        alternatives=[CategoryProbability(category=c, probability=round(p, _DIGITS)) for c, p in answer.alternatives],
        abstained=answer.abstained,
        evidence=list(answer.evidence),
        model=answer.model,
    )


def assessed(
    description: str, title: str = "", category: Category | None = None, affected_assets: Sequence[str] = ()
) -> SeverityAssessment:
    """The severity of a report; without a category that of the categorizer counts, where it is sure."""
    answer = assess_severity(description, title, category=category, affected_assets=affected_assets)
    return SeverityAssessment(
        severity=answer.severity,
        score=answer.score,
        confidence=answer.confidence,
        factors=[
            SeverityFactor(name=f.name, weight=f.weight, value=f.value, evidence=f.evidence) for f in answer.factors
        ],
        model=answer.model,
    )
