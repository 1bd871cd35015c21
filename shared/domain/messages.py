"""Messages at an incident: the conversation with its reporter, and the notes of those who handle it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator

from shared.domain.base import Line, Model, Text, UtcDatetime
from shared.domain.errors import ConflictError, VersionConflictError
from shared.domain.incident import Uid

LONGEST_BODY = 10_000
"""Characters."""
Body = Annotated[Text, Field(min_length=1, max_length=LONGEST_BODY)]
MessageId = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^/]+$")]
MAX_REVISIONS = 50
"""Kept of one message. The last place is for its deletion, so that what was said is never lost."""
MAX_MENTIONS = 20
Mention = Annotated[Line, Field(min_length=1, max_length=254, description="A uid or an e-mail address")]
Mentions = Annotated[list[Mention], Field(max_length=MAX_MENTIONS)]

# An address in plain ASCII, or what our uids look like: a shorter word behind an @ is a word (@everyone, @home).
_IN_BODY = re.compile(
    r"(?<![\w.%+@/-])@(?:([A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)|([A-Za-z0-9]{20,128}))"
    r"(?![\w@])"
)


class MessageChannel(StrEnum):
    """How it came in."""

    APP = "app"
    MAIL_LINK = "mail_link"


class Message(Model):
    """The document `incidents/{incident_id}/messages/{id}`.

    An `internal` one is never shown to the reporter. A deleted one keeps its place, and has no body. What it said
    before is in documents of its own, which apps that listen to messages do not get. `thread` is the id of the message
    that the conversation began with, its own where it began one; `by_team` whether its author handled the incident
    when they wrote it. `request_hash` tells a retried request from another one with the same Idempotency-Key; the key
    is in the hash, so the words cannot be guessed from it.
    """

    id: str
    incident_id: str
    author_id: Uid
    by_team: bool = False
    body: Body | None
    internal: bool = False
    reply_to: str | None = Field(default=None, description="The message that it answers")
    thread: str
    mentions: list[Uid] = []
    channel: MessageChannel = MessageChannel.APP
    version: Annotated[int, Field(ge=1)] = 1
    request_hash: str | None = None
    created_at: UtcDatetime
    edited_at: UtcDatetime | None = None
    deleted_at: UtcDatetime | None = None

    @property
    def place(self) -> Place:
        """Where it stands in the conversation."""
        return self.created_at, self.id


Place = tuple[datetime, str]
"""Messages stand in the order of their creation, those of one moment in the order of their ids."""


class Revision(Model):
    """What a message said until it was edited or deleted: the document `incidents/{incident_id}/revisions/{id}`.

    A document of its own for each: 50 messages of 10,000 characters are more than one document can hold.
    """

    id: str
    message_id: str
    version: int
    body: Body
    until: UtcDatetime
    by: Uid

    @classmethod
    def of(cls, message: Message, until: datetime, by: str) -> Revision:
        """What the message says, as it is about to change. The id makes it one for each version."""
        key = f"{message.id}-{message.version:03d}"
        return cls.model_validate(
            {"id": key, "message_id": message.id, "version": message.version, "body": message.body}
            | {"until": until, "by": by}
        )


class ReadReceipt(Model):
    """How far somebody has read: the document `incidents/{incident_id}/receipts/{uid}`. It never goes back.

    `by_team`: whether the person handled the incident when they read.
    """

    uid: Uid
    message_id: str
    message_at: UtcDatetime
    at: UtcDatetime
    by_team: bool = False

    @property
    def place(self) -> Place:
        """The place of the last message that was read."""
        return self.message_at, self.message_id


class MessageDraft(Model):
    """What somebody says."""

    body: Body = Field(description="Plain text; @name@example.org and @uid mention people")
    reply_to: MessageId | None = Field(default=None, description="The message that it answers")
    internal: bool = Field(default=False, description="For those who handle the incident, never for its reporter")
    mentions: Mentions = Field(default=[], description="uids or addresses, beside those in the body")


class MessageEdit(Model):
    """What it shall say, and whom it shall mention, in place of what it said."""

    body: Body = Field(description="Plain text; @name@example.org and @uid mention people")
    mentions: Mentions = Field(default=[], description="uids or addresses, beside those in the body")


class ReadUpTo(Model):
    """The last message that the caller has read."""

    up_to: MessageId


class ReplyForm(Model):
    """What the page of a reply link sends. No words are refused here: the page itself says what is wrong with them."""

    token: str = ""
    body: str = ""

    @field_validator("body")
    @classmethod
    def _line_ends(cls, value: str) -> str:
        return value.replace("\r\n", "\n")  # HTML forms send CRLF, and would make a long text longer


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages of an incident. `public_only` for whoever does not handle it; `thread` narrows to one."""

    incident_id: str
    public_only: bool
    thread: str | None = None
    oldest_first: bool = True


class StaleMessageError(VersionConflictError):
    """The message was edited since it was read."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.args = (f"The message is at version {actual}, your change was made on version {expected}",)


class DeletedMessageError(ConflictError):
    """The message was deleted: it cannot be changed any more."""

    code = "message_deleted"


class MergedIncidentError(ConflictError):
    """The incident goes on in another one: that is where to write."""

    code = "incident_merged"


def mentions_in(body: str) -> list[str]:
    """The addresses and uids behind an @ in a text, each once, in their order."""
    return list(dict.fromkeys(match[1] or match[2] for match in _IN_BODY.finditer(body)))
