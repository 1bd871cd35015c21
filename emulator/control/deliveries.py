"""Looking at the events that are on their way to functions: `/emulator/v1/deliveries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import nlargest, nsmallest
from typing import Any, Final

from aiohttp import web

from emulator.control.routes import Control
from emulator.events.ledger import DeliveryReport
from emulator.events.queue import DeliveryQueue

_SHOWN: Final = 100


class DeliveryRoutes:
    """The handlers around the queues of all services."""

    def __init__(self, queues: Sequence[DeliveryQueue]) -> None:
        """`queues` may grow later."""
        self._queues = queues

    def add_to(self, control: Control) -> None:
        """Offer them."""
        control.add("GET", "/emulator/v1/deliveries", self.show)

    async def show(self, _: web.Request) -> web.Response:
        """Events that wait or run, the oldest first, and events that were dropped, the latest first; 100 of each."""
        pending = [one for queue in self._queues for one in queue.pending(_SHOWN)]
        dropped = [one for queue in self._queues for one in queue.dead(_SHOWN)]
        total = {
            name: sum(getattr(queue.counters, name) for queue in self._queues)
            for name in ("delivered", "retried", "dropped")
        }
        return web.json_response(
            {
                "since_start": total,
                "waiting": sum(queue.pending_count() for queue in self._queues),
                "pending": [_json(one) for one in nsmallest(_SHOWN, pending, key=_age)],
                "dropped": [_json(one) for one in nlargest(_SHOWN, dropped, key=_age)],
            }
        )


def _age(report: DeliveryReport) -> datetime:
    return report.enqueued


def _json(report: DeliveryReport) -> dict[str, Any]:
    return {
        "function": report.function,
        "event": {
            "id": report.event_id,
            "type": report.event_type,
            "source": report.source,
            "subject": report.subject,
        },
        "failures": report.attempts,
        "reason": report.reason,
        "enqueued": report.enqueued.isoformat(),
        "due": report.due and report.due.isoformat(),
    }
