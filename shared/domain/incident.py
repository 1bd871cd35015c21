"""The incident, and the two things people do to it first: report it and change it."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.domain.analysis import Analysis
from shared.domain.base import Line, Model, Text, UtcDatetime
from shared.domain.taxonomy import Category, Outcome, Pap, Priority, Severity, Status, Tlp

Title = Annotated[Line, Field(min_length=3, max_length=200)]
Description = Annotated[Text, Field(min_length=10, max_length=20_000)]
Tag = Annotated[Line, Field(min_length=1, max_length=60)]
Asset = Annotated[Line, Field(min_length=1, max_length=200)]
Tags = Annotated[list[Tag], Field(max_length=50)]
Assets = Annotated[list[Asset], Field(max_length=100)]
Uid = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")]


class Source(StrEnum):
    """Who said it: a later word of the AI never overrides a person's."""

    REPORTER = "reporter"
    TEAM = "team"
    AI = "ai"


class Provenance(Model):
    """Who set each judged field last; null where nobody has yet."""

    category: Source | None = None
    severity: Source | None = None
    priority: Source | None = None


class IncidentReport(Model):
    """What somebody noticed. Only title and description are needed."""

    title: Title = Field(description="One line", examples=["Invoice mail asked for my password"])
    description: Description = Field(
        description="What happened, in your own words",
        examples=[
            "A mail that looked like our supplier's led to a login page. I entered my password before I noticed."
        ],
    )
    category: Category | None = None
    severity: Severity | None = None
    detected_at: UtcDatetime | None = Field(default=None, description="When it was noticed; now, when left out")
    tlp: Tlp = Tlp.AMBER
    tags: Tags = []
    affected_assets: Assets = Field(default=[], examples=[["mail account", "laptop"]])
    notify: bool = Field(
        default=True, description="False mails nobody: for importing old incidents, needs incident:import"
    )


class Incident(Model):
    """A security incident: the document `incidents/{id}` and the answer of the API."""

    id: str
    reference: str = Field(description="What people call it, such as INC-7K3M-9QXT")
    title: Title
    description: Description
    status: Status = Status.NEW
    outcome: Outcome | None = None
    severity: Severity | None = Field(default=None, description="Null until a person or the analysis has said")
    priority: Priority = Priority.NORMAL
    category: Category | None = Field(default=None, description="Null until a person or the analysis has said")
    category_tag: str | None = Field(default=None, description="The category in the RSIT taxonomy")
    tlp: Tlp = Tlp.AMBER
    pap: Pap = Pap.AMBER
    reporter_id: Uid
    assignee_ids: list[Uid] = []
    tags: Tags = []
    affected_assets: Assets = []
    observables: list[str] = []
    techniques: list[str] = []
    analysis: Analysis | None = Field(default=None, description="Null until the AI has run")
    provenance: Provenance = Provenance()
    notify: bool = True
    detected_at: UtcDatetime
    reported_at: UtcDatetime
    triaged_at: UtcDatetime | None = None
    contained_at: UtcDatetime | None = None
    closed_at: UtcDatetime | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    version: Annotated[int, Field(ge=1)] = 1

    @property
    def input_hash(self) -> str:
        """SHA-256 of the words an analysis reads, so that the same words are never analysed twice."""
        words = [self.title, self.description, self.affected_assets]
        return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()


class IncidentChange(Model):
    """Any subset of the fields that can be edited; what is left out stays. Null clears a category or an outcome."""

    title: Title | None = None
    description: Description | None = None
    status: Status | None = None
    outcome: Outcome | None = None
    severity: Severity | None = None
    priority: Priority | None = None
    category: Category | None = None
    tlp: Tlp | None = None
    pap: Pap | None = None
    tags: Tags | None = None
    affected_assets: Assets | None = None
    detected_at: UtcDatetime | None = None


REPORTER_FIELDS = frozenset({"title", "description", "tags", "affected_assets", "detected_at"})
"""What the reporter may still correct while nobody has begun to work on it."""

CLEARABLE_FIELDS = frozenset({"category", "outcome"})
"""Fields that go back to "nobody has said" when set to null."""
