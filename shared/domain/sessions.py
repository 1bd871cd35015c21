"""Sessions: sign-ins of people, and what ends them."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.base import Model, UtcDatetime

TOKEN_LIFETIME = timedelta(hours=1)
"""How long a Firebase ID token holds."""


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
