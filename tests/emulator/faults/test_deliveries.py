"""Faults between the services and the functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.emulator.control.support import PROJECT, Controlled, clock_at, configured, controlled
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import Received, Receiver, eventually, receiving

MANIFEST = """
endpoints:
  changed:
    region: [europe-west1]
    eventTrigger:
      eventType: google.cloud.firestore.document.v1.created
      eventFilters: {database: (default)}
      eventFilterPathPatterns: {document: "c/{id}"}
  hourly:
    region: [europe-west1]
    scheduleTrigger: {schedule: 0 * * * *, retryConfig: {retryCount: 1}}
"""
KILL = "x-emulator-fault"


@contextmanager
def unkind(
    folder: Path, rule: dict[str, Any], answer: Callable[[Received], int] = lambda _: 204
) -> Iterator[tuple[Controlled, Receiver, Callable[..., None]]]:
    """A suite with the rule, its functions, and what creates documents."""
    manifest = folder / "functions.yaml"
    manifest.write_text(MANIFEST)
    with receiving(answer) as functions:
        config = configured(folder, functions.url, manifest=manifest)
        with controlled(config, "firestore", "scheduler", clock=clock_at(folder)) as control:
            client = connect(control.suite.addresses["firestore"], PROJECT)

            def create(*names: str) -> None:
                for name in names:
                    client.document(f"c/{name}").create({})

            control.put("/emulator/v1/faults", {"rules": [rule]})
            yield control, functions, create
            client.close()


def documents(functions: Receiver) -> list[str]:
    return [one.headers["ce-document"].removeprefix("c/") for one in functions.of("changed")]


def test_an_event_comes_twice_with_the_same_id(tmp_path: Path) -> None:
    rule = {"service": "events", "call": "changed", "kind": "duplicate", "every": 2}
    with unkind(tmp_path, rule) as (_, functions, create):
        create("a", "b", "d")
        eventually(lambda: len(functions.received) == 4)
    assert sorted(documents(functions)) == ["a", "b", "b", "d"]
    assert len({one.headers["ce-id"] for one in functions.received}) == 3


def test_an_event_is_overtaken_by_the_next(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "reorder", "count": 1, "delay": 20}
    with unkind(tmp_path, rule) as (_, functions, create):
        create("first", "second")
        eventually(lambda: len(functions.received) == 2)
    assert documents(functions) == ["second", "first"]


def test_an_event_that_nothing_overtakes_comes_late(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "reorder", "count": 1, "delay": 0.05}
    with unkind(tmp_path, rule) as (_, functions, create):
        create("alone")
        eventually(lambda: documents(functions) == ["alone"])


def test_an_event_whose_acknowledgement_is_lost_comes_again(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "lost-ack", "count": 2}
    with unkind(tmp_path, rule) as (control, functions, create):
        create("a")
        eventually(lambda: len(functions.received) == 3)
        control.put("/functions/disableBackgroundTriggers")  # which waits until nothing is under way
    assert documents(functions) == ["a"] * 3


def test_an_event_comes_late(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "delay", "count": 1, "delay": 0.3}
    with unkind(tmp_path, rule) as (_, functions, create):
        create("slow", "quick")
        eventually(lambda: len(functions.received) == 2)
    assert documents(functions) == ["quick", "slow"]


def test_the_functions_host_is_told_to_kill_and_the_event_comes_again(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "kill", "count": 1, "delay": 0.25}
    with unkind(tmp_path, rule, lambda one: 502 if KILL in one.headers else 204) as (_, functions, create):
        create("a")
        eventually(lambda: len(functions.received) == 2)
    assert [one.headers.get(KILL) for one in functions.received] == ["kill; after=0.25", None]


def test_a_scheduled_run_is_killed_and_tried_again(tmp_path: Path) -> None:
    rule = {"service": "scheduler", "call": "hourly", "kind": "kill", "count": 1}
    with unkind(tmp_path, rule, lambda one: 502 if KILL in one.headers else 200) as (control, functions, _):
        control.advance(seconds=3600)
        control.advance(seconds=6)
        eventually(lambda: len(functions.of("hourly")) == 2)
    first, second = functions.of("hourly")
    assert first.headers["X-CloudScheduler-ScheduleTime"] == second.headers["X-CloudScheduler-ScheduleTime"]


def test_a_run_comes_twice(tmp_path: Path) -> None:
    rule = {"service": "scheduler", "kind": "duplicate", "count": 1}
    with unkind(tmp_path, rule) as (control, functions, _):
        control.advance(seconds=3600)
        assert len(functions.of("hourly")) == 2


def test_a_run_whose_acknowledgement_is_lost_is_tried_again(tmp_path: Path) -> None:
    rule = {"service": "scheduler", "kind": "lost-ack", "count": 1}
    with unkind(tmp_path, rule) as (control, functions, _):
        control.advance(seconds=3600)
        control.advance(seconds=6)
        eventually(lambda: len(functions.of("hourly")) == 2)


def test_what_waits_and_what_was_dropped_can_be_seen(tmp_path: Path) -> None:
    rule = {"service": "events", "kind": "delay", "delay": 600, "every": 2}
    with unkind(tmp_path, rule, lambda _: 500) as (control, _, create):
        create("dropped", "waiting")
        eventually(lambda: control.get("/emulator/v1/deliveries")["since_start"]["dropped"])
        seen = control.get("/emulator/v1/deliveries")
    assert seen["waiting"] == 1
    assert [one["event"]["subject"] for one in seen["pending"]] == ["documents/c/waiting"]
    (dropped,) = seen["dropped"]
    assert (dropped["function"], dropped["reason"], dropped["failures"]) == ("changed", "answered 500", 1)
