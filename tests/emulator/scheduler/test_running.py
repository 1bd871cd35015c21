"""Scheduled functions as they are called, by a clock that is moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import flask
import pytest
from firebase_functions import scheduler_fn

from emulator.clock import MovableClock
from emulator.events.manifest import ManifestError
from emulator.scheduler.manifest import jobs_of
from tests.emulator.control.support import Controlled, assert_problem, clock_at, configured, controlled
from tests.emulator.support import MovableClock as MachineClock
from tests.emulator.support import Received, Receiver, eventually, receiving

REGION = "europe-west1"


def manifest(folder: Path, **schedules: dict[str, Any] | str) -> Path:
    path = folder / "functions.yaml"
    endpoints = {
        name: {
            "platform": "gcfv2",
            "region": [REGION],
            "scheduleTrigger": {"schedule": trigger} if isinstance(trigger, str) else trigger,
        }
        for name, trigger in schedules.items()
    }
    path.write_text(json.dumps({"endpoints": endpoints}))
    return path


@contextmanager
def scheduled(
    folder: Path, answer: Callable[[Received], int] = lambda _: 200, **schedules: dict[str, Any] | str
) -> Iterator[tuple[Controlled, Receiver]]:
    """A scheduler at midnight of a day in 2040, and the functions that it calls."""
    path = manifest(folder, **schedules)
    with receiving(answer) as functions, at_midnight(folder, functions.url, path) as control:
        yield control, functions


@contextmanager
def at_midnight(folder: Path, url: str, path: Path) -> Iterator[Controlled]:
    with controlled(configured(folder, url, manifest=path), "scheduler", clock=clock_at(folder)) as control:
        yield control


def times(received: list[Received]) -> list[str]:
    return [one.headers["X-CloudScheduler-ScheduleTime"] for one in received]


def last(control: Controlled, function: str) -> dict[str, Any]:
    listed = {one["function"]: one for one in control.get("/emulator/v1/schedules")["schedules"]}
    return dict(listed[function]["last"] or {})


def test_a_run_is_posted_as_cloud_scheduler_posts_it(tmp_path: Path) -> None:
    with scheduled(tmp_path, nightly="every day 03:00") as (control, functions):
        assert control.advance(duration="PT4H")["settled"] is True
        (run,) = functions.received
    assert run.path == f"/demo-test/{REGION}/nightly"
    assert run.body == b""
    assert run.headers["X-CloudScheduler"] == "true"
    assert run.headers["X-CloudScheduler-JobName"] == f"firebase-schedule-nightly-{REGION}"
    assert run.headers["X-CloudScheduler-ScheduleTime"] == "2040-01-01T03:00:00Z"
    assert run.headers["User-Agent"] == "Google-Cloud-Scheduler"


def test_google_s_library_understands_the_call(tmp_path: Path) -> None:
    with scheduled(tmp_path, nightly={"schedule": "0 3 * * *", "timeZone": "Europe/Berlin"}) as (control, functions):
        control.advance(duration="PT4H")
        (run,) = functions.received
    events: list[scheduler_fn.ScheduledEvent] = []
    handler = scheduler_fn.on_schedule(schedule="0 3 * * *")(events.append)
    app = flask.Flask("function")
    with app.test_request_context("/", method="POST", headers=dict(run.headers)):
        handler(flask.request)  # type: ignore[call-arg,arg-type]  # the library's types are of what is deployed
    (event,) = events
    assert event.schedule_time == datetime(2040, 1, 1, 2, tzinfo=UTC)
    assert event.job_name == f"firebase-schedule-nightly-{REGION}"


def test_every_run_that_the_clock_passes_is_done_in_order_over_all_functions(tmp_path: Path) -> None:
    with scheduled(tmp_path, hourly="0 * * * *", nightly="30 2 * * *") as (control, functions):
        control.advance(duration="PT4H")
        done = [(one.function, one.headers["X-CloudScheduler-ScheduleTime"][11:16]) for one in functions.received]
    assert done == [
        ("hourly", "01:00"),
        ("hourly", "02:00"),
        ("nightly", "02:30"),
        ("hourly", "03:00"),
        ("hourly", "04:00"),
    ]


def test_a_day_of_minutes_is_too_much_at_once_and_changes_nothing(tmp_path: Path) -> None:
    with scheduled(tmp_path, often="* * * * *") as (control, functions):
        before = control.get("/emulator/v1/clock")["offset_seconds"]
        assert "1000 runs" in assert_problem(
            control.ask("POST", "/emulator/v1/clock:advance", {"duration": "P1D"}), 400
        )
        assert control.get("/emulator/v1/clock")["offset_seconds"] == before
        assert functions.received == []
        control.advance(duration="PT10M")
        assert len(functions.received) == 10


@contextmanager
def before_a_minute(folder: Path) -> Iterator[tuple[Controlled, Receiver, MachineClock]]:
    """A scheduler of every minute, some milliseconds before one, on a clock that nobody moves through it."""
    clock = MachineClock()
    now = clock.now()
    clock.ahead = timedelta(seconds=59.8) - timedelta(seconds=now.second, microseconds=now.microsecond)
    path = manifest(folder, often="* * * * *")
    with receiving() as functions:
        config = configured(folder, functions.url, manifest=path)
        with controlled(config, "scheduler", clock=clock) as control:
            yield control, functions, clock


def test_a_run_that_is_due_is_done_by_itself(tmp_path: Path) -> None:
    with before_a_minute(tmp_path) as (_, functions, _):
        eventually(lambda: functions.received)


def test_a_run_that_fails_is_tried_again_as_its_retries_say(tmp_path: Path) -> None:
    retry = {"retryCount": 2, "minBackoffSeconds": 10, "maxDoublings": 1}
    trigger = {"schedule": "0 3 * * *", "retryConfig": retry}
    with scheduled(tmp_path, lambda _: 500, nightly=trigger) as (control, functions):
        control.advance(duration="PT4H")
        assert (last(control, "nightly")["attempts"], last(control, "nightly")["ended"]) == (1, None)
        control.advance(seconds=5)
        assert len(functions.received) == 1
        control.advance(seconds=6)
        eventually(lambda: len(functions.received) == 2)
        eventually(lambda: last(control, "nightly")["attempts"] == 2)
        control.advance(seconds=21)
        eventually(lambda: last(control, "nightly")["ended"])
        assert last(control, "nightly")["attempts"] == 3
        assert last(control, "nightly")["status"] == "HTTP 500"
        assert times(functions.received) == ["2040-01-01T03:00:00Z"] * 3


def test_a_retry_that_succeeds_ends_the_run(tmp_path: Path) -> None:
    answers = iter([503, 200])
    trigger = {"schedule": "0 3 * * *", "retryConfig": {"retryCount": 5, "minBackoffSeconds": 10}}
    with scheduled(tmp_path, lambda _: next(answers), nightly=trigger) as (control, _):
        control.advance(duration="PT4H")
        control.advance(seconds=11)
        eventually(lambda: last(control, "nightly")["status"] == "OK")
        assert last(control, "nightly")["attempts"] == 2


def test_there_is_no_retry_once_the_next_run_is_due(tmp_path: Path) -> None:
    trigger = {"schedule": "0 * * * *", "retryConfig": {"retryCount": 5, "minBackoffSeconds": 10}}
    with scheduled(tmp_path, lambda _: 500, hourly=trigger) as (control, functions):
        control.advance(duration="PT3H")
        assert [time[11:16] for time in times(functions.received)] == ["01:00", "02:00", "03:00"]


def test_a_function_that_nobody_serves_fails_its_run(tmp_path: Path) -> None:
    with at_midnight(tmp_path, "http://127.0.0.1:9", manifest(tmp_path, nightly="0 3 * * *")) as control:
        control.advance(duration="PT4H")
        assert last(control, "nightly")["status"].startswith("UNAVAILABLE")


def test_a_function_never_runs_twice_at_the_same_time(tmp_path: Path) -> None:
    with scheduled(tmp_path, often="* * * * *") as (control, functions):
        functions.gate.clear()
        control.advance(duration="PT5M", wait=False)
        eventually(lambda: functions.running == 1)
        assert_problem(control.ask("POST", "/emulator/v1/schedules/often:run"), 409)
        functions.gate.set()
        eventually(lambda: len(functions.received) == 5)
        assert functions.most_at_once == 1


def test_runs_that_come_due_while_one_is_running_are_left_out(tmp_path: Path) -> None:
    with before_a_minute(tmp_path) as (control, functions, clock):
        functions.gate.clear()
        eventually(lambda: functions.running == 1)
        clock.ahead += timedelta(minutes=10, seconds=5)
        functions.gate.set()
        eventually(lambda: last(control, "often").get("ended"))
        assert len(functions.received) == 1


def test_a_function_can_be_run_now(tmp_path: Path) -> None:
    with scheduled(tmp_path, nightly="0 3 * * *") as (control, functions):
        answer = control.post("/emulator/v1/schedules/nightly:run")
        assert answer["status"] == "OK"
        assert answer["last"]["attempts"] == 1
        assert len(functions.received) == 1
        assert_problem(control.ask("POST", "/emulator/v1/schedules/absent:run"), 404)


def test_the_next_runs_are_listed(tmp_path: Path) -> None:
    trigger = {"schedule": "every monday 09:00", "timeZone": "Europe/Berlin"}
    with scheduled(tmp_path, weekly=trigger) as (control, _):
        (listed,) = control.get("/emulator/v1/schedules")["schedules"]
    assert listed["next"] == [f"2040-01-{day:02}T08:00:00Z" for day in (2, 9, 16, 23, 30)]
    assert (listed["schedule"], listed["time_zone"]) == ("every monday 09:00", "Europe/Berlin")
    assert listed["last"] is None


def test_a_restart_neither_doubles_a_run_nor_makes_up_for_those_it_missed(tmp_path: Path) -> None:
    path = manifest(tmp_path, hourly="0 * * * *")
    with receiving() as functions:
        with at_midnight(tmp_path, functions.url, path) as control:
            control.advance(duration="PT2H")
        clock = MovableClock(tmp_path / "clock.json")
        clock.advance(timedelta(hours=3))  # time that goes by while nothing runs
        with at_midnight(tmp_path, functions.url, path) as control:
            control.advance(duration="PT1H")
        assert [time[11:16] for time in times(functions.received)] == ["01:00", "02:00", "06:00"]


def test_a_run_that_was_interrupted_is_done_again_after_the_restart(tmp_path: Path) -> None:
    path = manifest(tmp_path, nightly="0 3 * * *")
    with receiving() as functions:
        functions.gate.clear()
        with at_midnight(tmp_path, functions.url, path) as control:
            control.advance(duration="PT4H", wait=False)
            eventually(lambda: functions.running == 1)
        functions.gate.set()
        with at_midnight(tmp_path, functions.url, path) as control:
            eventually(lambda: last(control, "nightly")["status"] == "OK")
        assert times(functions.received) == ["2040-01-01T03:00:00Z"] * 2


def test_schedules_rest_while_background_triggers_are_off(tmp_path: Path) -> None:
    with scheduled(tmp_path, nightly="0 3 * * *") as (control, functions):
        control.put("/functions/disableBackgroundTriggers")
        control.advance(duration="P1D")
        assert functions.received == []
        assert last(control, "nightly")["status"] == "SWITCHED_OFF"


@pytest.mark.parametrize(
    "trigger",
    [
        {},
        {"schedule": 5},
        {"schedule": "never"},
        {"schedule": "* * * * *", "timeZone": "Nowhere"},
        {"schedule": "* * * * *", "retryConfig": []},
        {"schedule": "* * * * *", "retryConfig": {"retryCount": -1}},
        {"schedule": "* * * * *", "retryConfig": {"minBackoffSeconds": "5"}},
        {"schedule": "* * * * *", "attemptDeadlineSeconds": True},
        "* * * *",
    ],
)
def test_a_manifest_with_a_schedule_that_is_none_is_refused(tmp_path: Path, trigger: object) -> None:
    path = manifest(tmp_path, good="* * * * *", bad=trigger)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(ManifestError, match="endpoint bad"):
        jobs_of(path)


def test_jobs_take_what_the_manifest_says_and_defaults_for_the_rest(tmp_path: Path) -> None:
    trigger = {
        "schedule": "0 3 * * *",
        "timeZone": None,
        "attemptDeadlineSeconds": 30,
        "retryConfig": {"retryCount": 2, "maxRetrySeconds": 60, "minBackoffSeconds": None, "maxBackoffSeconds": 100},
    }
    (job,) = jobs_of(manifest(tmp_path, nightly=trigger))
    assert (job.zone, job.deadline) == ("UTC", 30)
    assert (job.retry.count, job.retry.longest, job.retry.first_pause, job.retry.longest_pause) == (2, 60, 5, 100)
