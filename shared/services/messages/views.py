"""What is shown of messages: to those who handle the incident, and to everybody else who may see it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from shared.domain.base import Model, UtcDatetime
from shared.domain.messages import Message, MessageChannel, ReadReceipt, Revision


class Reader(Model):
    """Somebody who has read it, and when they said so."""

    uid: str
    at: UtcDatetime


class ShownMessage(Model):
    """A message as the API answers it."""

    id: str
    incident_id: str
    author_id: str
    by_team: bool = Field(description="Whether its author handled the incident when they wrote it")
    body: str | None = Field(description="Null when it was deleted")
    internal: bool
    reply_to: str | None
    thread: str = Field(description="The message that the conversation began with")
    mentions: list[str]
    channel: MessageChannel
    version: int
    created_at: UtcDatetime
    edited_at: UtcDatetime | None
    deleted_at: UtcDatetime | None
    read_by: list[Reader] = Field(description="Told only to those who handle the incident")
    read_by_team: bool = Field(description="Whether somebody else of those who handle it has read it")

    @classmethod
    def of(cls, message: Message, receipts: Sequence[ReadReceipt], *, to_team: bool) -> ShownMessage:
        """The message with who has read it."""
        readers = [
            one
            for one in receipts
            # How far the reporter has read is a place in time: internal notes before it were not among what they read.
            if one.place >= message.place and one.uid != message.author_id and (one.by_team or not message.internal)
        ]
        fields = {name: getattr(message, name) for name in cls.model_fields if name in Message.model_fields}
        return cls(
            **fields,
            read_by=[Reader(uid=one.uid, at=one.at) for one in readers] if to_team else [],
            read_by_team=any(one.by_team for one in readers),
        )


class MessagePage(Model):
    """One page of messages, the cursor of the next (null at the end), and how much the caller has not read."""

    items: list[ShownMessage]
    next_cursor: str | None = None
    unread: int = Field(
        description="Messages of others behind the caller's last receipt, in this thread when one is asked for"
    )


class MessageHistory(Model):
    """What a message said before, oldest first."""

    items: list[Revision]
