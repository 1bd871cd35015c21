"""Where deliveries can be made worse on purpose. The default policy changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emulator.events.ledger import Delivery


class DeliveryPolicy(Protocol):
    """What happens on the way between a queue and its function."""

    def posts(self, delivery: Delivery) -> Sequence[float]:
        """When this attempt is posted: a pause in seconds for each POST, so two entries are a duplicate."""
        ...

    def acknowledgement_arrives(self, delivery: Delivery) -> bool:
        """Whether the queue learns that the function answered 2xx; if not, the delivery is tried again."""
        ...


class Faithful:
    """One POST at once, and every answer arrives."""

    def posts(self, delivery: Delivery) -> Sequence[float]:
        """One, without a pause."""
        return (0.0,)

    def acknowledgement_arrives(self, delivery: Delivery) -> bool:
        """Always."""
        return True
