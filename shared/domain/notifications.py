"""What a person is told within the platform."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.domain.base import Line, Model, Text, UtcDatetime

KEPT_FOR = timedelta(days=90)
MAX_IDS = 100
NotificationId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")]


class NotificationKind(StrEnum):
    """What it is about."""

    INCIDENT_RECEIVED = "incident_received"
    INCIDENT_UPDATED = "incident_updated"
    INCIDENT_ASSIGNED = "incident_assigned"
    INCIDENT_MESSAGE = "incident_message"
    INCIDENT_MENTION = "incident_mention"

    @property
    def choice(self) -> str:
        """The field of a person's choices that it goes by."""
        return _CHOICES.get(self, self.value)


_CHOICES = {NotificationKind.INCIDENT_RECEIVED: NotificationKind.INCIDENT_UPDATED.value}


class Notification(Model):
    """The document `users/{uid}/notifications/{id}`.

    Of an incident for named people only, `title` is null and `text` has no words of anybody. After `expires_at` the
    database removes it.
    """

    id: str
    kind: NotificationKind
    incident_id: str
    reference: str
    title: Line | None = None
    text: Text
    created_at: UtcDatetime
    read_at: UtcDatetime | None = None
    expires_at: UtcDatetime


class NotificationPage(Model):
    """One page, newest first; `unread` counts all that are not read, not only those of the page."""

    items: list[Notification]
    next_cursor: str | None = None
    unread: int


class ReadRequest(Model):
    """Which ones have been read. Ids of nothing are passed over."""

    ids: Annotated[list[NotificationId], Field(max_length=MAX_IDS)] | None = None
    all: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.ids is not None) == self.all:
            raise ValueError("give ids, or all: true")
        return self


class Unread(Model):
    """How many are left."""

    unread: int
