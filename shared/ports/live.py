"""The stream of what changes at incidents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.live import Change


class Watching(Protocol):
    """A stream that is being followed."""

    @property
    def is_alive(self) -> bool:
        """Whether changes still come; if not, follow anew."""
        ...

    def stop(self) -> None:
        """Follow no more."""
        ...


class Changes(Protocol):
    """Changes of all incidents and timelines, whoever may see them: for those who check it before they show any."""

    def now(self) -> datetime:
        """The database's time: what is committed from now on lies behind it.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...

    def follow(self, since: datetime, told: Callable[[Sequence[Change]], None]) -> Watching:
        """Call `told`, on a thread of its own, with what was committed after `since` and whatever is from now on.

        A change may be told twice. Each call's changes are in the order of their places.
        """
        ...

    def between(self, scopes: Sequence[str], since: datetime, most: int) -> list[Change] | None:
        """What was committed after `since` and concerns who has these scopes, in order; None where it is over `most`.

        Of an incident only its last change is there. Some that these scopes may not see can be among them.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...
