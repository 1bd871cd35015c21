from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.clock import Clock, SystemClock
from emulator.events.cloudevent import CloudEvent
from emulator.events.policy import DeliveryPolicy, Post
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import Trigger
from tests.emulator.support import LoopThread, MovableClock, Received, eventually, receiving

PROJECT = "demo-test"
ROOT = Path(__file__).parents[3]


def trigger(function: str = "analyse", *, retry: bool = True) -> Trigger:
    return Trigger(function, "test", {}, {}, retry, "europe-west1")


def event(name: str, body: bytes = b"{}") -> CloudEvent:
    return CloudEvent(name, "//test", "test.v1", datetime.now(UTC), body, "application/json", subject=f"about/{name}")


class Outbox:
    """A service's side of a queue, with the queue started on a loop of its own."""

    def __init__(self, path: Path, thread: LoopThread, queue: DeliveryQueue) -> None:
        self.path = path
        self.thread = thread
        self.queue = queue

    def add(self, *names: str, to: Trigger | None = None, key: str | None = None, body: bytes = b"{}") -> None:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            for name in names:
                DeliveryQueue.enqueue(
                    connection, to or trigger(), event(name, body), now=datetime.now(UTC), ordering_key=key
                )
        self.queue.wake()

    def count(self) -> int:
        async def count() -> int:
            return self.queue.pending_count()

        return self.thread.run(count())

    def empty(self) -> bool:
        return self.count() == 0


@contextmanager
def outbox(
    folder: Path, url: str, *, clock: Clock | None = None, policy: DeliveryPolicy | None = None
) -> Iterator[Outbox]:
    path = folder / "service.sqlite3"
    with LoopThread() as thread:
        queue = DeliveryQueue(path, url, PROJECT, clock or SystemClock(), policy=policy)
        thread.run(queue.start())
        try:
            yield Outbox(path, thread, queue)
        finally:
            thread.run(queue.stop())


def ids(received: Sequence[Received]) -> list[str]:
    return [one.headers["ce-id"] for one in received]


def failing_first(times: int) -> Callable[[Received], int]:
    seen: Counter[str] = Counter()

    def answer(one: Received) -> int:
        seen[one.headers["ce-id"]] += 1
        return 500 if seen[one.headers["ce-id"]] <= times else 200

    return answer


def test_an_event_is_posted_to_its_function_and_forgotten_when_acknowledged(tmp_path: Path) -> None:
    with receiving() as functions, outbox(tmp_path, functions.url) as box:
        box.add("e1", body=b'{"a": 1}')
        eventually(box.empty)
    (one,) = functions.received
    assert one.path == f"/{PROJECT}/europe-west1/analyse"
    assert one.body == b'{"a": 1}'
    assert (one.headers["ce-id"], one.headers["ce-subject"]) == ("e1", "about/e1")
    assert box.queue.counters.delivered == 1


def test_a_large_event_arrives_whole(tmp_path: Path) -> None:
    body = b"x" * (10 << 20)
    with receiving() as functions, outbox(tmp_path, functions.url) as box:
        box.add("large", body=body)
        eventually(box.empty)
    assert functions.received[0].body == body


def test_what_is_rolled_back_with_its_cause_is_never_delivered(tmp_path: Path) -> None:
    with receiving() as functions, outbox(tmp_path, functions.url) as box:
        with closing(sqlite3.connect(box.path)) as connection:
            DeliveryQueue.enqueue(connection, trigger(), event("undone"), now=datetime.now(UTC))
            connection.rollback()
        box.add("done")
        eventually(box.empty)
    assert ids(functions.received) == ["done"]


def test_a_failing_function_is_tried_again_until_it_succeeds(tmp_path: Path) -> None:
    with receiving(failing_first(3)) as functions, outbox(tmp_path, functions.url) as box:
        box.add("e1")
        eventually(box.empty)
    assert ids(functions.received) == ["e1"] * 4
    assert (box.queue.counters.retried, box.queue.counters.delivered) == (3, 1)


def test_without_retry_a_failed_event_is_dropped_and_kept_for_a_person(tmp_path: Path) -> None:
    with receiving(lambda _: 500) as functions, outbox(tmp_path, functions.url) as box:
        box.add("poison", to=trigger(retry=False))
        eventually(box.empty)

        async def dead() -> None:
            (report,) = box.queue.dead()
            assert (report.function, report.event_id, report.event_type) == ("analyse", "poison", "test.v1")
            assert (report.source, report.subject) == ("//test", "about/poison")
            assert (report.attempts, report.reason) == (1, "answered 500")

        box.thread.run(dead())
    assert ids(functions.received) == ["poison"]
    assert box.queue.counters.dropped == 1


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_host_without_an_instance_is_no_failure_of_the_function(tmp_path: Path, status: int) -> None:
    answers = iter([status, status, 200])
    with receiving(lambda _: next(answers)) as functions, outbox(tmp_path, functions.url) as box:
        box.add("e1", to=trigger(retry=False))
        eventually(box.empty)
    assert len(functions.received) == 3
    assert box.queue.counters.dropped == 0


def test_events_wait_for_a_host_that_is_not_up_yet(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = [f"e{n}" for n in range(30)]
    with outbox(tmp_path, f"http://127.0.0.1:{port}") as box:
        box.add(*names, to=trigger(retry=False))
        assert box.count() == 30
        with receiving(port=port) as functions:
            eventually(box.empty)
    assert sorted(ids(functions.received)) == sorted(names)


def test_an_event_that_fails_for_a_day_is_given_up(tmp_path: Path) -> None:
    clock = MovableClock()
    with receiving(lambda _: 500) as functions, outbox(tmp_path, functions.url, clock=clock) as box:
        box.add("poison")
        eventually(lambda: len(functions.received) >= 2)
        clock.ahead = timedelta(hours=25)
        box.queue.wake()
        eventually(box.empty)
    assert box.queue.counters.dropped == 1


def test_pending_events_can_be_read_with_their_last_failure(tmp_path: Path) -> None:
    with receiving(lambda _: 418) as functions, outbox(tmp_path, functions.url) as box:
        box.add("stuck")
        eventually(lambda: len(functions.received) >= 2)

        async def report() -> tuple[str, str | None, bool]:
            (one,) = box.queue.pending()
            return one.event_id, one.reason, one.attempts >= 1

        assert box.thread.run(report()) == ("stuck", "answered 418", True)


def test_a_slow_function_neither_overflows_nor_starves_another(tmp_path: Path) -> None:
    with receiving() as slow, outbox(tmp_path, slow.url) as box:
        slow.gate.clear()
        box.add(*[f"s{n}" for n in range(40)], to=trigger("slow"))
        eventually(lambda: slow.running == 8)
        box.add("f", to=trigger("fast"))
        eventually(lambda: ids(slow.of("fast")) == ["f"])
        assert len(slow.of("slow")) == 8
        slow.gate.set()
        eventually(box.empty)
        assert len(slow.of("slow")) == 40
        assert slow.most_at_once <= 9


def test_events_with_one_ordering_key_go_one_after_the_other_past_failures(tmp_path: Path) -> None:
    with receiving(failing_first(2)) as functions, outbox(tmp_path, functions.url) as box:
        names = [f"k{n}" for n in range(6)]
        for name in names:
            box.add(name, key="k")
        box.add("free")
        eventually(box.empty)
    ordered = [name for name in ids(functions.received) if name != "free"]
    assert ordered == [name for name in names for _ in range(3)]


def test_a_dropped_event_lets_the_next_of_its_key_go(tmp_path: Path) -> None:
    with (
        receiving(lambda one: 500 if one.headers["ce-id"] == "bad" else 200) as functions,
        outbox(tmp_path, functions.url) as box,
    ):
        box.add("bad", "good", to=trigger(retry=False), key="k")
        eventually(box.empty)
    assert ids(functions.received) == ["bad", "good"]


@settings(max_examples=15)
@given(plan=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([None, "k", "l"])), min_size=1, max_size=30))
def test_every_event_arrives_once_and_each_key_in_order(
    tmp_path_factory: pytest.TempPathFactory, plan: list[tuple[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("queue")
    with receiving() as functions, outbox(folder, functions.url) as box:
        for number, (function, key) in enumerate(plan):
            box.add(str(number), to=trigger(function), key=key)
        eventually(box.empty)
    assert sorted(ids(functions.received), key=int) == [str(n) for n in range(len(plan))]
    for function in "abc":
        for key in "kl":
            wanted = [str(n) for n, pair in enumerate(plan) if pair == (function, key)]
            assert [name for name in ids(functions.of(function)) if name in wanted] == wanted


def test_events_are_delivered_while_the_service_keeps_committing_in_another_thread(tmp_path: Path) -> None:
    with receiving() as functions, outbox(tmp_path, functions.url) as box:
        with closing(sqlite3.connect(box.path, isolation_level=None, timeout=30)) as connection:
            connection.execute("begin immediate")  # the dispatcher cannot write now
            DeliveryQueue.enqueue(connection, trigger(), event("first"), now=datetime.now(UTC))
            connection.execute("commit")
            connection.execute("begin immediate")
            box.queue.wake()
            eventually(lambda: len(functions.received) == 1)
            assert box.count() == 1
            connection.execute("commit")
        eventually(box.empty)
    assert ids(functions.received) == ["first"]


def test_a_policy_can_double_posts_and_lose_acknowledgements(tmp_path: Path) -> None:
    class Unkind:
        lost = 1

        def posts(self, function: str) -> Sequence[Post]:
            assert function == "analyse"
            return (Post(), Post(pause=0.001, headers={"x-second": "yes"}))

        def acknowledgement_arrives(self, function: str) -> bool:
            assert function == "analyse"
            self.lost -= 1
            return self.lost < 0

    with receiving() as functions, outbox(tmp_path, functions.url, policy=Unkind()) as box:
        box.add("e")
        eventually(box.empty)
    assert ids(functions.received) == ["e"] * 4
    assert ["X-Second" in one.headers or "x-second" in one.headers for one in functions.received] == [False, True] * 2


def test_a_policy_can_let_an_event_be_overtaken(tmp_path: Path) -> None:
    class Unkind:
        first = True

        def posts(self, function: str) -> Sequence[Post]:
            del function
            self.first, first = False, self.first
            return (Post(overtaken=20.0 if first else 0.0),)

        def acknowledgement_arrives(self, function: str) -> bool:
            del function
            return True

    with receiving() as functions, outbox(tmp_path, functions.url, policy=Unkind()) as box:
        box.add("late")
        box.add("early")
        eventually(box.empty)
    assert ids(functions.received) == ["early", "late"]


def test_whoever_waits_for_the_queue_to_drain_waits_for_the_last_delivery(tmp_path: Path) -> None:
    with receiving() as functions, outbox(tmp_path, functions.url) as box:
        box.add("a", "b")
        box.thread.run(box.queue.drained())
        assert box.empty()
    assert sorted(ids(functions.received)) == ["a", "b"]


def test_a_stopped_queue_goes_on_where_it_was(tmp_path: Path) -> None:
    with receiving() as functions:
        functions.gate.clear()
        with outbox(tmp_path, functions.url) as box:
            box.add("interrupted")
            eventually(lambda: len(functions.received) == 1)
        functions.gate.set()
        with outbox(tmp_path, functions.url) as box:
            eventually(box.empty)
    assert ids(functions.received) == ["interrupted"] * 2


def test_nothing_committed_is_lost_when_the_process_is_killed_in_mid_delivery(tmp_path: Path) -> None:
    with receiving() as functions:
        functions.gate.clear()
        command = [
            sys.executable,
            "-m",
            "tests.emulator.events.killed",
            str(tmp_path / "service.sqlite3"),
            functions.url,
            "50",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:  # noqa: S603  # ours
            assert process.stdout is not None
            committed = json.loads(process.stdout.readline())
            eventually(lambda: functions.running == 8)
            process.kill()
        functions.gate.set()
        killed_after = len(functions.received)
        with outbox(tmp_path, functions.url) as box:
            eventually(box.empty)
    assert killed_after == 8
    assert set(ids(functions.received)) == set(committed)
    assert len(committed) == 50
