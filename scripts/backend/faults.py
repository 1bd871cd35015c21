"""Killing a function in mid-handler, when the embedded services ask for it.

They send `x-emulator-fault: kill; after=0.05` with an event: that many seconds after the function's process has been
given the request, the process is killed (SIGKILL) unless it has answered. It ends as in production when an instance
runs out of memory: with no time to clean up, and with everything else that it was doing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGKILL
from typing import Final

from multidict import CIMultiDict

from scripts.backend.processes import Instance

HEADER: Final = "x-emulator-fault"
_KILL: Final = re.compile(r"kill; after=(\d{1,3}(?:\.\d{1,6})?)", re.ASCII)


def take_order(headers: CIMultiDict[str]) -> float | None:
    """Take the order out of a request's headers: seconds until the kill; None when there is none."""
    values = headers.popall(HEADER, [])
    order = _KILL.fullmatch(values[0]) if len(values) == 1 else None
    return float(order[1]) if order else None


@contextmanager
def killing(instance: Instance, after: float | None) -> Iterator[None]:
    """Kill the instance if the block still runs after so many seconds; never with None."""
    if after is None:
        yield
        return
    timer = asyncio.get_running_loop().call_later(after, _kill, instance)
    try:
        yield
    finally:
        timer.cancel()


def _kill(instance: Instance) -> None:
    if not instance.ended:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself, and the word of it is still on its way
            os.kill(instance.pid, SIGKILL)
