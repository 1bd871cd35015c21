"""What is shown of a timeline, and what people enter into it themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.domain.base import Model, Text, UtcDatetime
from shared.domain.timeline import Technique, TimelineChange, TimelineEntry, TimelineKind


class TimelineItem(Model):
    """One entry. `at` is when it happened, `recorded_at` when it was written down."""

    id: str
    at: UtcDatetime
    recorded_at: UtcDatetime | None
    actor_id: str = Field(description="A person's uid, or the name of the function or script")
    kind: TimelineKind
    changes: list[TimelineChange]
    note: str | None
    about: str | None = Field(description="The message, evidence, entry or other incident that it is about")
    technique: str | None = Field(description="MITRE ATT&CK technique")
    internal: bool
    version: int | None = Field(description="The incident's after the change, where there was a new one")

    @classmethod
    def of(cls, entry: TimelineEntry) -> TimelineItem:
        """The entry as it is shown."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class TimelinePage(Model):
    """One page of a timeline, and the cursor of the next; null at the end."""

    items: list[TimelineItem]
    next_cursor: str | None = None


class ActivityRequest(Model):
    """What the attacker did, as far as is known."""

    at: UtcDatetime = Field(description="When it happened; not in the future")
    description: Annotated[Text, Field(min_length=3, max_length=5_000)]
    technique: Technique | None = None
    about: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")] | None = Field(
        default=None, description="The id of the entry that this one corrects"
    )
    internal: bool = Field(default=True, description="For those who handle the incident, not for its reporter")
