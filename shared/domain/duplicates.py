"""What may have been reported before: what is asked, and what whoever reports may know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from shared.domain.base import Model, UtcDatetime
from shared.domain.incident import Asset, Assets, Description, Incident, Title
from shared.domain.observables import ObservableType
from shared.domain.taxonomy import Status, Tlp

WINDOW = timedelta(days=7)
"""How far back an incident can have been reported to be thought the same."""
MAX_DUPLICATES = 5
TOLD_TO_EVERYBODY = frozenset({Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER})
"""Markings whose incidents may be pointed out, by reference alone, to whoever notices the same."""


class DuplicateQuery(Model):
    """A report before it is sent."""

    title: Title
    description: Description
    affected_assets: Assets = []


class PossibleDuplicate(Model):
    """An incident that looks like the one reported.

    `title` and `status` are null for whoever may not see the incident: they learn that something like it is known, its
    reference and when it was reported, and can join it.
    """

    incident_id: str
    reference: str
    reported_at: UtcDatetime
    similarity: Annotated[float, Field(ge=0, le=1, description="Probability that both describe the same incident")]
    reasons: list[str] = Field(examples=[["both name 192.0.2.1"]])
    title: str | None = None
    status: Status | None = None


class PossibleDuplicates(Model):
    """At most five, the likeliest first; none is the usual answer."""

    items: list[PossibleDuplicate]


class ReportedIncident(Incident):
    """The incident that was made of a report, and what may be the same."""

    possible_duplicates: list[PossibleDuplicate] = Field(
        default=[], description="At most five incidents that look like this one; joining one is up to the reporter"
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is compared of an open incident, without the rest of it."""

    id: str
    reference: str
    title: str
    description: str
    affected_assets: tuple[Asset, ...]
    observables: frozenset[tuple[ObservableType, str]]
    """Those that are not known good."""
    status: Status
    tlp: Tlp
    confidential: bool
    reporter_id: str
    access_ids: tuple[str, ...]
    merged: bool
    reported_at: UtcDatetime
