"""What the AI said of an incident, with its reasons and the versions of the models that said it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.domain.base import Line, Model, Text, UtcDatetime
from shared.domain.taxonomy import Category, Severity

Probability = Annotated[float, Field(ge=0, le=1)]


class CategoryProbability(Model):
    """One category and how likely it is."""

    category: Category
    probability: Probability


class Categorization(Model):
    """The category with its calibrated probability, the runners-up and the words that decided."""

    category: Category
    confidence: Probability
    alternatives: list[CategoryProbability] = Field(default=[], description="All twelve; left out in lists")
    abstained: bool = Field(description="True when the model is not sure: a person has to choose")
    evidence: list[str] = Field(description="Words of the report that decided, strongest first")
    model: str


class SeverityFactor(Model):
    """One reason for the severity: `value` (0 to 1) of its `weight` (points out of 100) counted."""

    name: str
    weight: float
    value: Annotated[float, Field(ge=0, le=1)]
    evidence: str


class SeverityAssessment(Model):
    """Level and score from 0 to 100, with the factors that made it."""

    severity: Severity
    score: Annotated[int, Field(ge=0, le=100)]
    confidence: Probability
    factors: list[SeverityFactor] = Field(default=[], description="Left out in lists")
    model: str


class ReportText(Model):
    """A text to judge, whosever it is: a report, a pasted mail, lines of a log."""

    description: Annotated[Text, Field(max_length=20_000, examples=["I left my work laptop on the train to Leeds."])]
    title: Annotated[Line, Field(max_length=200)] = ""


class SeverityText(ReportText):
    """A text to assess, with what is known beside it."""

    category: Category | None = Field(default=None, description="Left out, the categorizer is asked")
    affected_assets: Annotated[list[Annotated[Line, Field(min_length=1, max_length=200)]], Field(max_length=100)] = []


class Analysis(Model):
    """The whole analysis of one version of an incident's words."""

    input_hash: str = Field(description="SHA-256 of the words that were read: a change of them asks for a new analysis")
    categorization: Categorization
    severity: SeverityAssessment
    analyzed_at: UtcDatetime
