"""What the security rules have refused lately, and why: for `GET /emulator/v1/denials`."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from typing import Final, NamedTuple

_KEPT: Final = 100


class Denial(NamedTuple):
    """One refused request. `explanation` is for people: rules, sub-expressions and their values."""

    time: datetime
    service: str
    what: str
    explanation: str


class Denials:
    """The last refusals, the latest first. May be used from any thread."""

    def __init__(self) -> None:
        self._kept: deque[Denial] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, service: str, what: str, explanation: str) -> None:
        """Remember a refusal: `what` was asked, in one line such as `get users/ada`."""
        with self._lock:
            self._kept.appendleft(Denial(datetime.now(UTC), service, what, explanation))

    def latest(self) -> list[Denial]:
        """The refusals, the latest first."""
        with self._lock:
            return list(self._kept)
