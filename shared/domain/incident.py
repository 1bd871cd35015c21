"""The incident, and the two things people do to it first: report it and change it."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.domain.analysis import Analysis
from shared.domain.base import Line, Model, Text, UtcDatetime
from shared.domain.custom_fields import CustomValues
from shared.domain.observables import MAX_OBSERVABLES, Observable
from shared.domain.taxonomy import Category, Outcome, Pap, Priority, Severity, Status, Tlp

Title = Annotated[Line, Field(min_length=3, max_length=200)]
Description = Annotated[Text, Field(min_length=10, max_length=20_000)]
Tag = Annotated[Line, Field(min_length=1, max_length=60)]
Asset = Annotated[Line, Field(min_length=1, max_length=200)]
Tags = Annotated[list[Tag], Field(max_length=50)]
Assets = Annotated[list[Asset], Field(max_length=100)]
Uid = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")]
MAX_PEOPLE = 20
"""To whom one is assigned, and for whom a confidential one is. Each of these is in every element of its index, and a
document of Firestore has at most 40,000 index entries."""
People = Annotated[list[Uid], Field(max_length=MAX_PEOPLE)]
Summary = Annotated[Text, Field(min_length=10, max_length=20_000)]
Reason = Annotated[Text, Field(min_length=3, max_length=2_000)]
MAX_LINKS = 200


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


class LinkKind(StrEnum):
    """What the other incident is to this one."""

    PARENT = "parent"
    CHILD = "child"
    RELATED = "related"
    DUPLICATE = "duplicate"

    @property
    def inverse(self) -> LinkKind:
        """What this incident is to the other one."""
        return _INVERSE.get(self, self)


_INVERSE = {LinkKind.PARENT: LinkKind.CHILD, LinkKind.CHILD: LinkKind.PARENT}


class Link(Model):
    """A link to another incident; the other one has the inverse."""

    kind: LinkKind
    incident_id: Uid


class Withdrawal(Model):
    """Since when some no longer see the incident: live updates tell them to forget it, once."""

    at: UtcDatetime
    scopes: list[str]


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
    custom_fields: CustomValues = Field(default={}, description="Values of the fields that administrators defined")
    confidential: bool = Field(
        default=False, description="For named people only: whoever reports, and those in access_ids"
    )
    access_ids: People = Field(default=[], description="uids of the people a confidential incident is for")
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
    assignee_ids: People = []
    tags: Tags = []
    affected_assets: Assets = []
    confidential: bool = Field(default=False, description="Only its reporter and those in access_ids see it")
    access_ids: People = []
    observables: Annotated[list[Observable], Field(max_length=MAX_OBSERVABLES)] = []
    techniques: list[str] = []
    custom_fields: CustomValues = {}
    summary: Summary | None = Field(default=None, description="What it was and what was done: closing asks for it")
    links: Annotated[list[Link], Field(max_length=MAX_LINKS)] = []
    merged_into: str | None = Field(default=None, description="The incident that this one was merged into")
    merged_ids: list[str] = Field(default=[], description="The incidents that were merged into this one")
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
    active_at: UtcDatetime | None = Field(
        default=None, description="The latest message or evidence: it changes without a new version"
    )
    withdrawal: Withdrawal | None = None
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
    confidential: bool | None = None
    access_ids: People | None = None
    custom_fields: CustomValues | None = Field(
        default=None, description="The fields to change; null takes a value away, what is left out stays"
    )
    summary: Summary | None = None
    detected_at: UtcDatetime | None = None
    reason: Reason | None = Field(
        default=None, description="Why: kept with the change in the timeline and the audit trail; reopening asks for it"
    )


REPORTER_FIELDS = frozenset({"title", "description", "tags", "affected_assets", "detected_at"})
"""What the reporter may still correct while nobody has begun to work on it."""

CLEARABLE_FIELDS = frozenset({"category", "outcome"})
"""Fields that go back to "nobody has said" when set to null."""
