"""Messages at an incident: the conversation with its reporter, and the notes of those who handle it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.domain.base import Model, Text, UtcDatetime
from shared.domain.incident import Uid

Body = Annotated[Text, Field(min_length=1, max_length=10_000)]
MAX_REVISIONS = 50


class MessageChannel(StrEnum):
    """How it came in."""

    APP = "app"
    MAIL_LINK = "mail_link"


class Revision(Model):
    """What a message said before it was edited or deleted."""

    body: Body
    until: UtcDatetime
    by: Uid


class Message(Model):
    """The document `incidents/{incident_id}/messages/{id}`.

    An `internal` one is never shown to the reporter. A deleted one keeps its place and its revisions, and has no body.
    """

    id: str
    incident_id: str
    author_id: Uid
    body: Body | None
    internal: bool = False
    reply_to: str | None = Field(default=None, description="The message that it answers")
    mentions: list[Uid] = []
    channel: MessageChannel = MessageChannel.APP
    revisions: Annotated[list[Revision], Field(max_length=MAX_REVISIONS)] = []
    created_at: UtcDatetime
    edited_at: UtcDatetime | None = None
    deleted_at: UtcDatetime | None = None
