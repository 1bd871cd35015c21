"""Schedules against a model that looks at every minute's wall clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.scheduler.errors import ScheduleError
from emulator.scheduler.manifest import Retry, parse
from emulator.scheduler.times import Schedule, upcoming

MINUTE = timedelta(minutes=1)
# A change at night, one of half an hour, one at midnight, and none.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "UTC"]
# Days around the changes of clocks in these zones in 2026, and others.
DAYS = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in [(3, 7), (3, 28), (4, 4), (4, 23), (10, 3), (10, 24), (10, 29), (10, 31), (2, 27), (12, 31)]
]
moments = st.builds(
    lambda day, minutes, seconds: day + timedelta(minutes=minutes, seconds=seconds),
    st.sampled_from(DAYS),
    st.integers(0, 2880),
    st.integers(0, 59),
)


def minutes_after(moment: datetime, length: timedelta) -> Iterator[datetime]:
    """Every whole minute in UTC after the moment; zones are whole minutes from UTC."""
    minute = moment.replace(second=0, microsecond=0) + MINUTE
    while minute <= moment + length:
        yield minute
        minute += MINUTE


def by_looking(moment: datetime, zone: str, length: timedelta, runs: Callable[[datetime], bool]) -> list[datetime]:
    """The minutes whose wall clock satisfies `runs`."""
    place = ZoneInfo(zone)
    return [minute for minute in minutes_after(moment, length) if runs(minute.astimezone(place).replace(tzinfo=None))]


def found(schedule: Schedule, moment: datetime, length: timedelta) -> list[datetime]:
    return list(upcoming(schedule, moment, moment + length))


def field(low: int, high: int) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    parts = numbers.map(str) | ranges | st.integers(1, high).map(lambda step: f"*/{step}")
    return st.just("*") | st.lists(parts, min_size=1, max_size=3).map(",".join)


crons = st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(crons, st.sampled_from(ZONES), moments)
def test_unix_cron_runs_whenever_the_wall_clock_says_so(text: str, zone: str, moment: datetime) -> None:
    length = timedelta(hours=30)
    wall = moment.replace(tzinfo=None) - timedelta(days=2)
    expected_walls = set()
    for run in CronSim(text, wall):  # an independent reading of the five fields, on a clock without a zone
        if run > wall + timedelta(days=5):
            break
        expected_walls.add(run)
    expected = by_looking(moment, zone, length, expected_walls.__contains__)
    assert found(parse(text, zone), moment, length) == expected


WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
times_of_day = st.tuples(st.integers(0, 23), st.integers(0, 59))


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 6), min_size=1), times_of_day, st.sampled_from(ZONES), moments)
def test_days_of_the_week_run_at_their_time(days: set[int], time: tuple[int, int], zone: str, moment: datetime) -> None:
    text = f"every {','.join(WEEKDAYS[day][:3] for day in sorted(days))} {time[0]:02}:{time[1]:02}"
    expected = by_looking(
        moment, zone, timedelta(days=4), lambda wall: wall.weekday() in days and (wall.hour, wall.minute) == time
    )
    assert found(parse(text, zone), moment, timedelta(days=4)) == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), times_of_day, times_of_day, st.sampled_from(ZONES), moments)
def test_an_interval_within_the_day_runs_from_its_beginning_to_its_end(
    step: int, begin: tuple[int, int], end: tuple[int, int], zone: str, moment: datetime
) -> None:
    first, last = begin[0] * 60 + begin[1], end[0] * 60 + end[1]

    def runs(wall: datetime) -> bool:
        passed = (wall.hour * 60 + wall.minute - first) % 1440
        return passed <= (last - first) % 1440 and passed % step == 0

    text = f"every {step} minutes from {begin[0]:02}:{begin[1]:02} to {end[0]:02}:{end[1]:02}"
    length = timedelta(hours=30)
    assert found(parse(text, zone), moment, length) == by_looking(moment, zone, length, runs)


@given(st.sampled_from([1, 2, 5, 7, 60, 90, 1440]), moments, st.sampled_from(ZONES))
def test_a_plain_interval_is_the_same_all_the_time(step: int, moment: datetime, zone: str) -> None:
    runs = found(parse(f"every {step} minutes", zone), moment, timedelta(minutes=10 * step))
    assert len(runs) == 10
    assert runs[0] > moment
    assert {later - earlier for earlier, later in pairwise(runs)} == {timedelta(minutes=step)}


def walls(text: str, zone: str, moment: str, count: int) -> list[str]:
    """The next runs as the zone's clocks and its distance from UTC tell them."""
    schedule, run = parse(text, zone), datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    runs = []
    for _ in range(count):
        following = schedule.after(run)
        assert following is not None
        runs.append(following.astimezone(ZoneInfo(zone)).strftime("%a %d %b %H:%M %z"))
        run = following
    return runs


def test_a_time_that_the_clocks_skip_does_not_run() -> None:
    assert walls("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00", 2) == [
        "Sat 28 Mar 02:30 +0100",
        "Mon 30 Mar 02:30 +0200",
    ]


def test_a_time_that_comes_twice_runs_twice() -> None:
    assert walls("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00", 3) == [
        "Sun 25 Oct 02:30 +0200",
        "Sun 25 Oct 02:30 +0100",
        "Mon 26 Oct 02:30 +0100",
    ]


def test_clocks_that_are_set_back_over_midnight_show_a_day_twice() -> None:
    # Havana, 1 November 2026: 01:00 becomes 00:00.
    assert walls("15 0 * * *", "America/Havana", "2026-10-31T12:00", 3) == [
        "Sun 01 Nov 00:15 -0400",
        "Sun 01 Nov 00:15 -0500",
        "Mon 02 Nov 00:15 -0500",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * MON-FRI", ["Thu 01 Jan 09:00", "Fri 02 Jan 09:00", "Mon 05 Jan 09:00"]),
        ("0 9 13 * FRI", ["Fri 02 Jan 09:00", "Fri 09 Jan 09:00", "Tue 13 Jan 09:00"]),
        ("0 0 29 2 *", ["Tue 29 Feb 00:00"]),
        ("5/20 3 * * *", ["Thu 01 Jan 03:05", "Thu 01 Jan 03:25", "Thu 01 Jan 03:45"]),
        ("0 0 * * 7", ["Sun 04 Jan 00:00"]),
        ("every day 09:00", ["Thu 01 Jan 09:00", "Fri 02 Jan 09:00"]),
        ("every monday 09:00", ["Mon 05 Jan 09:00", "Mon 12 Jan 09:00"]),
        ("every mon,wed 17:00", ["Mon 05 Jan 17:00", "Wed 07 Jan 17:00"]),
        ("Every Mon, Wed 17:00", ["Mon 05 Jan 17:00"]),
        ("1st monday of month 10:00", ["Mon 05 Jan 10:00", "Mon 02 Feb 10:00"]),
        ("2nd,third mon,wed of march,june 17:00", ["Mon 09 Mar 17:00", "Wed 11 Mar 17:00", "Mon 16 Mar 17:00"]),
        ("first monday of sep,oct 17:00", ["Mon 07 Sep 17:00", "Mon 05 Oct 17:00", "Mon 06 Sep 17:00"]),
        ("1,15 of month 09:00", ["Thu 01 Jan 09:00", "Thu 15 Jan 09:00", "Sun 01 Feb 09:00"]),
        ("1 of jan,april,july,oct 00:00", ["Wed 01 Apr 00:00", "Wed 01 Jul 00:00"]),
        ("every 2 hours from 10:00 to 14:00", ["Thu 01 Jan 10:00", "Thu 01 Jan 12:00", "Thu 01 Jan 14:00"]),
        ("every 2 hours from 22:00 to 01:00", ["Thu 01 Jan 22:00", "Fri 02 Jan 00:00", "Fri 02 Jan 22:00"]),
        ("every 8 hours synchronized", ["Thu 01 Jan 08:00", "Thu 01 Jan 16:00", "Fri 02 Jan 00:00"]),
        ("every 5 minutes", ["Thu 01 Jan 00:05"]),
        ("every 12 hours", ["Thu 01 Jan 12:00", "Fri 02 Jan 00:00"]),
        ("every 1 mins", ["Thu 01 Jan 00:01"]),
    ],
)
def test_the_documented_forms(text: str, expected: list[str]) -> None:
    runs = walls(text, "UTC", "2026-01-01T00:00", len(expected))
    assert [run.removesuffix(" +0000") for run in runs] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-1 * * * *",
        "*/0 * * * *",
        "a b c d e",
        "-1 * * * *",
        "1,,2 * * * *",
        "٣ * * * *",
        "0 0 30 2 *",
        "every 0 minutes",
        "every 7 minutes synchronized",
        "every 5 fortnights",
        "every day",
        "every day 24:00",
        "every day 9",
        "every someday 09:00",
        "6th monday of month 09:00",
        "1st monday of quarter 09:00",
        "32 of month 09:00",
        "15 09:00",
        "31 of feb 09:00",
        "every 999999 hours from 10:00 to 11:00 of",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse(text, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "Europe", "a\0b"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleError):
        parse("* * * * *", zone)


@given(st.text(max_size=60))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    try:
        schedule = parse(text, "Europe/Berlin")
    except ScheduleError:
        return
    assert schedule.after(DAYS[0]) is not None


def test_pauses_between_attempts_are_the_documented_ones() -> None:
    retry = Retry(count=8, first_pause=10, longest_pause=300, doublings=3)
    assert [retry.pause(failures) for failures in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize(
    ("retry", "failures", "elapsed", "expected"),
    [
        (Retry(), 1, 0, False),
        (Retry(count=1), 1, 10_000, True),
        (Retry(count=1), 2, 0, False),
        (Retry(longest=60), 9, 59, True),
        (Retry(longest=60), 9, 60, False),
        (Retry(count=3, longest=60), 4, 59, True),  # until both limits are reached
        (Retry(count=3, longest=60), 3, 61, True),
        (Retry(count=3, longest=60), 4, 61, False),
    ],
)
def test_retries_end_at_their_limits(retry: Retry, failures: int, elapsed: float, *, expected: bool) -> None:
    assert retry.goes_on(failures, elapsed) is expected
