"""People: what they say of themselves, and who is asking."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, EmailStr, Field, SecretStr, computed_field, field_validator, model_validator

from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.permissions import Permission, Role, allows
from shared.domain.taxonomy import Category

MIN_PASSWORD_LENGTH = 12
"""Characters. NIST SP 800-63B-4 asks for 15 where a password is the only factor and for 8 beside a second one."""
MAX_PASSWORD_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, for the audit trail. Address and user agent are personal data."""

    address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking, as their verified ID token says. An account that never joined the platform has no role.

    `signed_in_at` is the token's `auth_time`, which names the session; `second_factor` the kind of the second factor
    that was used to sign in, such as "totp".
    """

    uid: str
    email: str | None
    role: Role | None
    email_verified: bool = False
    second_factor: str | None = None
    signed_in_at: datetime | None = None
    origin: Origin = Origin()

    def can(self, permission: Permission) -> bool:
        """Whether the person has a role, and it carries the permission."""
        return self.role is not None and allows(self.role, permission)


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a good ID token says: whose it is, until when it holds, and how (`provider`) and when it was got."""

    identity: Identity
    expires_at: UtcDatetime
    issued_at: datetime | None = None
    provider: str | None = None


_WORDS = re.compile(r"\w+")
_LONGEST_TERM = 20  # characters


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # it looks through the whole database of zones on the disk


def _known_time_zone(value: str) -> str:
    if value != "UTC" and value not in _time_zones():
        raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Berlin")
    return value


Name = Annotated[Line, Field(min_length=1, max_length=100)]
Department = Annotated[Line, Field(max_length=100)]
Phone = Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14})?$", description="E.164, or empty", examples=["+4930123456"])]
LanguageTag = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, description="BCP 47", examples=["pt-BR"])
]
TimeZone = Annotated[
    str, AfterValidator(_known_time_zone), Field(max_length=64, description="IANA", examples=["Europe/Berlin"])
]


def _each_once(value: list[Category]) -> list[Category]:
    return list(dict.fromkeys(value))


Skills = Annotated[
    list[Category],
    AfterValidator(_each_once),
    Field(max_length=50, description="Kinds of incidents that one knows about; incidents are assigned by it"),
]


class Channels(Model):
    """The ways on which a person wants to hear of one kind of event."""

    email: bool = True
    in_app: bool = True


class Notifications(Model):
    """What a person wants to hear of, and how. Messages about the safety of one's own account always come."""

    incident_analyzed: Channels = Channels()
    application_submitted: Channels = Channels()
    application_reviewed: Channels = Channels()
    access_alert: Channels = Channels()
    incident_assigned: Channels = Channels()
    incident_message: Channels = Channels()
    incident_mention: Channels = Channels()
    incident_updated: Channels = Channels()


class ChannelsChange(Model):
    """The channels to change; what is left out stays."""

    email: bool | None = None
    in_app: bool | None = None


class NotificationsChange(Model):
    """The kinds of events to change; what is left out stays."""

    incident_analyzed: ChannelsChange | None = None
    application_submitted: ChannelsChange | None = None
    application_reviewed: ChannelsChange | None = None
    access_alert: ChannelsChange | None = None
    incident_assigned: ChannelsChange | None = None
    incident_message: ChannelsChange | None = None
    incident_mention: ChannelsChange | None = None
    incident_updated: ChannelsChange | None = None

    def applied_to(self, current: Notifications) -> Notifications:
        """The choices with the change made."""
        changed = {
            name: getattr(current, name).model_copy(update=given.model_dump(exclude_none=True))
            for name in self.model_fields_set
            if (given := getattr(self, name)) is not None
        }
        return current.model_copy(update=changed)


def words_of(text: str) -> set[str]:
    """The words of a text as they are searched for: in lower case, at most 20 characters of each."""
    return {word[:_LONGEST_TERM] for word in _WORDS.findall(text.casefold())}


def search_terms(*texts: str) -> list[str]:
    """Every beginning of every word, in lower case: what a list is searched by (Firestore finds values, not parts)."""
    words = {word for text in texts for word in words_of(text)}
    return sorted({word[:length] for word in words for length in range(1, len(word) + 1)})


class User(Model):
    """A person of the platform: the document `users/{uid}`, the truth about the role.

    An ID token whose `auth_time` lies before `sessions_valid_from` is dead. `second_factor_required` is kept here so
    that the security rules, which know no settings, can ask for it. Who was `invited` got a link that verifies the
    address, too.
    """

    uid: str
    email: EmailStr
    role: Role
    display_name: Name
    department: Department = ""
    phone: Phone = ""
    language: LanguageTag = "en"
    time_zone: TimeZone = "UTC"
    notifications: Notifications = Notifications()
    skills: Skills = []
    is_lead: bool = False
    disabled: bool = False
    sessions_valid_from: UtcDatetime | None = None
    second_factor_required: bool = False
    invited: bool = False
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @computed_field  # type: ignore[prop-decorator]  # as pydantic's own documentation has it
    @property
    def search_terms(self) -> list[str]:
        """What the person is found by; kept in the document, never read from it."""
        return search_terms(self.display_name, self.email, self.department)

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: kept for name, kept in value.items() if name != "search_terms"}


class Profile(Model):
    """What a person sees of themselves."""

    uid: str
    email: EmailStr
    role: Role
    display_name: Name
    department: Department
    phone: Phone
    language: LanguageTag
    time_zone: TimeZone
    notifications: Notifications
    skills: Skills
    is_lead: bool
    second_factor_required: bool
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, user: User) -> Profile:
        """The person's own view of their user document."""
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


class ProfileChange(Model):
    """The fields of a profile that its owner may change; what is left out stays."""

    display_name: Name | None = None
    department: Department | None = None
    phone: Phone | None = None
    language: LanguageTag | None = None
    time_zone: TimeZone | None = None
    notifications: NotificationsChange | None = None
    skills: Skills | None = None

    def applied_to(self, user: User, now: UtcDatetime) -> User:
        """The user with the change made."""
        changes = {name: getattr(self, name) for name in self.model_fields_set if getattr(self, name) is not None}
        if self.notifications is not None:
            changes["notifications"] = self.notifications.applied_to(user.notifications)
        changes = {name: value for name, value in changes.items() if value != getattr(user, name)}
        return user.model_copy(update={**changes, "updated_at": now}) if changes else user


def _plain_address(value: str) -> str:
    # Letters of other alphabets can look like these: two people could have addresses that nobody can tell apart.
    if not value.isascii():
        raise ValueError("use an address of plain ASCII letters, digits and signs")
    return value.lower()


PlainEmail = Annotated[EmailStr, AfterValidator(_plain_address), Field(max_length=254)]
"""An e-mail address in ASCII, in lower case."""


class Registration(Model):
    """A new account. The role is not asked for: everyone starts as an employee."""

    email: PlainEmail
    password: Annotated[
        SecretStr, Field(json_schema_extra={"minLength": MIN_PASSWORD_LENGTH, "maxLength": MAX_PASSWORD_LENGTH})
    ]
    display_name: Name
    department: Department = ""

    @field_validator("password")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if not MIN_PASSWORD_LENGTH <= len(value.get_secret_value()) <= MAX_PASSWORD_LENGTH:
            raise ValueError(f"use {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")
        return value


class Registered(Model):
    """The answer to a registration."""

    uid: str
    email: EmailStr
    role: Role
