"""Reading and moving the clock: `/emulator/v1/clock`."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from emulator.clock import ClockError, MovableClock
from emulator.control.body import json_body
from emulator.control.routes import Control, ProblemError

_PATIENCE: Final = 60.0  # seconds that an answer waits for what became due
# ISO 8601's durations without years and months, which have no fixed length.
_DURATION: Final = re.compile(
    r"P(?!$)(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)


class ClockRoutes:
    """The handlers around the clock of the services."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock

    def add_to(self, control: Control) -> None:
        """Offer them."""
        control.add("GET", "/emulator/v1/clock", self.show)
        control.add("POST", "/emulator/v1/clock:advance", self.advance)
        control.add("POST", "/emulator/v1/clock:reset", self.reset)

    async def show(self, _: web.Request) -> web.Response:
        """The services' present, and how far it is ahead of the machine's."""
        return web.json_response(self._state())

    async def advance(self, request: web.Request) -> web.Response:
        """Move the clock forward: {"seconds": 3600}, {"duration": "PT1H"} or {"to": "2030-01-01T00:00:00Z"}.

        What becomes due by it happens: schedules fire, documents expire, deliveries are tried again. The answer comes
        when scheduled functions have run once for each time in between and expired documents are gone, at most 60
        seconds later (`settled` tells whether they have); at once with {"wait": false}.
        """
        body = await json_body(request)
        wait = body.pop("wait", True)
        if not isinstance(wait, bool):
            raise _bad("wait is true or false.")
        try:
            self._clock.advance(self._distance(body))
        except ClockError as error:
            raise _bad(str(error)) from error
        except OSError as error:
            raise ProblemError(
                HTTPStatus.INSUFFICIENT_STORAGE, f"The clock cannot be kept: {error.strerror}"
            ) from error
        return web.json_response({**self._state(), "settled": wait and await self._settled()})

    async def reset(self, _: web.Request) -> web.Response:
        """Refused once the clock is ahead: going back would put what was written into the future."""
        if self._clock.offset:
            raise ProblemError(
                HTTPStatus.CONFLICT,
                "The clock cannot go back: commit times must only grow, or listeners and reads at a time would be"
                " wrong. Begin with an empty data folder instead.",
            )
        return await self.show(_)

    def _state(self) -> dict[str, Any]:
        return {"now": _text(self._clock.now()), "offset_seconds": self._clock.offset.total_seconds()}

    async def _settled(self) -> bool:
        try:
            await asyncio.wait_for(self._clock.settle(), _PATIENCE)
        except TimeoutError:
            return False
        return True

    def _distance(self, body: dict[str, Any]) -> timedelta:
        match body:
            case {"seconds": bool()}:
                pass
            case {"seconds": int() | float() as seconds} if len(body) == 1:
                return _seconds(seconds)
            case {"duration": str(text)} if len(body) == 1:
                return _duration(text)
            case {"to": str(text)} if len(body) == 1:
                return _moment(text) - self._clock.now()
        raise _bad("Give one of seconds (a number), duration (such as PT1H) and to (a time such as 2030-01-01T00:00Z).")


def _seconds(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:  # ValueError: what JSON's NaN becomes
        raise _bad("seconds is out of range.") from error


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise _bad("duration is no ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P1DT12H.")
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    raise _bad("to is no time of RFC 3339, such as 2030-01-01T00:00:00Z.")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _bad(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, detail)
