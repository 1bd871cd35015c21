"""Who is on the security team: what may be done to a person, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from shared.domain.base import Model, Text, UtcDatetime
from shared.domain.errors import ConflictError
from shared.domain.incident import Uid
from shared.domain.people import User, words_of
from shared.domain.permissions import Role

Reason = Annotated[Text, Field(min_length=3, max_length=500, description="Why; kept in the audit trail")]
_RANK = {Role.EMPLOYEE: 0, Role.SECURITY_TEAM: 1, Role.ADMIN: 2}


class TeamAction(StrEnum):
    """What an administrator can do to a person. `demote` takes back `promote`, `enable` takes back `disable`."""

    ADD = "add"
    REMOVE = "remove"
    PROMOTE = "promote"
    DEMOTE = "demote"
    DISABLE = "disable"
    ENABLE = "enable"


class TeamChange(Model):
    """One action on one person."""

    user_id: Uid
    action: TeamAction
    reason: Reason


def after_action(user: User, action: TeamAction) -> User:
    """The person with the action done; the same object when it was done before.

    Raises:
        ConflictError: it makes no sense for this person.
    """
    changes = _CHANGES[action](user)
    changes = {name: value for name, value in changes.items() if getattr(user, name) != value}
    return user.model_copy(update=changes) if changes else user


def with_role(user: User, role: Role) -> User:
    """The person in the role. Whoever leaves the security team is no lead of it."""
    lead = user.is_lead and role is not Role.EMPLOYEE
    return user.model_copy(update={"role": role, "is_lead": lead})


def loses_rights(before: User, after: User) -> bool:
    """Whether a token made before the change would carry more rights than the person has now."""
    return _RANK[after.role] < _RANK[before.role] or (after.disabled and not before.disabled)


def is_active_admin(user: User) -> bool:
    """Whether the person can administer."""
    return user.role is Role.ADMIN and not user.disabled


def _add(user: User) -> dict[str, Any]:
    if user.disabled:
        raise ConflictError("The account is disabled: enable it first")
    return {"role": Role.SECURITY_TEAM} if user.role is Role.EMPLOYEE else {}


def _promote(user: User) -> dict[str, Any]:
    if user.role is Role.EMPLOYEE:
        raise ConflictError("Only somebody of the security team can lead it: add them first")
    return {"is_lead": True}


def _remove(_: User) -> dict[str, Any]:
    return {"role": Role.EMPLOYEE, "is_lead": False}


_CHANGES: dict[TeamAction, Callable[[User], dict[str, Any]]] = {
    TeamAction.ADD: _add,
    TeamAction.REMOVE: _remove,
    TeamAction.PROMOTE: _promote,
    TeamAction.DEMOTE: lambda _: {"is_lead": False},
    TeamAction.DISABLE: lambda _: {"disabled": True},
    TeamAction.ENABLE: lambda _: {"disabled": False},
}


class Person(Model):
    """A person as administrators see them."""

    uid: str
    email: str
    role: Role
    display_name: str
    department: str
    phone: str
    language: str
    time_zone: str
    is_lead: bool
    disabled: bool
    second_factor_required: bool
    created_at: UtcDatetime
    updated_at: UtcDatetime

    @classmethod
    def of(cls, user: User) -> Person:
        """The administrators' view of a user document."""
        return cls(**{name: getattr(user, name) for name in cls.model_fields})


@dataclass(frozen=True, slots=True)
class PersonFilter:
    """Which people. `q` holds beginnings of words of the name, the address or the department: all have to fit."""

    role: Role | None = None
    q: str | None = None
    disabled: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """The filter as plain values."""
        return asdict(self)

    @property
    def words(self) -> list[str]:
        """The words that have to fit, the longest first: it lets the fewest through."""
        return sorted(words_of(self.q or ""), key=len, reverse=True)


class PersonPage(Model):
    """One page of people, and the cursor of the next; null at the end."""

    items: list[Person]
    next_cursor: str | None = None
