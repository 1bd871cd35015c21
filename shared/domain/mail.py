"""E-mail as the platform keeps it: a message, and how far its sending has come."""

from __future__ import annotations

from enum import StrEnum

from pydantic import EmailStr, Field

from shared.domain.base import Line, Model, Text, UtcDatetime


class MailState(StrEnum):
    """How far a mail has come.

    No provider's API is idempotent, so a request that was cut off after it left cannot be told from one that arrived:
    that is `maybe_sent`, and it is not tried again by itself.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    MAYBE_SENT = "maybe_sent"
    FAILED = "failed"


class MailMessage(Model):
    """What is sent: each recipient gets a copy of their own and sees nobody else's address."""

    to: list[EmailStr] = Field(min_length=1, max_length=1000)
    subject: Line
    text: Text
    html: str


class OutboxMail(Model):
    """The document `outbox/{id}`; the id is made from the cause, so that a repeated cause is the same mail.

    `about` is the uid of a person whom the words are about, where they are not the recipient. After `expires_at` the
    database removes it.
    """

    id: str
    kind: str
    incident_id: str | None = None
    about: str | None = None
    message: MailMessage
    state: MailState = MailState.QUEUED
    attempts: int = 0
    lease_until: UtcDatetime | None = None
    provider_message_id: str | None = None
    failure: str | None = None
    expires_at: UtcDatetime | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
