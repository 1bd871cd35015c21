"""Rate limits in fixed windows whose counts all instances share, at far less than a write per request.

An instance claims several requests at once (a lease) by adding to a shared counter, which answers the new total without
being read; what lies within the quota it then serves from memory. Leases grow 1, 2, 4 … up to a tenth of the quota (in
the window behind a busy one from a quarter of what was granted then), so a quota q costs at most about log2(q/10) + 10
writes per instance and window.

Exactness: every claim's share of the total is its own, so never more than q requests are granted in one window. Fewer
can be, when instances hold leases that nobody uses: up to a tenth of q for each other instance. Around the turn of a
window up to 2 q can be granted within one window's length, as with all fixed windows.

When the database does not answer, the instance counts for itself until the window ends: at most q per instance.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from shared.domain.errors import UnavailableError
from shared.domain.limits import Quota
from shared.ports.clock import Clock
from shared.ports.counters import Counters

_MOST_KEYS = 20_000  # some 500 bytes each
_REST = 5.0  # seconds for which a database that did not answer is not asked
_LARGEST_SHARE = 10
_BEGINNING = 4  # a window's first lease is a quarter of what was granted in the one before


@dataclass(frozen=True, slots=True)
class Allowance:
    """What became of one request: whether it is served, how many more are, and in how many seconds all are again."""

    name: str
    quota: Quota
    allowed: bool
    remaining: int
    reset: int


@dataclass(slots=True)
class _Window:
    """One key's window as this instance knows it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = -1
    left: int = 0  # granted and not used yet
    granted: int = 0  # by this instance
    known: int = 0  # the shared total, when it was last heard of
    lease: int = 1
    exhausted: bool = False

    def turn(self, number: int) -> None:
        if number == self.number:
            return
        # Who was busy a window ago begins with more, so that not all instances crowd at the counter when it begins.
        self.lease = max(1, self.granted // _BEGINNING) if number == self.number + 1 else 1
        self.number = number
        self.left = self.granted = self.known = 0
        self.exhausted = False


class RateLimiter:
    """Counts requests by key. Thread-safe; the keys that were not used for longest are forgotten."""

    def __init__(self, counters: Counters, clock: Clock, capacity: int = _MOST_KEYS) -> None:
        self._capacity = capacity
        self._counters = counters
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: OrderedDict[bytes, _Window] = OrderedDict()
        self._ask_again_at = 0.0

    def take(self, name: str, key: str, quota: Quota) -> Allowance:
        """Count one request of `key` against the quota of this name."""
        digest = hashlib.sha256(f"{name}\0{key}".encode()).digest()
        now = self._clock.now().timestamp()
        # Each key's windows begin at an offset of their own, so that not all counters begin at one moment.
        offset = int.from_bytes(digest[-4:]) % quota.window
        number = math.floor((now - offset) / quota.window)
        ends = (number + 1) * quota.window + offset
        window = self._window(digest)
        with window.lock:
            window.turn(number)
            if window.left == 0 and not window.exhausted:
                self._claim(window, f"{name}-{digest.hex()[:32]}-{number}", quota.limit, ends)
            allowed = window.left > 0
            window.left -= allowed
            remaining = max(0, quota.limit - window.known) + window.left
        return Allowance(name, quota, allowed, remaining, max(1, math.ceil(ends - now)))

    def _window(self, digest: bytes) -> _Window:
        with self._lock:
            window = self._windows.get(digest)
            if window is None:
                window = self._windows[digest] = _Window()
                if len(self._windows) > self._capacity:
                    self._windows.popitem(last=False)
            else:
                self._windows.move_to_end(digest)
            return window

    def _claim(self, window: _Window, counter: str, limit: int, ends: float) -> None:
        lease = min(window.lease, max(1, limit // _LARGEST_SHARE))
        total = self._shared_total(counter, lease, ends)
        if total is None:
            total = window.granted + lease
        granted = max(0, min(lease, limit - (total - lease)))
        window.known = min(total, limit)
        window.granted += granted
        window.left = granted
        window.lease = lease * 2
        window.exhausted = granted < lease

    def _shared_total(self, counter: str, lease: int, ends: float) -> int | None:
        now = self._clock.now().timestamp()
        if now < self._ask_again_at:
            return None
        try:
            return self._counters.add(counter, lease, datetime.fromtimestamp(ends, UTC))
        except UnavailableError:
            self._ask_again_at = now + _REST
            structlog.get_logger().warning("rate limits are counted by this instance alone for now")
            return None
