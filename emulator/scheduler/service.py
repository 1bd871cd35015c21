"""The scheduler of a suite: posts to functions when their schedules say so.

It posts as Cloud Scheduler posts to the scheduled functions that the Firebase CLI deploys, of the second generation:
https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#HttpTarget names the headers.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

import aiohttp
from aiohttp import web

from emulator.bell import Bell
from emulator.clock import ClockError, Follower, follow
from emulator.control.routes import problem
from emulator.environment import Environment
from emulator.events.policy import Post
from emulator.scheduler.ledger import Ledger
from emulator.scheduler.manifest import Job, jobs_of
from emulator.scheduler.runner import OK, Runner
from emulator.scheduler.times import upcoming

_LOG = logging.getLogger(__name__)
_MOST_RUNS: Final = 1000  # by one move of the clock
_SHOWN: Final = 5
_AGENT: Final = "Google-Cloud-Scheduler"


class SchedulerService:
    """The jobs of the functions' manifest; their state is in `<data>/scheduler.sqlite3`. It listens on no port."""

    name = "scheduler"
    address = ""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._clock = environment.clock
        self._policy = environment.faults.policy(self.name)
        self._url = f"{environment.config.functions_url.rstrip('/')}/{environment.config.project}"
        self._bell = Bell()
        self._runners: dict[str, Runner] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to run jobs.

        Raises:
            ManifestError: a schedule cannot be understood.
            sqlite3.Error: the state cannot be opened.
        """
        jobs = jobs_of(self._environment.config.manifest, self._environment.config.project)
        self._ledger = Ledger(self._environment.config.data / "scheduler.sqlite3")
        self._http = aiohttp.ClientSession(headers={"User-Agent": _AGENT}, connector=aiohttp.TCPConnector(limit=0))
        self._runners = {
            job.function: Runner(job, self._clock, self._ledger, self._bell, self._attempt, self._turn) for job in jobs
        }
        self._environment.control.add("GET", "/emulator/v1/schedules", self._list)
        self._environment.control.add("POST", "/emulator/v1/schedules/{function}:run", self._run_now)
        self._leave_clock = follow(self._clock, Follower(self._moved, self._check, self._settle))
        self._tasks = [asyncio.create_task(runner.work(), name=runner.job.name) for runner in self._runners.values()]
        for task in self._tasks:
            task.add_done_callback(_report)

    async def stop(self) -> None:
        """Stop. A run under way is given up, and done again after the next start."""
        self._leave_clock()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        self._ledger.close()

    async def _attempt(self, job: Job, scheduled: datetime) -> str:
        """Post one run; its status."""
        if not self._environment.registry.enabled:
            return "SWITCHED_OFF"
        status = OK
        try:
            for post in self._policy.posts(job.function):
                await asyncio.sleep(post.pause)
                status = await self._post(job, scheduled, post)
        except aiohttp.ClientError as error:
            return f"UNAVAILABLE ({type(error).__name__})"
        except TimeoutError:
            return f"DEADLINE_EXCEEDED (no answer within {job.deadline:g} s)"
        if status == OK and not self._policy.acknowledgement_arrives(job.function):
            return "UNAVAILABLE (the answer was lost)"
        return status

    async def _post(self, job: Job, scheduled: datetime, post: Post) -> str:
        headers = {
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": scheduled.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **post.headers,
        }
        url = f"{self._url}/{job.region}/{job.function}"
        timeout = aiohttp.ClientTimeout(total=job.deadline)
        async with self._http.post(url, headers=headers, timeout=timeout) as response:
            await response.read()
            return OK if 200 <= response.status < 300 else f"HTTP {response.status}"

    async def _turn(self, due: datetime) -> None:
        while any(runner.next is not None and runner.next < due for runner in self._runners.values()):
            await self._bell.wait()

    def _check(self, to: datetime) -> None:
        """Raises ClockError: too many runs would be due at once."""
        now = self._clock.now()
        left = _MOST_RUNS
        for runner in self._runners.values():
            left -= sum(1 for _ in islice(upcoming(runner.job.schedule, now, to), left + 1))
            if left < 0:
                raise ClockError(
                    f"More than {_MOST_RUNS} runs of scheduled functions would be due by then. Go in smaller steps."
                )

    def _moved(self) -> None:
        for runner in self._runners.values():
            runner.moved()
        self._bell.ring()

    async def _settle(self) -> None:
        now = self._clock.now()
        while any(runner.owes(now) for runner in self._runners.values()):
            await self._bell.wait()

    async def _list(self, _: web.Request) -> web.Response:
        """The scheduled functions: their next five runs, and what became of the last."""
        return web.json_response({"schedules": [self._json(runner) for runner in self._runners.values()]})

    async def _run_now(self, request: web.Request) -> web.Response:
        """Run a scheduled function now, once; answers when it has ended."""
        runner = self._runners.get(request.match_info["function"])
        if runner is None:
            return problem(HTTPStatus.NOT_FOUND, f"No function {request.match_info['function']} has a schedule.")
        if runner.is_running:
            return problem(HTTPStatus.CONFLICT, f"{runner.job.function} is running now.")
        status = await runner.run_now()
        return web.json_response({**self._json(runner), "status": status})

    def _json(self, runner: Runner) -> dict[str, Any]:
        job, last, now = runner.job, self._ledger.last(runner.job.function), self._clock.now()
        runs: list[datetime] = []
        while len(runs) < _SHOWN and (run := job.schedule.after(runs[-1] if runs else now)) is not None:
            runs.append(run)
        return {
            "function": job.function,
            "region": job.region,
            "job": job.name,
            "schedule": job.text,
            "time_zone": job.zone,
            "next": [_text(run) for run in runs],
            "running": runner.is_running,
            "last": last
            and {
                "schedule_time": _text(last.scheduled),
                "begun": _text(last.begun),
                "ended": last.ended and _text(last.ended),
                "attempts": last.attempts,
                "status": last.status,
            },
        }


def _report(task: asyncio.Task[None]) -> None:
    """A job's runs go on without end; what ends them is a fault that somebody has to see."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOG.error("%s runs no more: %s", task.get_name(), error)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def create(environment: Environment) -> SchedulerService:
    """The service, not started."""
    return SchedulerService(environment)
