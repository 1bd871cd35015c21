"""Pessimistic locks, as the database behind Google's server client libraries has them.

A transaction's reads take shared locks, so that readers never wait for readers; its commit, and every other write,
takes exclusive ones. A query locks what it ranges over: those who write into it declare so with an intent, and intents
agree with each other. All locks of a call are taken at once. Who holds nothing yet waits in order of arrival, so that
writers do not starve. A cycle of waiting transactions is broken at once by aborting one of them.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeAlias

from emulator.firestore.errors import aborted

CONTENTION: Final = "Too much contention on these documents. Please try again."
DEADLOCK: Final = (
    "Aborted due to cross-transaction contention. This occurs when multiple transactions attempt to access the same "
    "data, requiring Firestore to abort at least one in order to enforce serializability."
)
_CONTENDED: Final = 5.0  # seconds


class Mode(Enum):
    """What a lock allows others; ordered by strength but for the intent, which agrees only with itself."""

    INTENT = 0
    SHARED = 1
    EXCLUSIVE = 2


_AGREE: Final = {(Mode.INTENT, Mode.INTENT), (Mode.SHARED, Mode.SHARED)}
Resource: TypeAlias = Hashable
Wanted: TypeAlias = Mapping[Any, Mode]  # by resource; a mapping's keys have one type exactly, so it is not named


@dataclass(eq=False, slots=True)
class Owner:
    """Who holds locks. The lower `age`, the older: of those in a cycle the youngest is aborted."""

    age: int
    held: dict[Resource, set[Mode]] = field(default_factory=lambda: defaultdict(set))


@dataclass(eq=False, slots=True)
class _Waiter:
    owner: Owner
    wanted: Wanted
    finishing: bool
    granted: asyncio.Future[None]


class LockTable:
    """All locks of all databases; used by the event loop's thread only."""

    def __init__(self, patience: float) -> None:
        """`patience`: seconds a call waits for a lock before it is aborted."""
        self._patience = patience
        self._holders: dict[Resource, dict[Owner, set[Mode]]] = {}
        self._queue: list[_Waiter] = []
        self._contended: dict[Resource, float] = {}

    def reading_mode(self, resource: Resource) -> Mode:
        """The mode in which a transaction is to read.

        Shared, but exclusive for a while after transactions that had read the same came to block each other there.
        They would do so again and again; in line, each goes through at its first or second attempt.
        """
        until = self._contended.get(resource)
        if until is None:
            return Mode.SHARED
        if until > asyncio.get_running_loop().time():
            return Mode.EXCLUSIVE
        del self._contended[resource]
        return Mode.SHARED

    async def acquire(self, owner: Owner, wanted: Wanted, *, finishing: bool) -> None:
        """Take all the locks, waiting as long as it takes within the table's patience.

        Args:
            owner: who will hold them.
            wanted: the mode for each resource.
            finishing: it is the owner's commit. In a cycle it is aborted rather than one that still reads, because
                Google's client libraries retry an aborted commit, and not all of them an aborted read.

        Raises:
            FirestoreError: ABORTED, for a cycle or because the patience is at its end.
        """
        waiter = _Waiter(owner, wanted, finishing, asyncio.get_running_loop().create_future())
        if self._grantable(waiter, self._queue):
            self._grant(waiter)
            return
        self._queue.append(waiter)
        self._break_cycles(waiter)
        try:
            async with asyncio.timeout(self._patience):
                await waiter.granted
        except TimeoutError:
            raise aborted(CONTENTION) from None
        finally:
            if waiter in self._queue:
                self._queue.remove(waiter)
                self._advance()

    def release(self, owner: Owner) -> None:
        """Give up all of an owner's locks."""
        for resource in owner.held:
            holders = self._holders[resource]
            del holders[owner]
            if not holders:
                del self._holders[resource]
        owner.held.clear()
        self._advance()

    def cancel(self, owner: Owner, reason: str) -> None:
        """Abort whatever the owner waits for, and give up its locks."""
        for waiter in [waiter for waiter in self._queue if waiter.owner is owner]:
            self._abort(waiter, reason)
        self.release(owner)

    def _advance(self) -> None:
        """Grant what has become possible, in order of arrival."""
        passed: list[_Waiter] = []
        for waiter in self._queue:
            if self._grantable(waiter, passed):
                self._grant(waiter)
            else:
                passed.append(waiter)
        self._queue = passed

    def _grant(self, waiter: _Waiter) -> None:
        owner = waiter.owner
        for resource, mode in waiter.wanted.items():
            owner.held[resource].add(mode)
            self._holders.setdefault(resource, {})[owner] = owner.held[resource]
        if not waiter.granted.done():
            waiter.granted.set_result(None)

    def _grantable(self, waiter: _Waiter, earlier: Iterable[_Waiter]) -> bool:
        return next(self._obstacles(waiter, earlier), None) is None

    def _obstacles(self, waiter: _Waiter, earlier: Iterable[_Waiter]) -> Iterator[Owner]:
        """Whom a waiter waits for: holders, and, unless it holds something itself, those who came before it."""
        for resource, mode in waiter.wanted.items():
            yield from self._conflicts(waiter.owner, resource, mode)
        if not waiter.owner.held:
            yield from (other.owner for other in earlier if _disagree(waiter.wanted, other.wanted))

    def _break_cycles(self, waiter: _Waiter) -> None:
        """Abort transactions until the new waiter is in no cycle."""
        while waiter in self._queue and (cycle := self._cycle(waiter)):
            # Only holders can be in a cycle, so no plain write is ever aborted here.
            self._note_contention(cycle)
            victim = max(cycle, key=lambda member: (member.finishing, member.owner.age))
            self._abort(victim, DEADLOCK)
            self.release(victim.owner)

    def _note_contention(self, cycle: Iterable[_Waiter]) -> None:
        until = asyncio.get_running_loop().time() + _CONTENDED
        for waiter in cycle:
            for resource, mode in waiter.wanted.items():
                if self._conflicts(waiter.owner, resource, mode):
                    self._contended[resource] = until

    def _conflicts(self, owner: Owner, resource: Resource, mode: Mode) -> list[Owner]:
        return [
            holder
            for holder, modes in self._holders.get(resource, {}).items()
            if holder is not owner and any((mode, held) not in _AGREE for held in modes)
        ]

    def _cycle(self, start: _Waiter) -> list[_Waiter]:
        """The waiters on a way from `start` back to it; empty when there is none."""
        by_owner = {waiter.owner: waiter for waiter in self._queue}
        seen: set[Owner] = set()

        def search(waiter: _Waiter) -> list[_Waiter]:
            earlier = self._queue[: self._queue.index(waiter)]
            for owner in self._obstacles(waiter, earlier):
                if owner is start.owner:
                    return [waiter]
                if owner not in seen and owner in by_owner:
                    seen.add(owner)
                    if way := search(by_owner[owner]):
                        return [waiter, *way]
            return []

        return search(start)

    def _abort(self, waiter: _Waiter, reason: str) -> None:
        self._queue.remove(waiter)
        if not waiter.granted.done():
            waiter.granted.set_exception(aborted(reason))


def _disagree(one: Wanted, other: Wanted) -> bool:
    return any(resource in other and (mode, other[resource]) not in _AGREE for resource, mode in one.items())
