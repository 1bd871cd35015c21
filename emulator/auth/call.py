"""What a method is given: the request and the tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from emulator.auth.body import Body
from emulator.auth.passwords import Passwords
from emulator.auth.settings import Settings
from emulator.auth.store import Store
from emulator.clock import Clock


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a method. `admin` says that it carries the credentials of an administrator."""

    project: str
    body: Body
    admin: bool
    origin: str
    store: Store
    passwords: Passwords
    clock: Clock

    @property
    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self.clock.now().timestamp())

    @property
    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int(self.clock.now().timestamp() * 1000)

    @property
    def settings(self) -> Settings:
        """The project's settings."""
        return Settings(self.store.settings(self.project))


Method = Callable[[Call], Awaitable[dict[str, Any]]]
