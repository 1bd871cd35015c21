"""When a schedule runs next: on the wall clock of a time zone, or at equal distances."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The 29th of February may be eight years away (1896 to 1904, 2096 to 2104).
_HORIZON: Final = 8 * 366 + 1


class Schedule(Protocol):
    """A series of moments."""

    def after(self, moment: datetime) -> datetime | None:
        """The first one after `moment`, in UTC; None when there is none within eight years."""
        ...


@dataclass(frozen=True)
class WallClock:
    """Every time the clocks of a zone show one of the minutes (0 to 1439) on a day that `runs_on` wants.

    Source of the behaviour at the change of daylight saving time: "Cron job format and time zone" of Cloud Scheduler,
    which "runs on wall clock time": what is skipped does not run, what comes twice runs twice.
    """

    minutes: tuple[int, ...]  # ascending
    runs_on: Callable[[date], bool]
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """See `Schedule`."""
        # A clock may be set back across midnight: the day before may come again.
        day = moment.astimezone(self.zone).date() - _DAY
        for _ in range(_HORIZON):
            if self.runs_on(day) and (found := self._on(day, moment)) is not None:
                return found
            if day >= date.max - 2 * _DAY:
                return None
            day += _DAY
        return None

    def _on(self, day: date, moment: datetime) -> datetime | None:
        """The first run on the day that is after the moment."""
        begin, end = _midnight(day, self.zone), _midnight(day + _DAY, self.zone)
        if begin.utcoffset() != end.utcoffset():
            runs = _changing(self.minutes, day, self.zone)
            index = bisect_right(runs, moment)
            return runs[index] if index < len(runs) else None
        start = begin.astimezone(UTC)
        passed = (moment - start) // timedelta(minutes=1)  # whole minutes of the day until the moment
        index = bisect_right(self.minutes, passed)
        return start + timedelta(minutes=self.minutes[index]) if index < len(self.minutes) else None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


@lru_cache(32)
def _changing(minutes: tuple[int, ...], day: date, zone: ZoneInfo) -> list[datetime]:
    """The runs of a day on which the clocks are changed, in order; thousands of conversions, so they are kept."""
    runs = set()
    for minute in minutes:
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        for fold in (0, 1):
            run = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if run.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
                runs.add(run)
    return sorted(runs)


@dataclass(frozen=True)
class Interval:
    """Every so many minutes, counted from the beginning of 1970.

    Production counts from when the job was made or ran last, which nobody could tell beforehand; a fixed beginning
    makes the runs the same on every machine.
    """

    minutes: int

    def after(self, moment: datetime) -> datetime:
        """See `Schedule`."""
        step = timedelta(minutes=self.minutes)
        return _EPOCH + ((moment - _EPOCH) // step + 1) * step


def upcoming(schedule: Schedule, moment: datetime, until: datetime) -> Iterator[datetime]:
    """The runs after `moment`, the one at `until` included."""
    while (run := schedule.after(moment)) is not None and run <= until:
        yield run
        moment = run
