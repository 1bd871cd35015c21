from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import Transaction, transactional
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import ClockError, Follower, MovableClock
from tests.emulator.control.support import PROJECT, Controlled, assert_problem, configured, controlled
from tests.emulator.firestore.conftest import connect

_SLACK = timedelta(seconds=30)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Controlled]:
    with controlled(configured(tmp_path)) as control:
        yield control


def ahead(control: Controlled) -> timedelta:
    return datetime.fromisoformat(control.get("/emulator/v1/clock")["now"]) - datetime.now(UTC)


def near(actual: timedelta, expected: timedelta) -> bool:
    return abs(actual - expected) < _SLACK


def test_the_clock_is_the_machine_s_until_it_is_moved(control: Controlled) -> None:
    assert control.get("/emulator/v1/clock")["offset_seconds"] == 0
    assert near(ahead(control), timedelta())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"seconds": 3600}, timedelta(hours=1)),
        ({"seconds": 0.5}, timedelta(seconds=0.5)),
        ({"duration": "PT1H30M"}, timedelta(hours=1.5)),
        ({"duration": "P1W2DT0.5S"}, timedelta(days=9, seconds=0.5)),
        ({"seconds": 60, "wait": False}, timedelta(minutes=1)),
    ],
)
def test_it_can_be_moved_forward(control: Controlled, body: dict[str, object], expected: timedelta) -> None:
    answer = control.post("/emulator/v1/clock:advance", body)
    assert answer["offset_seconds"] == expected.total_seconds()
    assert answer["settled"] is body.get("wait", True)
    assert near(ahead(control), expected)


def test_it_can_be_moved_to_a_time(control: Controlled) -> None:
    control.advance(to="2040-02-29T12:00:00+01:00")
    now = datetime.fromisoformat(control.get("/emulator/v1/clock")["now"])
    assert near(now - datetime(2040, 2, 29, 11, tzinfo=UTC), timedelta())


def test_moves_add_up_and_survive_a_restart(tmp_path: Path) -> None:
    for total in (3600, 7200):
        with controlled(configured(tmp_path)) as control:
            assert control.advance(seconds=3600)["offset_seconds"] == total
    with controlled(configured(tmp_path)) as control:
        assert near(ahead(control), timedelta(hours=2))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": -1},
        {"seconds": "3600"},
        {"seconds": True},
        {"seconds": 1e300},
        {"seconds": 1, "duration": "PT1H"},
        {"duration": "1h"},
        {"duration": "P"},
        {"duration": "PT"},
        {"duration": "P1Y"},
        {"duration": "P1DT"},
        {"to": "2001-01-01T00:00:00Z"},
        {"to": "2040-01-01T00:00:00"},
        {"to": "9999-12-31T23:59:59Z"},
        {"to": "tomorrow"},
        {"seconds": 1, "wait": "yes"},
        {"by": 1},
        ["seconds"],
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(control: Controlled, body: object) -> None:
    assert_problem(control.ask("POST", "/emulator/v1/clock:advance", body), 400)
    assert control.get("/emulator/v1/clock")["offset_seconds"] == 0


def test_a_body_that_is_no_json_is_refused(control: Controlled) -> None:
    for body in (b"{", b"\xff", b"[" * 100_000, b'{"seconds": NaN}'):
        response = requests.post(f"{control.url}/emulator/v1/clock:advance", data=body, timeout=30)
        assert_problem(response, 400)


def test_it_does_not_go_back_and_says_why(control: Controlled) -> None:
    assert control.post("/emulator/v1/clock:reset")["offset_seconds"] == 0
    control.advance(seconds=1)
    assert "only grow" in assert_problem(control.ask("POST", "/emulator/v1/clock:reset"), 409)


def test_documents_are_written_at_the_moved_time(tmp_path: Path) -> None:
    with controlled(configured(tmp_path), "firestore") as control:
        client = connect(control.suite.addresses["firestore"], PROJECT)
        document = client.document("c/d")
        before: Any = document.set({"day": 1}).update_time
        control.advance(duration="P1D")
        after: Any = document.set({"day": 2}).update_time
        client.close()
    assert near(after - before, timedelta(days=1))


def test_a_transaction_that_was_idle_for_too_long_by_the_moved_clock_is_over(tmp_path: Path) -> None:
    with controlled(configured(tmp_path), "firestore") as control:
        client = connect(control.suite.addresses["firestore"], PROJECT)
        document = client.document("c/d")
        transaction = client.transaction(max_attempts=1)

        @transactional
        def slow(transaction: Transaction) -> None:
            assert not document.get(transaction=transaction).exists
            control.advance(seconds=61)
            document.set({"by": "another"})  # waits for the lock, which goes when the transaction expires
            transaction.set(document, {"by": "the transaction"})

        with pytest.raises((GoogleAPICallError, ValueError)):
            slow(transaction)
        assert document.get().to_dict() == {"by": "another"}
        client.close()


def test_a_subscriber_who_waits_gets_what_comes_back_by_the_moved_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with controlled(configured(tmp_path), "pubsub") as control:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", control.suite.addresses["pubsub"])
        with SubscriberClient() as subscriber:
            publisher = PublisherClient()
            topic, subscription = f"projects/{PROJECT}/topics/t-1", f"projects/{PROJECT}/subscriptions/s-1"
            publisher.create_topic(name=topic)
            subscriber.create_subscription(name=subscription, topic=topic, ack_deadline_seconds=600)
            publisher.publish(topic, b"x").result(20)
            assert len(subscriber.pull(subscription=subscription, max_messages=1).received_messages) == 1
            arrived: Future[bytes] = Future()

            def take(message: Message) -> None:
                arrived.set_result(message.data)
                message.ack()

            stream = subscriber.subscribe(subscription, take)
            control.advance(seconds=601)
            assert arrived.result(20) == b"x"
            stream.cancel()
            stream.result(20)
            publisher.stop()


def test_a_file_that_tells_no_offset_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    for text in ("", "{}", '{"offset_seconds": "x"}', "[]", '{"offset_seconds": 1e300}'):
        path.write_text(text)
        with pytest.raises(ClockError):
            MovableClock(path)


def test_nobody_is_moved_when_one_cannot_follow() -> None:
    clock, moves = MovableClock(), []

    def refuse(_: datetime) -> None:
        raise ClockError("too far")

    clock.follow(Follower(lambda: moves.append(1)))
    leave = clock.follow(Follower(lambda: moves.append(2), check=refuse))
    with pytest.raises(ClockError):
        clock.advance(timedelta(hours=1))
    assert (moves, clock.offset) == ([], timedelta())
    leave()
    clock.advance(timedelta(hours=1))
    assert moves == [1]


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=400)), max_size=8))
def test_the_clock_never_goes_back(moves: list[timedelta]) -> None:
    clock = MovableClock()
    last = clock.now()
    for move in moves:
        assert clock.advance(move) >= last + move
        last = clock.now()
    assert clock.offset == sum(moves, timedelta())
