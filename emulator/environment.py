"""What every embedded service is created with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emulator.clock import Clock, SystemClock
from emulator.config import Config
from emulator.control.routes import Control
from emulator.denials import Denials
from emulator.events.queue import DeliveryQueue
from emulator.events.triggers import TriggerRegistry
from emulator.faults.calls import Faults, NoFaults
from emulator.rules.requests import Documents


@dataclass(slots=True)
class Reachable:
    """What services offer each other once they run."""

    documents: Documents | None = None  # Firestore's, for the rules of Storage


@dataclass(frozen=True, slots=True)
class Environment:
    """What the services of one project share."""

    config: Config
    registry: TriggerRegistry = field(default_factory=TriggerRegistry)
    clock: Clock = field(default_factory=SystemClock)
    control: Control = field(default_factory=Control)
    faults: Faults = field(default_factory=NoFaults)
    denials: Denials = field(default_factory=Denials)
    addresses: dict[str, str] = field(default_factory=dict)  # host:port of each running service by name
    reachable: Reachable = field(default_factory=Reachable)
    queues: list[DeliveryQueue] = field(default_factory=list)  # those of the services that have events

    def delivery_queue(self, database: Path) -> DeliveryQueue:
        """The queue of the events that a service keeps in its database, with the faults that are wanted."""
        policy = self.faults.policy("events")
        queue = DeliveryQueue(database, self.config.functions_url, self.config.project, self.clock, policy=policy)
        self.queues.append(queue)
        return queue
