"""What people ask a list of incidents for, in the words of the API, and what it means."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from shared.domain.base import Model, UtcDatetime
from shared.domain.custom_fields import as_text
from shared.domain.incident import Tag, Uid
from shared.domain.listing import IncidentFilter
from shared.domain.observables import ObservableType, ObservableValue
from shared.domain.people import Identity
from shared.domain.query import MAX_QUERY, parse
from shared.domain.taxonomy import Category, Outcome, Priority, Severity, Status
from shared.domain.visibility import scopes_for
from shared.services.incidents.observables import named

_TIME: TypeAdapter[AwareDatetime] = TypeAdapter(UtcDatetime)
_DATED = re.compile(r"\d{4}-\d\d-\d\dT")


class IncidentQuery(Model):
    """What a list of incidents is narrowed by, as people give it; all that is given has to hold."""

    status: Status | None = None
    severity: Severity | None = None
    category: Category | None = None
    assignee: Uid | None = Field(default=None, description="uid of somebody it is assigned to")
    reporter: Uid | None = Field(default=None, description="uid of who reported it")
    tag: Tag | None = Field(default=None, description="One of its tags")
    priority: Priority | None = None
    outcome: Outcome | None = None
    confidential: bool | None = Field(default=None, description="Only confidential ones, or only others")
    observable: ObservableValue | None = Field(
        default=None, description="An address, domain, hash … that it holds; type:value where the type is in doubt"
    )
    field: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}:", max_length=600)] | None = Field(
        default=None, description="A custom field and its value, name:value", examples=["business_unit:Logistics"]
    )
    q: Annotated[str, Field(min_length=1, max_length=MAX_QUERY)] | None = Field(
        default=None,
        description="Words that all have to occur; the beginning of one with a star, phrases in quotes",
        examples=['phis* "asked for my password"'],
    )
    since: UtcDatetime | None = Field(default=None, alias="from", description="Reported at this time or later")
    until: UtcDatetime | None = Field(default=None, alias="to", description="Reported before this time")
    last_days: Annotated[int, Field(ge=1, le=3_650)] | None = Field(
        default=None, description="Reported within so many times 24 hours; unlike from, it moves on with the clock"
    )
    order: Literal["-created_at", "created_at"] = Field(default="-created_at", description="Newest or oldest first")

    def as_filter(self, who: Identity, now: datetime) -> IncidentFilter:
        """The query in the domain's words, for what the person may see.

        Raises:
            InvalidInputError: the words or the observable are not usable.
        """
        return IncidentFilter(
            scopes=scopes_for(who),
            status=self.status,
            severity=self.severity,
            category=self.category,
            assignee=self.assignee,
            reporter=self.reporter,
            tag=self.tag,
            priority=self.priority,
            outcome=self.outcome,
            confidential=self.confidential,
            observable=_observable(self.observable) if self.observable else None,
            field=_custom_field(self.field) if self.field else None,
            text=parse(self.q) if self.q else None,
            since=self._since(now),
            until=self.until,
            oldest_first=self.order == "created_at",
        )

    def _since(self, now: datetime) -> datetime | None:
        recent = None if self.last_days is None else now - timedelta(days=self.last_days)
        return max((one for one in (self.since, recent) if one is not None), default=None)


def _observable(text: str) -> tuple[ObservableType, str]:
    """The type and the canonical value that somebody looks for.

    Raises:
        InvalidInputError: the value is none of the type.
    """
    kind, _, value = text.partition(":")
    found = named(value, ObservableType(kind)) if kind in set(ObservableType) and value else named(text, None)
    return found.type, found.value


def _custom_field(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    if _DATED.match(value):
        with suppress(ValidationError):
            return name, as_text(_TIME.validate_python(value))
    return name, as_text(value)
