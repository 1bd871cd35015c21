"""Sessions: sign-ins of people, and what ends them."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.base import Model, UtcDatetime

TOKEN_LIFETIME = timedelta(hours=1)
"""How long a Firebase ID token holds."""
SESSION_KEPT = timedelta(days=90)
"""How long a session is listed after it was last seen."""


class Revocation(Model):
    """The document `revocations/{uid}`: ID tokens whose `auth_time` lies before `valid_from` are dead.

    It is needed as long as such a token could hold; after `expires_at` the database removes it.
    """

    uid: str
    valid_from: UtcDatetime
    expires_at: UtcDatetime

    @classmethod
    def of(cls, uid: str, valid_from: datetime) -> Revocation:
        """The revocation of every session that began before the time; both times in whole seconds, as in tokens."""
        return cls(uid=uid, valid_from=valid_from, expires_at=valid_from + TOKEN_LIFETIME + timedelta(minutes=5))


class Session(Model):
    """The document `users/{uid}/sessions/{id}`: one sign-in. The id is the token's `auth_time` in seconds.

    Address and user agent are those of the last time an instance noted it, which is about once an hour.
    """

    id: str
    signed_in_at: UtcDatetime
    last_seen_at: UtcDatetime
    address: str | None = None
    user_agent: str | None = None
    second_factor: str | None = None
    expires_at: UtcDatetime


class SessionView(Model):
    """A session as its owner sees it; `current` is the one that asks."""

    id: str
    signed_in_at: UtcDatetime
    last_seen_at: UtcDatetime
    address: str | None
    user_agent: str | None
    second_factor: str | None
    current: bool


class SessionList(Model):
    """One's own sessions, the last one seen first: all of one page."""

    items: list[SessionView]
    next_cursor: str | None = None


class SessionsEnded(Model):
    """Every session that began before `valid_from` is over."""

    valid_from: UtcDatetime


def session_id(signed_in_at: datetime) -> str:
    """The id of the session that began at the time."""
    return str(int(signed_in_at.timestamp()))
