"""Schedules in App Engine's words: https://cloud.google.com/appengine/docs/flexible/scheduling-jobs-with-cron-yaml.

    every 5 minutes                     every N hours | mins | minutes
    every 2 hours from 10:00 to 14:00   the same within each day; over midnight when the end comes first
    every 2 hours synchronized          from 00:00, N dividing the day
    every day 09:00                     every monday 09:00, every mon,wed 17:00
    1st monday of month 10:00           2nd,third mon,wed of march,june 17:00
    1,15 of month 09:00                 days of the month; of every month, or of those that are named

Quarters are not understood: name their months.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from emulator.scheduler.errors import ScheduleError
from emulator.scheduler.times import Interval, Schedule, WallClock

_MINUTES_OF_DAY: Final = 1440
_WEEKDAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_ORDINALS: Final = {
    word: number
    for number, words in enumerate(("1st first", "2nd second", "3rd third", "4th fourth", "5th fifth"), 1)
    for word in words.split()
}
_TIME: Final = r"(\d{1,2}:\d\d)"
_INTERVAL: Final = re.compile(
    rf"every (\d{{1,5}}) (hours?|mins?|minutes?)(?: (synchronized)| from {_TIME} to {_TIME})?", re.ASCII
)
_CALENDAR: Final = re.compile(rf"(\S+) (?:(\S+) )?(?:of (\S+) )?{_TIME}", re.ASCII)


def parse(text: str, zone: ZoneInfo) -> Schedule:
    """The schedule in words.

    Raises:
        ScheduleError: it is none.
    """
    words = re.sub(r" ?, ?", ",", " ".join(text.lower().split()))
    if (match := _INTERVAL.fullmatch(words)) is not None:
        return _interval(match, zone)
    if (match := _CALENDAR.fullmatch(words)) is not None:
        first, second, months, at = match.groups()
        return WallClock((_minute(at),), _days(first, second, months), zone)
    raise ScheduleError(f"{text!r} is no schedule: neither unix-cron nor App Engine's words")


def _interval(match: re.Match[str], zone: ZoneInfo) -> Schedule:
    number, unit, synchronized, begin, end = match.groups()
    step = int(number) * (60 if unit.startswith("hour") else 1)
    if not step:
        raise ScheduleError("an interval has at least one minute")
    if synchronized:
        if _MINUTES_OF_DAY % step:
            raise ScheduleError(f"a synchronized interval divides the day, which {number} {unit} does not")
        return WallClock(tuple(range(0, _MINUTES_OF_DAY, step)), _every_day, zone)
    if begin is None:
        return Interval(step)
    first = _minute(begin)
    length = (_minute(end) - first) % _MINUTES_OF_DAY
    minutes = sorted((first + passed) % _MINUTES_OF_DAY for passed in range(0, length + 1, step))
    return WallClock(tuple(minutes), _every_day, zone)


def _days(first: str, second: str | None, month_text: str | None) -> Callable[[date], bool]:
    months = _months(month_text)
    if second is None:
        return _of_month({_day(word) for word in first.split(",")}, months, given=month_text is not None)
    weekdays = _weekdays(second)
    if first == "every":
        return lambda day: day.month in months and day.weekday() in weekdays
    ordinals = {_named(word, _ORDINALS, "number such as 1st") for word in first.split(",")}
    return lambda day: day.month in months and day.weekday() in weekdays and (day.day - 1) // 7 + 1 in ordinals


def _of_month(days: set[int], months: set[int], *, given: bool) -> Callable[[date], bool]:
    if not given:
        raise ScheduleError('days of the month are followed by "of month" or "of" the names of months')
    return lambda day: day.month in months and day.day in days


def _every_day(_: date) -> bool:
    return True


def _weekdays(text: str) -> set[int]:
    if text == "day":
        return set(range(7))
    return {_abbreviated(word, _WEEKDAYS, "day of the week") for word in text.split(",")}


def _months(text: str | None) -> set[int]:
    if text in {None, "month"}:
        return set(range(1, 13))
    return {_abbreviated(word, _MONTHS, "month") + 1 for word in (text or "").split(",")}


def _abbreviated(word: str, names: list[str], what: str) -> int:
    """The index of the name that the word is, or its beginning of three letters or more (`tues`, `sept`)."""
    if len(word) >= 3:
        for index, name in enumerate(names):
            if name.startswith(word):
                return index
    raise ScheduleError(f"{word!r} is no {what}")


def _named(word: str, names: dict[str, int], what: str) -> int:
    if word not in names:
        raise ScheduleError(f"{word!r} is no {what}")
    return names[word]


def _day(word: str) -> int:
    if word in _ORDINALS:
        return _ORDINALS[word]
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= 31:
        raise ScheduleError(f"{word!r} is no day of the month")
    return int(match[1])


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if hours > 23 or minutes > 59:
        raise ScheduleError(f"{text} is no time of the day")
    return 60 * hours + minutes
