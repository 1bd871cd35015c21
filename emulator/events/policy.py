"""Where deliveries can be made worse on purpose. The default policy changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Post:
    """One POST of an attempt."""

    pause: float = 0.0  # seconds that go by before it
    overtaken: float = 0.0  # seconds that it waits, at most, for another event to the function to come in before it
    headers: Mapping[str, str] = field(default_factory=dict)  # beside those of the event


ONE_POST = (Post(),)


class DeliveryPolicy(Protocol):
    """What happens on the way between a queue and a function. Both are asked once for each attempt."""

    def posts(self, function: str) -> Sequence[Post]:
        """The POSTs of this attempt, one after the other, so two entries are a duplicate."""
        ...

    def acknowledgement_arrives(self, function: str) -> bool:
        """Whether the queue learns that the function answered 2xx; if not, the delivery is tried again."""
        ...


class Faithful:
    """One POST at once, and every answer arrives."""

    def posts(self, function: str) -> Sequence[Post]:
        """One, without a pause."""
        del function
        return ONE_POST

    def acknowledgement_arrives(self, function: str) -> bool:
        """Always."""
        del function
        return True
