"""The lock table by itself, where the order of events is the test's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.transactions.locks import LockTable, Mode, Owner

SHARED, EXCLUSIVE, INTENT = Mode.SHARED, Mode.EXCLUSIVE, Mode.INTENT


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


class Table:
    """Locks, with what waits as tasks."""

    def __init__(self, patience: float = 20) -> None:
        self.locks = LockTable(patience)

    async def take(self, owner: Owner, *, finishing: bool = False, **modes: Mode) -> asyncio.Task[None]:
        task = asyncio.create_task(self.locks.acquire(owner, modes, finishing=finishing))
        for _ in range(3):
            await asyncio.sleep(0)
        return task


def owners(count: int) -> list[Owner]:
    return [Owner(age) for age in range(count)]


@on_a_loop
async def test_shared_locks_agree_and_keep_writers_out():
    table, (one, two, writer) = Table(), owners(3)
    assert (await table.take(one, a=SHARED)).done()
    assert (await table.take(two, a=SHARED)).done()
    waiting = await table.take(writer, a=EXCLUSIVE)
    table.locks.release(one)
    assert not waiting.done()
    table.locks.release(two)
    await waiting


@on_a_loop
async def test_a_writer_is_not_starved_by_newcomers():
    table, (reader, writer, newcomer) = Table(), owners(3)
    await table.take(reader, a=SHARED)
    writing = await table.take(writer, a=EXCLUSIVE)
    reading = await table.take(newcomer, a=SHARED)
    assert not reading.done()
    table.locks.release(reader)
    await writing
    assert not reading.done()
    table.locks.release(writer)
    await reading


@on_a_loop
async def test_all_locks_of_a_call_are_taken_at_once():
    table, (one, two, three) = Table(), owners(3)
    await table.take(one, a=EXCLUSIVE)
    waiting = await table.take(two, a=EXCLUSIVE, b=EXCLUSIVE)
    assert not waiting.done()
    table.locks.release(one)
    await waiting
    blocked = await table.take(three, b=SHARED)
    assert not blocked.done()
    table.locks.release(two)
    await blocked


@on_a_loop
async def test_intents_agree_and_keep_range_readers_out():
    table, (one, two, reader) = Table(), owners(3)
    assert (await table.take(one, c=INTENT)).done()
    assert (await table.take(two, c=INTENT)).done()
    waiting = await table.take(reader, c=SHARED)
    table.locks.release(one)
    table.locks.release(two)
    await waiting


@on_a_loop
async def test_the_younger_of_two_that_block_each_other_is_aborted():
    table, (old, young) = Table(), owners(2)
    await table.take(old, a=SHARED)
    await table.take(young, a=SHARED)
    finishing = await table.take(old, finishing=True, a=EXCLUSIVE)
    losing = await table.take(young, finishing=True, a=EXCLUSIVE)
    with pytest.raises(FirestoreError) as refused:
        await losing
    assert refused.value.code is Code.ABORTED
    await finishing


@on_a_loop
async def test_a_commit_is_aborted_rather_than_a_read():
    table, (old, young) = Table(), owners(2)
    await table.take(old, a=SHARED)
    await table.take(young, b=EXCLUSIVE)
    committing = await table.take(old, finishing=True, b=EXCLUSIVE)
    reading = await table.take(young, a=EXCLUSIVE)
    with pytest.raises(FirestoreError):
        await committing
    await reading


@on_a_loop
async def test_a_cycle_of_three_is_found():
    table, members = Table(), owners(3)
    await table.take(members[0], a=EXCLUSIVE)
    await table.take(members[1], b=EXCLUSIVE)
    await table.take(members[2], c=EXCLUSIVE)
    waiting = [
        await table.take(members[0], b=EXCLUSIVE),
        await table.take(members[1], c=EXCLUSIVE),
        await table.take(members[2], a=EXCLUSIVE),
    ]
    with pytest.raises(FirestoreError):
        await waiting[2]
    await waiting[1]
    table.locks.release(members[1])
    await waiting[0]


@on_a_loop
async def test_readers_go_in_line_where_transactions_blocked_each_other():
    table, (old, young) = Table(), owners(2)
    assert table.locks.reading_mode("a") is SHARED
    await table.take(old, a=SHARED)
    await table.take(young, a=SHARED)
    first = await table.take(old, finishing=True, a=EXCLUSIVE)
    second = await table.take(young, finishing=True, a=EXCLUSIVE)
    await asyncio.gather(first, second, return_exceptions=True)
    assert table.locks.reading_mode("a") is EXCLUSIVE


@on_a_loop
async def test_patience_ends():
    table, (one, two) = Table(patience=0.01), owners(2)
    await table.take(one, a=SHARED)
    waiting = await table.take(two, a=EXCLUSIVE)
    with pytest.raises(FirestoreError, match="Too much contention"):
        await waiting


@on_a_loop
async def test_who_stops_waiting_holds_nothing_and_nobody_up():
    table, (one, two, three) = Table(), owners(3)
    await table.take(one, a=SHARED)
    waiting = await table.take(two, a=EXCLUSIVE)
    behind = await table.take(three, a=SHARED)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await behind
    table.locks.release(three)
    assert (await table.take(one, a=EXCLUSIVE)).done()
