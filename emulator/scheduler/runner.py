"""Runs one job: each time once, in order, never two at once, with Cloud Scheduler's retries.

What happens in cases that are not plain:
- The clock is moved: every run in between is done, in order of time over all jobs, with its own schedule time. A run
  that failed is tried again only if no later one is due, as documented: "until the next scheduled execution time".
- A run takes longer than until the next one: that one is left out.
- The process was not running: runs in that time are left out; production would have done them then. A run that had
  begun and not ended is done again, with the same schedule time: at least once.

Source of the retries: RetryConfig in google/cloud/scheduler/v1/job.proto.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from emulator.bell import Bell
from emulator.clock import Clock
from emulator.scheduler.ledger import Ledger
from emulator.scheduler.manifest import Job

OK: Final = "OK"
_LONGEST_NAP: Final = 3600.0  # seconds; the machine's clock may be set meanwhile
_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


class Runner:
    """One job's runs. `attempt` posts one, and returns its status: `OK` or what went wrong."""

    def __init__(
        self,
        job: Job,
        clock: Clock,
        ledger: Ledger,
        bell: Bell,
        attempt: Callable[[Job, datetime], Awaitable[str]],
        turn: Callable[[datetime], Awaitable[None]],
    ) -> None:
        """`bell` rings for all jobs; `turn` returns when no job has anything earlier to do."""
        self.job = job
        self._clock = clock
        self._ledger = ledger
        self._bell = bell
        self._attempt = attempt
        self._turn = turn
        self._moved_to = clock.now()
        self._running = asyncio.Lock()
        self.next = job.schedule.after(self._moved_to)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way, or between two attempts."""
        return self._running.locked()

    def moved(self) -> None:
        """The clock was moved."""
        self._moved_to = self._clock.now()

    def owes(self, until: datetime) -> bool:
        """Whether a run that is due by then has not been tried yet."""
        return self.next is not None and self.next <= until

    async def work(self) -> None:
        """Run what is due, without end."""
        last = self._ledger.last(self.job.function)
        if last is not None and last.ended is None:
            async with self._running:
                await self._tries(last.scheduled)
        while True:
            due = self.next or _NEVER
            await self._until(due)
            if due <= self._moved_to:
                await self._turn(due)
            async with self._running:
                await self._run(due)

    async def run_now(self) -> str:
        """One attempt at once, beside the schedule; its status. Only when none is under way."""
        async with self._running:
            now = self._clock.now()
            self._ledger.begin(self.job.function, now, now)
            status = await self._attempt(self.job, now)
            self._ledger.attempted(self.job.function, status, self._clock.now())
            return status

    async def _run(self, due: datetime) -> None:
        self._ledger.begin(self.job.function, due, self._clock.now())
        await self._tries(due)
        following = self.job.schedule.after(due)
        if following is not None and following > self._moved_to:
            following = self.job.schedule.after(max(due, self._clock.now()))
        self._go_to(following)

    def _go_to(self, run: datetime | None) -> None:
        self.next = run
        self._bell.ring()

    async def _tries(self, due: datetime) -> None:
        """Attempts until one succeeds or the job's retries are at their end."""
        retry, first = self.job.retry, self._clock.now()
        following = self.job.schedule.after(due) or _NEVER
        failures = 0
        while (status := await self._attempt(self.job, due)) != OK:
            if not failures and self.next == due:
                self._go_to(following)  # whoever waits for this run has seen it tried
            failures += 1
            now = self._clock.now()
            again = now + timedelta(seconds=retry.pause(failures))
            if not retry.goes_on(failures, (now - first).total_seconds()) or again >= following:
                break
            self._ledger.attempted(self.job.function, status, None)
            await self._until(again)
        self._ledger.attempted(self.job.function, status, self._clock.now())

    async def _until(self, moment: datetime) -> None:
        while (seconds := (moment - self._clock.now()).total_seconds()) > 0:
            await self._bell.wait(min(seconds, _LONGEST_NAP))
