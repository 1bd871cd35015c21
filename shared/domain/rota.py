"""The on-call rota: who is on call at which moment.

A shift begins at the handover, a wall time in the rota's time zone, and ends at the next one: where clocks change it is
an hour longer or shorter. The members take turns in their order, for ever, and before `starts_on` the order runs
backwards, so that at every moment exactly one person is on call. An override puts somebody else in for a span of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, PlainSerializer, field_validator, model_validator

from shared.domain.base import Model, UtcDatetime
from shared.domain.incident import Uid
from shared.domain.people import TimeZone

ROTA_ID = "default"
MAX_MEMBERS = 50
MAX_OVERRIDES = 200
_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)
_DAY = timedelta(days=1)
# Firestore has no type for a day without a time.
StartDay = Annotated[date, Field(ge=_EARLIEST, le=_LATEST), PlainSerializer(date.isoformat, return_type=str)]


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday, as in `date.weekday`."""
        return list(Weekday).index(self)


class Handover(Model):
    """When one shift ends and the next begins: once a week, or every day where there is no weekday."""

    weekday: Weekday | None = Field(default=None, description="Null: every day")
    time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Wall time", examples=["09:00"])]

    @property
    def wall_time(self) -> time_of_day:
        """The time of day."""
        return time_of_day.fromisoformat(self.time)

    @property
    def days(self) -> int:
        """From one handover to the next."""
        return 1 if self.weekday is None else 7


class Override(Model):
    """Somebody is on call in place of whoever's turn it is: from `since`, which is in it, to `to`, which is not."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    uid: Uid
    since: UtcDatetime = Field(alias="from")
    to: UtcDatetime

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.since >= self.to:
            raise ValueError("from has to be before to")
        if not _EARLIEST <= self.since.date() <= self.to.date() <= _LATEST:
            raise ValueError(f"only times from {_EARLIEST} to {_LATEST} are possible")
        return self


class RotaPlan(Model):
    """What administrators and leads set."""

    time_zone: TimeZone = "UTC"
    handover: Handover
    members: Annotated[list[Uid], Field(min_length=1, max_length=MAX_MEMBERS)] = Field(description="In their order")
    starts_on: StartDay = Field(description="The first member's turn begins at the first handover on or after this day")
    overrides: Annotated[list[Override], Field(max_length=MAX_OVERRIDES)] = []

    @field_validator("members")
    @classmethod
    def _each_once(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("somebody is there twice")
        return value

    @field_validator("overrides")
    @classmethod
    def _one_at_a_time(cls, value: list[Override]) -> list[Override]:
        ordered = sorted(value, key=lambda one: one.since)
        if any(one.to > following.since for one, following in pairwise(ordered)):
            raise ValueError("two overrides overlap")
        return ordered


class Rota(RotaPlan):
    """The document `rotas/default`."""

    id: str = ROTA_ID
    version: Annotated[int, Field(ge=1)] = 1
    updated_at: UtcDatetime
    updated_by: Uid


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody is on call from `since` on, until `until`."""

    uid: str
    since: datetime
    until: datetime
    override: bool = False


Fit = Callable[[str], bool]
"""Whether a person can be on call: whoever left the team or is disabled is passed over."""


def duty_at(plan: RotaPlan, moment: datetime, fit: Fit = lambda _: True) -> Duty | None:
    """Who is on call at the moment; None only where nobody is fit.

    In place of a member who is not fit the next one in the order is on call; an override for one is as if not there.
    """
    overrides = [one for one in plan.overrides if fit(one.uid)]
    for one in overrides:
        if one.since <= moment < one.to:
            return Duty(one.uid, one.since, one.to, override=True)
    begins, turn = _shift_at(plan, moment)
    ends = _shift_end(plan, moment)
    uid = next((one for one in _from_turn(plan, turn) if fit(one)), None)
    if uid is None:
        return None
    since = max([begins, *(one.to for one in overrides if one.to <= moment)])
    until = min([ends, *(one.since for one in overrides if one.since > moment)])
    return Duty(uid, since, until)


def _from_turn(plan: RotaPlan, turn: int) -> Iterator[str]:
    count = len(plan.members)
    return (plan.members[(turn + step) % count] for step in range(count))


def _shift_at(plan: RotaPlan, moment: datetime) -> tuple[datetime, int]:
    """When the shift of the moment began, and how many shifts after the first one it is."""
    day = _handover_day(plan, moment.astimezone(ZoneInfo(plan.time_zone)).date() + _DAY)
    # The handover of the day may still be ahead; where a zone left out a day, even that of the day before.
    while (begins := _instant(plan, day)) > moment:
        day -= timedelta(days=plan.handover.days)
    return begins, (day - _first_day(plan)).days // plan.handover.days


def _shift_end(plan: RotaPlan, moment: datetime) -> datetime:
    day = _handover_day(plan, moment.astimezone(ZoneInfo(plan.time_zone)).date() - _DAY)
    while (ends := _instant(plan, day)) <= moment:
        day += timedelta(days=plan.handover.days)
    return ends


def _first_day(plan: RotaPlan) -> date:
    """The day of the first handover."""
    if plan.handover.weekday is None:
        return plan.starts_on
    return plan.starts_on + timedelta(days=(plan.handover.weekday.number - plan.starts_on.weekday()) % 7)


def _handover_day(plan: RotaPlan, day: date) -> date:
    """The last day with a handover that is not after the day."""
    if plan.handover.weekday is None:
        return day
    return day - timedelta(days=(day.weekday() - plan.handover.weekday.number) % 7)


def _instant(plan: RotaPlan, day: date) -> datetime:
    """The moment of the day's handover.

    A wall time that comes twice counts the first time; one that clocks skip counts by the offset before, so it comes
    as much later by the clock as was skipped (PEP 495, fold 0).
    """
    return datetime.combine(day, plan.handover.wall_time, ZoneInfo(plan.time_zone)).astimezone(UTC)
