"""The audit trail: what one entry says, and how entries are sealed into a chain.

An entry is written in the same commit as what it tells of and never changed. Values that are personal are encrypted
under the key of the person they are about (`subject`), so that erasing the person's key erases the values while every
hash still holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from shared.domain.base import Model, UtcDatetime
from shared.domain.permissions import Role


class AuditOutcome(StrEnum):
    """What became of it."""

    SUCCESS = "success"
    DENIED = "denied"


class Actor(Model):
    """Who did it: a person by uid, the platform by the function's name, an administrator's script by its name."""

    kind: Literal["user", "system", "script"]
    id: str
    role: Role | None = None


class AuditTarget(Model):
    """What it was done to: the kind of the resource (user, application, incident, audit …) and its id."""

    kind: str
    id: str


class FieldChange(Model):
    """One field's values as JSON text; None where there was or is none. Personal ones are encrypted in a kept entry."""

    field: str
    old: str | None = None
    new: str | None = None
    personal: bool = False


class AuditEntry(Model):
    """The document `audit/{id}`.

    `action` is a permission-like `resource:verb`, such as user:role_changed. `address` and `user_agent` are encrypted
    under the acting person's key, the personal ones of `changes` and `reason` under the subject's. `recorded_at` is
    the database's own time of the write; `at` is ours.
    """

    id: str
    at: UtcDatetime
    action: str
    outcome: AuditOutcome = AuditOutcome.SUCCESS
    actor: Actor
    target: AuditTarget
    subject: str | None = None
    request_id: str | None = None
    address: str | None = None
    user_agent: str | None = None
    reason: str | None = None
    changes: list[FieldChange] = Field(default_factory=list)
    recorded_at: UtcDatetime | None = None


@dataclass(frozen=True, slots=True)
class MalformedDocument:
    """A document of the trail that is not as it was written: somebody changed its shape. `fields` are JSON values."""

    id: str
    recorded_at: datetime | None
    fields: Mapping[str, Any]


_NOISE = frozenset({"updated_at", "version", "search_terms"})


def changes_between(
    before: Model | None, after: Model | None, plain: Iterable[str], ignore: Iterable[str] = ()
) -> list[FieldChange]:
    """What differs between two states of a document, field by field; None for one that is not there.

    A field is personal unless it is named in `plain`: a forgotten one is hidden, not shown.
    """
    old = _values(before)
    new = _values(after)
    open_fields = frozenset(plain)
    skipped = _NOISE | frozenset(ignore)
    return [
        FieldChange(field=name, old=old.get(name), new=new.get(name), personal=name not in open_fields)
        for name in dict.fromkeys([*old, *new])
        if name not in skipped and old.get(name) != new.get(name)
    ]


def _values(state: Model | None) -> dict[str, str]:
    if state is None:
        return {}
    return {name: as_json(value) for name, value in state.model_dump(mode="json").items() if value is not None}


def as_json(value: Any) -> str:
    """The value as compact JSON text with sorted keys: equal values are equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
