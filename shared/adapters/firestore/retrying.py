"""How often what lost to others is tried again, and how long it waits first."""

from __future__ import annotations

import random
import time

TRIES = 10
_FIRST_PAUSE = 0.02  # seconds; doubled each time, with full jitter
_LONGEST_PAUSE = 1.0


def pause(attempt: int) -> None:
    """Wait before the next try; `attempt` counts from 0."""
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)))  # noqa: S311  # jitter, not a secret
