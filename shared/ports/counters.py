"""Counters that all instances share."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Counters(Protocol):
    """Numbers that only grow, by key, until they expire."""

    def add(self, key: str, amount: int, expires_at: datetime) -> int:
        """Add to the counter, which begins at 0; the new total, in which each caller's own share is certain.

        Raises:
            UnavailableError: the database does not answer in time. Whether it counted is unknown.
        """
        ...
