"""The machine's clock and random identifiers."""

from __future__ import annotations

import secrets
import string
import time
from datetime import UTC, datetime

_ALPHABET = string.ascii_letters + string.digits


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The present, in UTC."""
        return datetime.now(UTC)

    def wait_until(self, moment: datetime) -> None:
        """Sleep until then."""
        time.sleep(max(0.0, (moment - self.now()).total_seconds()))


class RandomIds:
    """Identifiers as Firestore's own clients make them: 20 letters and digits, 119 bits."""

    def new(self) -> str:
        """A fresh one."""
        return "".join(secrets.choice(_ALPHABET) for _ in range(20))
