"""A process that commits events and delivers them until it is killed: DATABASE URL COUNT."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from emulator.clock import SystemClock
from emulator.events.cloudevent import CloudEvent
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import Trigger


async def main(path: Path, url: str, count: int) -> None:
    queue = DeliveryQueue(path, url, "demo-test", SystemClock())
    await queue.start()
    trigger = Trigger("analyse", "test", {}, {}, retry=True, region="europe-west1")
    names = [f"e{number}" for number in range(count)]
    with sqlite3.connect(path) as connection:
        for name in names:
            now = datetime.now(UTC)
            event = CloudEvent(name, "//test", "test.v1", now, b"{}", "application/json")
            DeliveryQueue.enqueue(connection, trigger, event, now=now)
    print(json.dumps(names), flush=True)  # noqa: T201  # the test reads it
    queue.wake()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
