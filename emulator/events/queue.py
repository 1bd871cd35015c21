"""Durable delivery of events to functions, at least once, kept beside what caused them.

The rows live in the database of the service whose change they announce, so an event is committed with its cause or
not at all. One dispatcher for each database reads them and posts them to the functions host.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import ClassVar, Final

import aiohttp

from emulator.clock import Clock, Follower, follow
from emulator.events import ledger
from emulator.events.cloudevent import CloudEvent
from emulator.events.ledger import Delivered, Delivery, DeliveryReport, Dropped, Failed, Ledger, Outcome
from emulator.events.policy import DeliveryPolicy, Faithful, Post
from emulator.events.triggers import Trigger

_LOG = logging.getLogger(__name__)
# Production begins at 10 s, which nobody wants to wait for on their own machine; the upper end is production's order.
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 60.0
_LONGEST_PAUSE_UNTIL_UP: Final = 1.0  # a function that starts locally is up within seconds
_GIVE_UP_AFTER: Final = timedelta(hours=24)  # Eventarc's and Pub/Sub's default for retries
_POST_TIMEOUT: Final = aiohttp.ClientTimeout(total=600)  # the longest time an event-driven function may take is 540 s
_AT_ONCE: Final = 8
_NOT_UP: Final = frozenset({429, 502, 503})  # from a host that has no instance to give it to, never a verdict
_SLACK: Final = 0.005  # seconds by which the clock of a service may be ahead of ours
_BUSY_PAUSE: Final = 0.001
_FAULT_PAUSE: Final = 1.0
_FAREWELL: Final = 1.0
_LARGE: Final = 1 << 19  # bytes


@dataclass(slots=True)
class Counters:
    """What became of deliveries since the start."""

    delivered: int = 0
    retried: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Target:
    """One function: what runs on it, and until when it is left alone because nothing listens there."""

    running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    refusals: int = 0
    quiet_until: float = 0.0  # on the loop's clock
    held: list[asyncio.Future[None]] = field(default_factory=list)  # until another event has come in


class DeliveryQueue:
    """The deliveries of one database and their dispatcher."""

    SCHEMA: ClassVar[str] = ledger.SCHEMA

    def __init__(
        self,
        path: Path,
        functions_url: str,
        project: str,
        clock: Clock,
        *,
        at_once: int = _AT_ONCE,
        policy: DeliveryPolicy | None = None,
    ) -> None:
        self._path = path
        self._url = f"{functions_url.rstrip('/')}/{project}"
        self._clock = clock
        self._at_once = at_once
        self._policy = policy or Faithful()
        self._targets: defaultdict[str, _Target] = defaultdict(_Target)
        self._settled: list[tuple[Outcome, _Target]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pumping = False
        self._waiting: list[asyncio.Future[None]] = []  # for the next outcome
        self.counters = Counters()

    @staticmethod
    def enqueue(
        connection: sqlite3.Connection,
        trigger: Trigger,
        event: CloudEvent,
        *,
        now: datetime,
        ordering_key: str | None = None,
    ) -> None:
        """Add a delivery inside the caller's transaction; call `wake` once that is committed.

        Deliveries to a function with the same `ordering_key` go one after the other, each when the one before it has
        been acknowledged or dropped.
        """
        ledger.add(connection, trigger, event, now.timestamp(), ordering_key)

    async def start(self) -> None:
        """Begin to deliver, what was left from the last run first.

        Raises:
            sqlite3.Error: the database cannot be opened.
        """
        self._ledger = Ledger(self._path)
        self._http = aiohttp.ClientSession(timeout=_POST_TIMEOUT, connector=aiohttp.TCPConnector(limit=0))
        self._loop = asyncio.get_running_loop()
        self._leave_clock = follow(self._clock, Follower(self.wake))
        self.wake()

    async def stop(self) -> None:
        """Stop delivering. What runs has a second to end; what is not acknowledged then stays for the next start."""
        if self._loop is None:
            return
        self._loop = None
        self._leave_clock()
        for one in self._waiting:
            one.cancel()
        if self._timer is not None:
            self._timer.cancel()
        running = [task for target in self._targets.values() for task in target.running.values()]
        if running:
            _, late = await asyncio.wait(running, timeout=_FAREWELL)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._http.close()
        try:
            self._write_outcomes(self._clock.now().timestamp())
        except sqlite3.OperationalError as error:
            _LOG.warning("the last acknowledgements were not written, they are delivered again: %s", error)
        self._ledger.close()

    def wake(self) -> None:
        """Say that something was enqueued; may be called from any thread."""
        loop = self._loop
        if loop is not None and not self._pumping:
            loop.call_soon_threadsafe(self._pump_soon)

    def pending(self, limit: int = 100) -> Sequence[DeliveryReport]:
        """What waits or runs, the oldest first."""
        return self._ledger.pending(limit)

    def pending_count(self) -> int:
        """How many deliveries wait or run."""
        return self._ledger.count()

    def dead(self, limit: int = 100) -> Sequence[DeliveryReport]:
        """What was dropped, the latest first, at most 1000."""
        return self._ledger.dead(limit)

    async def drained(self) -> None:
        """Wait until no delivery waits or runs."""
        while self._loop is not None and self._ledger.count():
            outcome: asyncio.Future[None] = self._loop.create_future()
            self._waiting.append(outcome)
            await outcome

    def _pump_soon(self) -> None:
        """Pump once for all that this turn of the loop brings."""
        if self._loop is not None and not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Write what ended, begin what is due, and come back when the next is."""
        self._pumping = False
        if self._loop is None:
            return
        now = self._clock.now().timestamp()
        try:
            self._write_outcomes(now)
            pauses = [self._fill(self._targets[name], name, now) for name in self._ledger.functions()]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                _LOG.error("deliveries pause: %s", error)
                self._come_back_in(_FAULT_PAUSE)
            else:  # the service commits just now, in another thread
                self._come_back_in(_BUSY_PAUSE)
            return
        self._come_back_in(min((pause for pause in pauses if pause is not None), default=None))

    def _come_back_in(self, pause: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(pause, self._pump_soon) if self._loop and pause is not None else None

    def _write_outcomes(self, now: float) -> None:
        if not self._settled:
            return
        self._ledger.settle([outcome for outcome, _ in self._settled], now)
        for outcome, target in self._settled:
            self._count(outcome)
            del target.running[outcome.delivery.id]
        self._settled.clear()
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def _count(self, outcome: Outcome) -> None:
        match outcome:
            case Delivered():
                self.counters.delivered += 1
            case Failed():
                self.counters.retried += 1
            case Dropped(delivery, reason):
                self.counters.dropped += 1
                _LOG.warning("event %s for %s is dropped: %s", delivery.headers["ce-id"], delivery.function, reason)

    def _fill(self, target: _Target, function: str, now: float) -> float | None:
        """Begin what the function has room for; the seconds after which to look again, None when a wake will do."""
        free = self._at_once - len(target.running)
        if free <= 0 or self._loop is None:
            return None
        quiet = target.quiet_until - self._loop.time()
        if quiet > 0:
            return quiet
        if target.refusals:
            free = min(free, 1)  # one knocks, the others wait until somebody opens
        for delivery in self._ledger.claim(function, now + _SLACK, target.running, free):
            target.running[delivery.id] = self._loop.create_task(self._deliver(delivery, target))
        due = self._ledger.next_due(function, now + _SLACK)
        return None if due is None else due - now

    async def _deliver(self, delivery: Delivery, target: _Target) -> None:
        try:
            status = await self._post_all(delivery, target)
        except aiohttp.ClientConnectorError:
            self._refused(delivery, target)
        except aiohttp.ClientError as error:
            self._not_served(delivery, target, type(error).__name__)
        except TimeoutError:
            self._answered(delivery, target, "took longer than ten minutes")
        else:
            target.refusals = 0
            if 200 <= status < 300:
                self._settled.append((Delivered(delivery), target))
            elif status in _NOT_UP:
                self._not_served(delivery, target, f"answered {status}")
            else:
                self._answered(delivery, target, f"answered {status}")
        self._pump_soon()

    async def _post_all(self, delivery: Delivery, target: _Target) -> int:
        """The status of the function's last answer."""
        status = 0
        for post in self._policy.posts(delivery.function):
            if post.pause > 0:
                await asyncio.sleep(post.pause)
            if post.overtaken > 0:
                await _wait_for_others(target, post.overtaken)
            status = await self._post(delivery, post)
            _let_go(target)
        if 200 <= status < 300 and not self._policy.acknowledgement_arrives(delivery.function):
            raise aiohttp.ServerDisconnectedError
        return status

    async def _post(self, delivery: Delivery, post: Post) -> int:
        url = f"{self._url}/{delivery.region}/{delivery.function}"
        # aiohttp warns of plain bytes that are large: it would write them in one go.
        body = BytesIO(delivery.body) if len(delivery.body) > _LARGE else delivery.body
        async with self._http.post(url, data=body, headers={**delivery.headers, **post.headers}) as response:
            await response.read()
            return response.status

    def _refused(self, delivery: Delivery, target: _Target) -> None:
        """Nothing listens there yet: leave the function alone for a while, not one delivery after the other."""
        if self._is_too_old(delivery):
            self._settled.append((Dropped(delivery, "nothing listened for 24 hours"), target))
            return
        if self._loop is not None:
            target.quiet_until = self._loop.time() + _pause(target.refusals, _LONGEST_PAUSE_UNTIL_UP)
        target.refusals += 1
        del target.running[delivery.id]

    def _not_served(self, delivery: Delivery, target: _Target, reason: str) -> None:
        """The function did not get to a verdict: tried again whatever its trigger says about retries."""
        if self._is_too_old(delivery):
            self._settled.append((Dropped(delivery, f"{reason}, for 24 hours"), target))
        else:
            self._again(delivery, target, reason, _LONGEST_PAUSE_UNTIL_UP)

    def _answered(self, delivery: Delivery, target: _Target, reason: str) -> None:
        """The function failed: its trigger decides."""
        if not delivery.retry or self._is_too_old(delivery):
            self._settled.append((Dropped(delivery, reason), target))
        else:
            self._again(delivery, target, reason, _LONGEST_PAUSE)

    def _again(self, delivery: Delivery, target: _Target, reason: str, longest: float) -> None:
        due_at = self._clock.now().timestamp() + _pause(delivery.attempts, longest)
        self._settled.append((Failed(delivery, reason, due_at), target))

    def _is_too_old(self, delivery: Delivery) -> bool:
        return self._clock.now().timestamp() - delivery.enqueued_at > _GIVE_UP_AFTER.total_seconds()


async def _wait_for_others(target: _Target, longest: float) -> None:
    """Return when another event has come in at the function, or after so many seconds."""
    turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    target.held.append(turn)
    await asyncio.wait([turn], timeout=longest)
    if turn in target.held:
        target.held.remove(turn)


def _let_go(target: _Target) -> None:
    held, target.held = target.held, []
    for turn in held:
        turn.set_result(None)


def _pause(failures: int, longest: float) -> float:
    """Exponential back-off with jitter, in seconds."""
    whole: float = min(longest, _FIRST_PAUSE * 2.0 ** min(failures, 30))
    return random.uniform(whole / 2, whole)  # noqa: S311  # jitter, not a secret
