"""Schedules in unix-cron's five fields: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from emulator.scheduler.errors import ScheduleError
from emulator.scheduler.times import WallClock


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    words: Mapping[str, int] = {}


_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_MINUTE: Final = _Field("minute", 0, 59)
_HOUR: Final = _Field("hour", 0, 23)
_DAY_OF_MONTH: Final = _Field("day of the month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
_DAY_OF_WEEK: Final = _Field("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)})


def parse(text: str, zone: ZoneInfo) -> WallClock:
    """The schedule of five fields.

    Raises:
        ScheduleError: it is none.
    """
    fields = text.lower().split()
    if len(fields) != 5:
        raise ScheduleError(f"{text!r} has not the five fields of unix-cron")
    minutes, hours = _values(_MINUTE, fields[0]), _values(_HOUR, fields[1])
    runs_on = _days(fields[2], fields[3], fields[4])
    return WallClock(tuple(sorted(60 * hour + minute for hour in hours for minute in minutes)), runs_on, zone)


def _days(day_text: str, month_text: str, weekday_text: str) -> Callable[[date], bool]:
    days, months = _values(_DAY_OF_MONTH, day_text), _values(_MONTH, month_text)
    weekdays = {number % 7 for number in _values(_DAY_OF_WEEK, weekday_text)}
    # As in every cron since Vixie's: with both restricted, either is enough.
    either = not day_text.startswith("*") and not weekday_text.startswith("*")

    def runs_on(day: date) -> bool:
        if day.month not in months:
            return False
        by_day, by_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        return (by_day or by_weekday) if either else (by_day and by_weekday)

    return runs_on


def _values(field: _Field, text: str) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        body, slash, step_text = part.partition("/")
        step = _number(field, step_text, 1, field.high) if slash else 1
        low_text, dash, high_text = body.partition("-")
        if body == "*":
            low, high = field.low, field.high
        else:
            low = _value(field, low_text)
            # What cron has for 5/10: from 5 to the end.
            high = _value(field, high_text) if dash else field.high if slash else low
        if low > high:
            raise ScheduleError(f"{part!r} goes backwards in the field of the {field.name}")
        values.update(range(low, high + 1, step))
    return values


def _value(field: _Field, text: str) -> int:
    return field.words[text] if text in field.words else _number(field, text, field.low, field.high)


def _number(field: _Field, text: str, low: int, high: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4 and low <= int(text) <= high:
        return int(text)
    raise ScheduleError(f"{text!r} is no {field.name} of unix-cron, which are {field.low} to {field.high}")
