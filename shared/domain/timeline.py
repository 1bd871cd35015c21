"""The timeline of an incident: what was done to it, and what the attacker did.

An entry is written in the same commit as what it tells of, and never changed. It is the readable twin of the audit
entry, and what notifications and live updates go by.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from shared.domain.audit import Actor
from shared.domain.base import Line, Model, Text, UtcDatetime

Technique = Annotated[
    Line, Field(pattern=r"^T\d{4}(\.\d{3})?$", description="MITRE ATT&CK technique", examples=["T1566.002"])
]


class TimelineKind(StrEnum):
    """What an entry tells of."""

    REPORTED = "reported"
    CHANGED = "changed"
    ANALYZED = "analyzed"
    ASSIGNED = "assigned"
    ACCESS = "access"
    MESSAGE = "message"
    EVIDENCE = "evidence"
    OBSERVABLES = "observables"
    LINKED = "linked"
    UNLINKED = "unlinked"
    MERGED = "merged"
    UNMERGED = "unmerged"
    SPLIT = "split"
    JOINED = "joined"
    ATTACKER_ACTIVITY = "attacker_activity"


class TimelineChange(Model):
    """One field's values before and after, as JSON values; null where there was or is none."""

    field: str
    old: Any = None
    new: Any = None


class TimelineEntry(Model):
    """The document `incidents/{incident_id}/timeline/{id}`.

    `at` is when it happened: for the attacker's activity as far as people know, which may be long before it was
    entered. `recorded_at` is the database's own time of the write. `about` is the id of the message, evidence or other
    incident that it is about. What is `internal` is for those who handle the incident, not for its reporter.
    `version` is the incident's after the change, where the change made a new one.
    """

    id: str
    incident_id: str
    at: UtcDatetime
    kind: TimelineKind
    actor: Actor
    internal: bool = False
    changes: list[TimelineChange] = []
    note: Text | None = None
    about: str | None = None
    technique: Technique | None = None
    recorded_at: UtcDatetime | None = None
    version: int | None = None

    @property
    def actor_id(self) -> str:
        """The person's uid, or the name of the function or script."""
        return self.actor.id
