"""Time and identifiers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present, aware and in UTC."""
        ...

    def wait_until(self, moment: datetime) -> None:
        """Return when the moment has come; at once when it has passed."""
        ...


class Ids(Protocol):
    """Where identifiers come from."""

    def new(self) -> str:
        """A fresh random identifier of 20 characters, as Firestore makes them."""
        ...
