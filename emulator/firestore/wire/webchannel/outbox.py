"""What a session has to tell its client: kept until the client says that it has it."""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import dropwhile
from typing import NamedTuple


class Signal:
    """Wakes all who wait that something has changed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake them."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next change."""
        await self._event.wait()


class Array(NamedTuple):
    """One message to the client: its number, and a JSON array in ASCII."""

    number: int
    text: str


class Outbox:
    """Numbered arrays, in order. Array 0 is the answer to the handshake, which is not kept here."""

    def __init__(self) -> None:
        self._kept: deque[Array] = deque()
        self._next = 1
        self.size = 0  # characters kept

    def add(self, text: str) -> None:
        """One more."""
        self._kept.append(Array(self._next, text))
        self._next += 1
        self.size += len(text)

    @property
    def last(self) -> int:
        """The number of the last array there was."""
        return self._next - 1

    def acknowledge(self, number: int) -> None:
        """The client has the arrays up to this number."""
        while self._kept and self._kept[0].number <= number:
            self.size -= len(self._kept.popleft().text)

    def after(self, number: int) -> list[Array]:
        """The arrays that follow this one."""
        return list(dropwhile(lambda array: array.number <= number, self._kept))
