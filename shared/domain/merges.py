"""What is kept of merges of incidents."""

from __future__ import annotations

from pydantic import Field

from shared.domain.base import Model, Text, UtcDatetime
from shared.domain.incident import Incident, Reason
from shared.domain.links import IncidentName
from shared.domain.observables import Observable
from shared.domain.taxonomy import Outcome, Pap, Status, Tlp


class MergeRequest(Model):
    """Which incident this one is merged into."""

    into: IncidentName
    reason: Reason | None = Field(default=None, description="Kept with both incidents")


class Contribution(Model):
    """What one incident has, or a merge gave another one, of what is collected."""

    tags: list[str] = []
    affected_assets: list[str] = []
    techniques: list[str] = []
    observables: list[Observable] = []


class Bounds(Model):
    """Of which the target takes the stricter, or the earlier."""

    tlp: Tlp
    pap: Pap
    detected_at: UtcDatetime


class Former(Model):
    """What the source was before it was closed as a duplicate."""

    status: Status
    outcome: Outcome | None
    summary: str | None
    triaged_at: UtcDatetime | None
    closed_at: UtcDatetime | None


class Merge(Model):
    """The document `incidents/{source}/merges/{source}`: the latest merge of an incident; `undone_at` when it is over.

    `own` are the bounds that the target had without any merge. `linked`: the merge made the link between the two.
    """

    id: str
    target_id: str
    at: UtcDatetime
    by: str
    joined: bool = False
    reason: Text | None = None
    offered: Contribution
    offered_bounds: Bounds
    added: Contribution
    own: Bounds
    linked: bool
    former: Former
    told: str
    target_version: int
    left_out: dict[str, int] = {}
    undone_at: UtcDatetime | None = None


class Merged(Model):
    """Both incidents after a merge or its undo. `left_out` counts what did not fit: it stays in the source."""

    source: Incident
    target: Incident
    left_out: dict[str, int] = {}
