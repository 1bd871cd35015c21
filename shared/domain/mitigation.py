"""What to do about an incident: steps by the phases of NIST SP 800-61r2, each with its reason and its source."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.domain.base import Line, Model, Text
from shared.domain.incident import Uid
from shared.domain.taxonomy import Category, Severity


class Phase(StrEnum):
    """The phases of a response, in their order; preparation is over when an incident is there."""

    DETECTION_AND_ANALYSIS = "detection_and_analysis"
    CONTAINMENT = "containment"
    ERADICATION = "eradication"
    RECOVERY = "recovery"
    POST_INCIDENT = "post_incident"


class Owner(StrEnum):
    """Who does it."""

    REPORTER = "reporter"
    HELP_DESK = "help_desk"
    SECURITY_TEAM = "security_team"
    IT_OPERATIONS = "it_operations"
    LEGAL_PRIVACY = "legal_privacy"
    MANAGEMENT = "management"
    COMMUNICATIONS = "communications"


StepId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]


class Step(Model):
    """One thing to do."""

    id: StepId
    action: str
    reason: str
    owner: Owner
    effort: str = Field(description="How long it takes one person, in words", examples=["30 minutes"])
    minutes: Annotated[int, Field(ge=1)]
    source: str = Field(examples=["NIST SP 800-61r2, 3.3.1"])
    done: bool = Field(default=False, description="Named as done, or of a phase that the incident has left behind")


class PhaseSteps(Model):
    """The steps of one phase, most urgent first."""

    phase: Phase
    steps: list[Step]


class MitigationPlan(Model):
    """The plan; phases without steps are left out."""

    category: Category | None = Field(description="Null where nobody knows: the plan is then the general one")
    severity: Severity
    phases: list[PhaseSteps]
    model: str


class MitigationRequest(Model):
    """An incident, or a text that describes one."""

    incident_id: Uid | None = None
    description: Annotated[Text, Field(max_length=20_000)] | None = None
    title: Annotated[Line, Field(max_length=200)] = ""
    category: Category | None = None
    done: Annotated[list[StepId], Field(max_length=200)] = Field(default=[], description="ids of steps that are done")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.incident_id is None) == (self.description is None):
            raise ValueError("give incident_id or description, one of the two")
        if self.incident_id is not None and (self.category is not None or self.title):
            raise ValueError("title and category go with a description; an incident has its own")
        return self
