"""Refused requests, counted for each person and each address, and the alerts about those that are many."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from shared.domain.base import Model, UtcDatetime

WINDOW = timedelta(hours=1)
"""What is counted together: the hours of the clock."""
KEPT = timedelta(days=30)


class Refusal(StrEnum):
    """Why a request was refused: a token that does not hold (401), not allowed (403), too many (429)."""

    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    LIMITED = "limited"


class SubjectKind(StrEnum):
    """Who was refused: a person whose token held, or an address."""

    USER = "user"
    ADDRESS = "address"


class RefusalCounts(Model):
    """How many requests were refused, by the reason."""

    unauthenticated: int = 0
    forbidden: int = 0
    limited: int = 0


class AccessAttempts(Model):
    """The document `access_attempts/{id}`: the refused requests of one subject in one hour.

    `subject` is a uid or an address (of IPv6 the /64 network). `last_path` is the route's template: it holds no ids.
    """

    id: str
    kind: SubjectKind
    subject: str
    window_start: UtcDatetime
    counts: RefusalCounts = RefusalCounts()
    total: int = 0
    last_at: UtcDatetime
    last_path: str
    alerted: bool = False
    alerted_at: UtcDatetime | None = None
    expires_at: UtcDatetime


class AccessAlert(Model):
    """The document `access_alerts/{id}`, with the id of the attempts it is about."""

    id: str
    kind: SubjectKind
    subject: str
    window_start: UtcDatetime
    total: int
    last_path: str
    raised_at: UtcDatetime
    expires_at: UtcDatetime


class AccessPage(Model):
    """One page of what was refused, newest hour first, and the cursor of the next; null at the end."""

    items: list[AccessAttempts]
    next_cursor: str | None = Field(default=None)


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """Which attempts; every field that is set narrows the list. `since` is inclusive, `until` is not."""

    kind: SubjectKind | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    alerts_only: bool = False


def window_of(at: datetime) -> datetime:
    """The beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def attempts_id(kind: SubjectKind, subject: str, at: datetime) -> str:
    """The id of the subject's document of that hour; it begins with the hour and does not show the subject."""
    digest = hashlib.sha256(f"access\0{kind}\0{subject}".encode()).hexdigest()[:32]
    return f"{window_of(at):%Y%m%d%H}-{digest}"
