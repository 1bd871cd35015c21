"""Applies the rules: the same calls in the same order meet the same faults."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final, NamedTuple

from emulator.clock import Clock
from emulator.events.policy import DeliveryPolicy, Post
from emulator.faults.calls import Fault
from emulator.faults.rules import Kind, Rule, RuleError

_KEPT: Final = 100  # strikes
_MOST_RULES: Final = 100
_CODES: Final = {Kind.ABORTED: 10, Kind.UNAVAILABLE: 14, Kind.DEADLINE: 4, Kind.THROTTLED: 8, Kind.LOST_RESPONSE: 14}
# What the functions host of a local backend obeys; functions elsewhere ignore it.
KILL_HEADER: Final = "x-emulator-fault"


class Strike(NamedTuple):
    """One fault that struck: at the `number`-th call that the rule matched."""

    rule: int
    service: str
    call: str
    kind: Kind
    number: int
    time: datetime


@dataclass(slots=True)
class ActiveRule:
    """A rule in force. `id` counts from 0 since all rules were last replaced, and with the seed decides the draws."""

    id: int
    rule: Rule
    draws: Random
    matched: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Count a call that matches; whether this one fails."""
        self.matched += 1
        draw = self.draws.random()  # with each call, so that the k-th meets the k-th
        if self.rule.count is not None and self.struck >= self.rule.count:
            return False
        if self.rule.every is not None:
            return self.matched % self.rule.every == 0
        return draw < self.rule.probability


@dataclass(slots=True)
class Injector:
    """The rules in force; used by the event loop's thread only. Every rule that matches a call counts it.

    All delays of a call add up; of the errors the first rule's is the answer, and only that one counts as a strike.
    """

    clock: Clock
    seed: int = 0
    rules: list[ActiveRule] = field(default_factory=list)
    latest: deque[Strike] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _next: int = 0

    def replace(self, rules: Iterable[Rule], seed: int) -> None:
        """Take these rules instead of all, and begin to count and draw anew.

        Raises:
            RuleError: they are too many.
        """
        wanted = list(rules)
        if len(wanted) > _MOST_RULES:
            raise RuleError(f"there are at most {_MOST_RULES} rules")
        self.seed, self._next = seed, 0
        self.rules.clear()
        self.latest.clear()
        for rule in wanted:
            self.add(rule)

    def add(self, rule: Rule) -> ActiveRule:
        """Take one more rule.

        Raises:
            RuleError: there are too many.
        """
        if len(self.rules) >= _MOST_RULES:
            raise RuleError(f"there are at most {_MOST_RULES} rules")
        number, self._next = self._next, self._next + 1
        draws = Random(f"{self.seed} {number}" if rule.seed is None else f"{rule.seed}")  # noqa: S311  # dice
        active = ActiveRule(number, rule, draws)
        self.rules.append(active)
        return active

    def remove(self, number: int) -> bool:
        """End one rule; False when there is none."""
        kept = [active for active in self.rules if active.id != number]
        gone = len(kept) < len(self.rules)
        self.rules[:] = kept
        return gone

    async def before(self, service: str, call: str) -> None:
        """See `CallFaults`."""
        if self.rules:
            struck = self._struck(service, call, lambda kind: kind is not Kind.LOST_RESPONSE)
            await self._fail(service, call, struck)

    async def after(self, service: str, call: str) -> None:
        """See `CallFaults`."""
        if self.rules:
            struck = self._struck(service, call, lambda kind: kind is Kind.LOST_RESPONSE)
            await self._fail(service, call, struck)

    def policy(self, service: str) -> DeliveryPolicy:
        """See `Faults`."""
        return _Policy(self, service)

    async def _fail(self, service: str, call: str, struck: list[ActiveRule]) -> None:
        for active in struck:
            if active.rule.kind is Kind.DELAY:
                self.record(active, service, call)
                await asyncio.sleep(active.rule.delay)
        for active in struck:
            kind, delay = active.rule.kind, active.rule.delay
            if kind is Kind.DELAY:
                continue
            self.record(active, service, call)
            if kind is Kind.DEADLINE:
                await asyncio.sleep(delay)
            message = f"Fault injected by rule {active.id}: {kind}."
            raise Fault(_CODES[kind], message, delay if kind is Kind.THROTTLED else None)

    def _struck(self, service: str, call: str, wanted: Callable[[Kind], bool]) -> list[ActiveRule]:
        matching = [one for one in self.rules if wanted(one.rule.kind) and one.rule.matches(service, call)]
        return [active for active in matching if active.strikes()]

    def deliveries(self, service: str, function: str, wanted: Callable[[Kind], bool]) -> list[ActiveRule]:
        """The rules that strike this attempt; all of them apply."""
        struck = self._struck(service, function, wanted)
        for active in struck:
            self.record(active, service, function)
        return struck

    def record(self, active: ActiveRule, service: str, call: str) -> None:
        """Remember that a rule struck."""
        active.struck += 1
        self.latest.appendleft(Strike(active.id, service, call, active.rule.kind, active.matched, self.clock.now()))


@dataclass(frozen=True, slots=True)
class _Policy:
    """The rules about one service's deliveries."""

    injector: Injector
    service: str

    def posts(self, function: str) -> Sequence[Post]:
        """See `DeliveryPolicy`."""
        struck = self.injector.deliveries(self.service, function, lambda kind: kind is not Kind.LOST_ACK)
        rules = [active.rule for active in struck]
        kill = min((rule.delay for rule in rules if rule.kind is Kind.KILL), default=None)
        first = Post(
            pause=sum(rule.delay for rule in rules if rule.kind is Kind.DELAY),
            overtaken=max((rule.delay for rule in rules if rule.kind is Kind.REORDER), default=0.0),
            headers={} if kill is None else {KILL_HEADER: f"kill; after={kill:g}"},
        )
        return [first, *(Post() for rule in rules if rule.kind is Kind.DUPLICATE)]

    def acknowledgement_arrives(self, function: str) -> bool:
        """See `DeliveryPolicy`."""
        return not self.injector.deliveries(self.service, function, lambda kind: kind is Kind.LOST_ACK)
