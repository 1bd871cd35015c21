"""Accounts, sessions, action codes and second factors as they are kept."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

# What production answers in place of a hash that the caller may not read; firebase-admin knows it.
_REDACTED = base64.b64encode(b"REDACTED").decode()


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator app enrolled as second factor. `enrolled_at` is in milliseconds, `failed_at` in seconds.

    `last_step` is the step of time (RFC 6238) of the newest code accepted, `failed_at` when wrong ones were offered.
    """

    enrollment_id: str
    enrolled_at: int
    secret: str = field(repr=False)
    display_name: str | None = None
    last_step: int = -1
    failed_at: list[int] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """As MfaEnrollment of Identity Toolkit: without its secret."""
        named = {"mfaEnrollmentId": self.enrollment_id, "displayName": self.display_name}
        return _present(named) | {"enrolledAt": _rfc3339(self.enrolled_at), "totpInfo": {}}


@dataclass(frozen=True, slots=True)
class Account:
    """A user. Times ending in `_at` are milliseconds, `valid_since` seconds since the epoch."""

    local_id: str
    created_at: int
    valid_since: int
    email: str | None = None
    email_verified: bool = False
    display_name: str | None = None
    photo_url: str | None = None
    phone_number: str | None = None
    password: str | None = None
    password_updated_at: int | None = None
    disabled: bool = False
    last_login_at: int | None = None
    last_refresh_at: int | None = None
    claims: str | None = None
    custom_auth: bool = False
    email_link: bool = False
    identities: list[dict[str, str]] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Account:
        """An account from what `kept` made of it."""
        return cls(**(kept | {"factors": [Factor(**one) for one in kept.get("factors", [])]}))

    def kept(self) -> dict[str, Any]:
        """Everything, for the store."""
        return asdict(self)

    def providers(self) -> list[dict[str, str]]:
        """The ways to sign in, as providerUserInfo."""
        shown = _present({"displayName": self.display_name, "photoUrl": self.photo_url})
        found = list(self.identities)
        if self.email and (self.password or self.email_link):
            email = self.email
            found.append({"providerId": "password", "email": email, "federatedId": email, "rawId": email} | shown)
        if self.phone_number:
            found.append({"providerId": "phone", "phoneNumber": self.phone_number, "rawId": self.phone_number})
        return found

    def shown(self) -> dict[str, Any]:
        """The account as UserInfo of Identity Toolkit. int64 values are strings there."""
        info: dict[str, Any] = {
            "localId": self.local_id,
            "email": self.email,
            "emailVerified": self.email_verified,
            "displayName": self.display_name,
            "photoUrl": self.photo_url,
            "phoneNumber": self.phone_number,
            "passwordHash": _REDACTED if self.password else None,
            "passwordUpdatedAt": self.password_updated_at,
            "providerUserInfo": self.providers() or None,
            "validSince": str(self.valid_since),
            "disabled": self.disabled,
            "lastLoginAt": _digits(self.last_login_at),
            "createdAt": str(self.created_at),
            "customAttributes": self.claims,
            "customAuth": self.custom_auth or None,
            "emailLinkSignin": self.email_link or None,
            "mfaInfo": [factor.shown() for factor in self.factors] or None,
            "lastRefreshAt": None if self.last_refresh_at is None else _rfc3339(self.last_refresh_at),
        }
        return _present(info)


@dataclass(frozen=True, slots=True)
class Session:
    """What a refresh token stands for. `auth_time` is the sign-in, in seconds since the epoch.

    `second_factor` is the id of the enrolment that was proven, if one was.
    """

    local_id: str
    provider: str
    auth_time: int
    claims: dict[str, Any]
    second_factor: str | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is kept between two requests about a second factor. `created_at` is in seconds since the epoch.

    For an enrolment the secret, how many codes were tried and whether it is done; for a sign-in the first factor's
    provider.
    """

    kind: str
    local_id: str
    created_at: int
    secret: str = field(default="", repr=False)
    attempts: int = 0
    done: bool = False
    provider: str = ""
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class ActionCode:
    """A one-time code sent by e-mail. Times are seconds since the epoch."""

    code: str
    kind: str
    email: str
    link: str
    expires_at: int
    local_id: str | None = None
    new_email: str | None = None


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _digits(value: int | None) -> str | None:
    return None if value is None else str(value)


def _rfc3339(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
