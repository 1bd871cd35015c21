"""What is spent on language models, by day, shared by all instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class Charge:
    """The most that one request can cost, in thousand-millionths of a US dollar, on a day (UTC). Its id is unique."""

    id: str
    day: date
    nano_usd: int


@dataclass(frozen=True)
class Spent:
    """What a request cost in the end."""

    model: str
    input_tokens: int
    output_tokens: int
    nano_usd: int


@dataclass(frozen=True)
class ModelUsage:
    """What one model took on a day."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nano_usd: int = 0


@dataclass(frozen=True)
class DayUsage:
    """A day: `committed` is what was spent and what requests under way can still cost."""

    committed: int = 0
    models: Mapping[str, ModelUsage] = field(default_factory=dict)


class AiUsage(Protocol):
    """The account of a day's spending."""

    def reserve(self, charge: Charge, limit: int) -> bool:
        """Set the charge aside, unless the day's spending could then exceed the limit; whether it was.

        All callers together never hold more than the limit. The same charge again is counted once.

        Raises:
            UnavailableError: the database does not answer in time; the charge may count, the request must not be made.
        """
        ...

    def settle(self, charge: Charge, spent: Spent) -> None:
        """Put what was spent in the charge's place; settling it again changes nothing.

        Raises:
            UnavailableError: the database does not answer in time; the whole charge then stays counted.
        """
        ...

    def read(self, day: date) -> DayUsage:
        """The day's account.

        Raises:
            UnavailableError: the database does not answer in time.
        """
        ...
