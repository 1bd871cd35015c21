"""Waking tasks that wait for something to happen."""

from __future__ import annotations

import asyncio


class Bell:
    """Wakes everybody who waits; used by the event loop's thread only."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake them."""
        waiting, self._waiting = self._waiting, set()
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def wait(self, seconds: float | None = None) -> None:
        """Return when it rings, or after so many seconds."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(turn)
        try:
            await asyncio.wait([turn], timeout=seconds)
        finally:
            self._waiting.discard(turn)
