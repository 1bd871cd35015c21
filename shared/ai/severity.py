"""How bad an incident is: a score from 0 to 100 that is the sum of named factors, each with its evidence.

>>> answer = assess_severity("All servers are encrypted and a note demands a ransom. Nobody can work.")
>>> answer.severity.value
'high'
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.ai import severity_rules as rules
from shared.ai.categorizer import Categorizer
from shared.ai.quantities import Quantity, largest_quantity
from shared.ai.records import RecordEstimator
from shared.ai.severity_rules import Found, Lexicon
from shared.ai.text import MAX_CHARACTERS
from shared.domain.taxonomy import Category, Severity

MODEL: Final = "secura-severity/2026.11.2"

# Points each factor can add at most; protection takes away. They sum to more than 100: no incident needs every factor
# to be critical, and the score is cut off at 100.
WEIGHTS: Final = {
    "category": 12.0,
    "data_kinds": 8.0,
    "records": 70.0,
    "assets": 9.0,
    "spread": 8.0,
    "privileged_access": 8.0,
    "active_exploitation": 8.0,
    "service_outage": 16.0,
    "actor": 5.0,
    "safety": 12.0,
    "protection": -8.0,
}
_LEXICONS: Final[dict[str, Lexicon]] = {
    "data_kinds": rules.DATA_KINDS,
    "spread": rules.SPREAD,
    "privileged_access": rules.PRIVILEGE,
    "active_exploitation": rules.ACTIVITY,
    "actor": rules.ACTOR,
    "safety": rules.SAFETY,
}
_LEVELS: Final = (
    (80, Severity.CRITICAL),
    (56, Severity.HIGH),
    (35, Severity.MEDIUM),
    (15, Severity.LOW),
    (0, Severity.INFORMATIONAL),
)


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason: it adds ``weight * value`` points. A negative weight takes points away."""

    name: str
    weight: float
    value: float
    """0 (nothing found) to 1."""
    evidence: str
    """The words of the report, or where the value comes from when the report says nothing; empty for value 0."""


@dataclass(frozen=True, slots=True)
class SeverityAssessment:
    """Level and score (0 to 100), with every factor, also those that found nothing."""

    severity: Severity
    score: int
    confidence: float
    """How much of what decides was stated rather than assumed, 0 to 1. Not a probability."""
    factors: tuple[Factor, ...]
    model: str


def assess_severity(
    description: str,
    title: str = "",
    *,
    category: Category | None = None,
    affected_assets: Sequence[str] = (),
    estimator: RecordEstimator | None = None,
) -> SeverityAssessment:
    """Score a report. Any text gives an answer; only the first `MAX_CHARACTERS` of it are read.

    Without a `category` the categorizer is asked, and believed unless it abstains. `affected_assets` are names or
    descriptions of what is hit, read with the same words as the text. `estimator` is the shipped one unless another is
    to be judged.
    """
    text = f"{title}\n{description}"[:MAX_CHARACTERS].replace("\u2019", "'")
    assets = "\n".join(affected_assets)[:MAX_CHARACTERS]
    given = category
    if category is None:
        guess = Categorizer.load().categorize(description, title)
        category = None if guess.abstained else guess.category
    found = {name: lexicon.find(text) for name, lexicon in _LEXICONS.items()}
    found["category"] = _category(category, given)
    stated = largest_quantity(text)
    found["records"] = _records(stated, category, estimator or RecordEstimator.load(), text)
    found["assets"] = _assets(text, assets)
    found["service_outage"] = _outage(text, category)
    found["protection"] = _protection(text, category)
    factors = tuple(
        Factor(name, weight, round(found[name].value, 3), found[name].evidence) for name, weight in WEIGHTS.items()
    )
    score = min(100, max(0, round(sum(factor.weight * factor.value for factor in factors))))
    severity = next(level for least, level in _LEVELS if score >= least)
    return SeverityAssessment(
        severity,
        score,
        _confidence(category, found, number_stated=stated is not None) if text.strip() else 0.0,
        factors,
        MODEL,
    )


def _category(category: Category | None, given: Category | None) -> Found:
    if category is None:
        return Found(rules.UNKNOWN_CATEGORY_BASE, "the category is not known: an average one is assumed")
    return Found(rules.CATEGORY_BASE[category], f"{category}, {'as given' if given else 'as the categorizer reads it'}")


def _records(stated: Quantity | None, category: Category | None, estimator: RecordEstimator, text: str) -> Found:
    if stated is not None:
        return Found(_records_value(stated.amount), stated.evidence)
    typical = rules.UNKNOWN_TYPICAL_RECORDS if category is None else rules.TYPICAL_RECORDS[category]
    kind = "an incident" if category is None else f"{category}"
    if typical < rules.FEW_RECORDS:
        return Found(typical / rules.MOST_RECORDS, f"no number stated: few or none assumed, as usual for {kind}")
    estimate = estimator.estimate(text)
    # What the model cannot read says nothing; then what is usual for the category stands.
    value = estimate.trust * estimate.log10 + (1 - estimate.trust) * typical
    return Found(
        min(1.0, value / rules.MOST_RECORDS),
        f"no number stated: about {_rounded(10**value):,} estimated from the words, and from what is usual for {kind}",
    )


def _rounded(amount: float) -> int:
    """To one digit: no estimate is better than that."""
    digits = len(str(int(amount))) - 1
    return int(round(amount, -digits))


def _records_value(amount: float) -> float:
    """Logarithmic: each tenfold adds the same; one record 0, a hundred million or more 1."""
    return min(1.0, max(0.0, math.log10(max(amount, 1.0)) / rules.MOST_RECORDS))


def _assets(text: str, affected: str) -> Found:
    in_text, named = rules.ASSETS.find(text), rules.ASSETS.find(affected)
    return named if named.value >= in_text.value and named.value > 0 else in_text


def _outage(text: str, category: Category | None) -> Found:
    found = rules.OUTAGE.find(text)
    implied = 0.0 if category is None else rules.IMPLIED_OUTAGE.get(category, 0.0)
    if implied > found.value:
        return Found(implied, f"{category} stops a service even where the report does not say so")
    return found


def _protection(text: str, category: Category | None) -> Found:
    found = rules.PROTECTED.find(text)
    held_hostage = category is Category.RANSOMWARE or rules.HOSTAGE.search(text) is not None
    if found.value == 1.0 and held_hostage and "encrypted" in found.evidence.lower():
        return Found(0.0, "")
    return found


def _confidence(category: Category | None, found: dict[str, Found], *, number_stated: bool) -> float:
    stated = {
        "category": 0.25 if category not in (None, Category.OTHER) else 0.0,
        "records": 0.25 if number_stated else 0.0,
        "data_kinds": 0.15 if found["data_kinds"].value > 0 else 0.0,
        "assets": 0.1 if found["assets"].value > 0 else 0.0,
        "rest": 0.03
        * sum(found[name].value > 0 for name in ("spread", "service_outage", "actor", "active_exploitation", "safety")),
    }
    return round(0.1 + sum(stated.values()), 3)
