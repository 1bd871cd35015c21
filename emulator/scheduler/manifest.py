"""Which functions run by a schedule, from the manifest that the Firebase CLI reads (functions.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.events.manifest import ManifestError, endpoints_of, region_of
from emulator.scheduler import appengine, unixcron
from emulator.scheduler.errors import ScheduleError
from emulator.scheduler.times import Schedule

_DEFAULT_ZONE: Final = "UTC"  # firebase-tools' for functions of the second generation
_DEFAULT_DEADLINE: Final = 180.0  # seconds: Cloud Scheduler's for HTTP targets
_START: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MOST: Final = 10_000_000  # no duration or count is longer than some months


@dataclass(frozen=True, slots=True)
class Retry:
    """Cloud Scheduler's RetryConfig with its defaults; durations in seconds, 0 as documented there: no limit."""

    count: int = 0
    longest: float = 0.0
    first_pause: float = 5.0
    longest_pause: float = 3600.0
    doublings: int = 5

    def pause(self, failures: int) -> float:
        """Seconds between the attempt that failed as the `failures`-th (from 1) and the next.

        Doubled `doublings` times, then linear: "10s, 20s, 40s, 80s, 160s, 240s, 300s, 300s" from 10 s with three
        doublings and at most 300 s (google.cloud.scheduler.v1.RetryConfig).
        """
        doubled = min(failures - 1, self.doublings)
        whole = self.first_pause * 2.0**doubled * max(1, failures - self.doublings)
        return min(self.longest_pause, whole)

    def goes_on(self, failures: int, elapsed: float) -> bool:
        """Whether there is another attempt after so many failures; with both limits set, until both are reached."""
        return failures <= self.count or elapsed < self.longest


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled function."""

    function: str
    region: str
    text: str
    zone: str
    schedule: Schedule
    retry: Retry = field(default_factory=Retry)
    deadline: float = _DEFAULT_DEADLINE  # seconds that an attempt may take

    @property
    def name(self) -> str:
        """What firebase-tools names the job."""
        return f"firebase-schedule-{self.function}-{self.region}"


def jobs_of(path: Path | None, project: str | None = None) -> list[Job]:
    """Every scheduled function of the manifest; none without one.

    Raises:
        ManifestError: it cannot be read, or has a schedule that cannot be understood.
    """
    if path is None:
        return []
    endpoints = endpoints_of(path, project)
    try:
        return list(_jobs(endpoints))
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error


def _jobs(endpoints: Mapping[Any, Any]) -> Iterator[Job]:
    for name, endpoint in endpoints.items():
        trigger = endpoint.get("scheduleTrigger") if isinstance(endpoint, dict) else None
        if trigger is None:
            continue
        try:
            yield _job(str(name), region_of(name, endpoint), trigger)
        except ScheduleError as error:
            raise ManifestError(f"endpoint {name}: {error}") from error


def _job(function: str, region: str, trigger: object) -> Job:
    if not isinstance(trigger, dict) or not isinstance(trigger.get("schedule"), str):
        raise ScheduleError("its scheduleTrigger has no schedule")
    text, zone = trigger["schedule"], str(trigger.get("timeZone") or _DEFAULT_ZONE)
    deadline = _seconds(trigger, "attemptDeadlineSeconds", _DEFAULT_DEADLINE)
    return Job(function, region, text, zone, parse(text, zone), _retry(trigger.get("retryConfig")), deadline)


def parse(text: str, zone: str) -> Schedule:
    """The schedule in unix-cron or App Engine's words.

    Raises:
        ScheduleError: it cannot be understood, or never runs.
    """
    try:
        known = ZoneInfo(zone)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:  # OSError: such as the name of a folder
        raise ScheduleError(f"there is no time zone {zone!r}") from error
    # Words that are five end with a time of the day, which unix-cron never has.
    is_cron = len(text.split()) == 5 and ":" not in text
    schedule: Schedule = unixcron.parse(text, known) if is_cron else appengine.parse(text, known)
    if schedule.after(_START) is None:
        raise ScheduleError(f"{text!r} never runs: there is no such day")
    return schedule


def _retry(config: object) -> Retry:
    if config is None:
        return Retry()
    if not isinstance(config, dict):
        raise ScheduleError("its retryConfig is no mapping")
    default = Retry()
    first_pause = _seconds(config, "minBackoffSeconds", default.first_pause)
    return Retry(
        count=int(_seconds(config, "retryCount", default.count)),
        longest=_seconds(config, "maxRetrySeconds", default.longest),
        first_pause=first_pause,
        longest_pause=max(first_pause, _seconds(config, "maxBackoffSeconds", default.longest_pause)),
        doublings=int(_seconds(config, "maxDoublings", default.doublings)),
    )


def _seconds(values: Mapping[str, Any], key: str, default: float) -> float:
    value = values.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise ScheduleError(f"{key} is no number from 0 to {_MOST}")
    return float(value)
