"""What every embedded service is created with."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.clock import Clock, SystemClock
from emulator.config import Config
from emulator.control.routes import Control
from emulator.denials import Denials
from emulator.events.triggers import TriggerRegistry
from emulator.faults.calls import CallFaults, NoFaults


@dataclass(frozen=True, slots=True)
class Environment:
    """What the services of one project share."""

    config: Config
    registry: TriggerRegistry = field(default_factory=TriggerRegistry)
    clock: Clock = field(default_factory=SystemClock)
    control: Control = field(default_factory=Control)
    faults: CallFaults = field(default_factory=NoFaults)
    denials: Denials = field(default_factory=Denials)
