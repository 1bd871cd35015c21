"""From a change to the frame that tells of it, with many WebSockets open.

    python -m scripts.bench.live [--sockets 100] [--changes 60]

Starts a backend of its own, opens the sockets as members of the security team, and changes one incident after the other
through the API. A time is that from sending the change until a socket has its frame, for every socket: so it holds the
API call, too. The change's own time is printed beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from scripts.bench.incidents import signed_in
from scripts.bench.main_job import backend

BAR = 100.0  # ms, median
_PATIENCE = 60.0  # seconds


class Times:
    """When each version of the incident was heard, by every socket."""

    def __init__(self) -> None:
        self.heard: dict[int, list[float]] = defaultdict(list)
        self._more = asyncio.Condition()

    async def all_heard(self, version: int, sockets: int) -> list[float]:
        """The times, once every socket has the version."""
        async with asyncio.timeout(_PATIENCE), self._more:
            await self._more.wait_for(lambda: len(self.heard[version]) >= sockets)
        return self.heard[version]

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Until the socket is closed."""
        async for message in socket:
            frame = json.loads(message.data)
            if frame["type"] == "incident":
                self.heard[frame["incident"]["version"]].append(time.perf_counter())
                async with self._more:
                    self._more.notify_all()


async def measure(environment: dict[str, str], sockets: int, changes: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each frame, and of each change by itself."""
    url, token = environment["SECURA_URL"], signed_in(environment)
    headers, connector = {"Authorization": f"Bearer {token}"}, aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        async with session.get(f"{url}/api/auth/profile") as answer:
            uid = (await answer.json())["uid"]
        opened = [await _opened(session, f"{url}/api/incidents/ws/{uid}", token) for _ in range(sockets)]
        body = {"title": "Live updates", "description": "An incident that is changed again and again.", "notify": False}
        async with session.post(f"{url}/api/incidents", json=body | {"severity": "low"}) as answer:
            made = await answer.json()
        await asyncio.sleep(3)  # what follows from the report
        times = Times()
        listening = [asyncio.create_task(times.listen(socket)) for socket in opened]
        frames, calls = [], []
        for number in range(changes):
            sent, done, version = await _changed(session, f"{url}/api/incidents/{made['id']}", number)
            frames += [(at - sent) * 1000 for at in await times.all_heard(version, sockets)]
            calls.append((done - sent) * 1000)
        for socket in opened:
            await socket.close()
        await asyncio.gather(*listening)
        if any(len(heard) != sockets for heard in times.heard.values()):
            raise SystemExit("a frame came twice or not at all")
    return frames, calls


async def _opened(session: aiohttp.ClientSession, url: str, token: str) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(url)
    await socket.send_json({"type": "authenticate", "token": token})
    frame: dict[str, Any] = await socket.receive_json(timeout=_PATIENCE)
    if frame["type"] != "ready":
        raise SystemExit(f"not let in: {frame}")
    return socket


async def _changed(session: aiohttp.ClientSession, url: str, number: int) -> tuple[float, float, int]:
    async with session.get(url) as answer:
        version = answer.headers["ETag"]
    body = {"priority": "high" if number % 2 else "urgent"}
    sent = time.perf_counter()
    async with session.put(url, json=body, headers={"If-Match": version}) as answer:
        answer.raise_for_status()
        made = (await answer.json())["version"]
    return sent, time.perf_counter(), made


def main() -> int:
    """Exit status 1 when the median is over the bar."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.live", description="Measure live updates.")
    parser.add_argument("--sockets", type=int, default=100)
    parser.add_argument("--changes", type=int, default=60)
    options = parser.parse_args()
    os.environ["SECURA_RATE_LIMITS"] = "off"
    with tempfile.TemporaryDirectory() as folder, backend(Path(folder) / "data") as environment:
        frames, calls = asyncio.run(measure(environment, options.sockets, options.changes))
    frames.sort()
    median, p95 = statistics.median(frames), frames[int(len(frames) * 0.95)]
    print(f"{options.sockets} WebSockets, {options.changes} changes, {len(frames)} frames, none lost or doubled")
    print(f"change sent to frame received  median {median:6.1f} ms   p95 {p95:6.1f} ms   max {frames[-1]:6.1f} ms")
    print(f"the change's own answer        median {statistics.median(calls):6.1f} ms")
    return 1 if median > BAR else 0


if __name__ == "__main__":
    sys.exit(main())
