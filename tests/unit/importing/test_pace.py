from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from scripts.importing.pace import Pace


def test_turns_are_never_nearer_than_the_pace_however_many_ask():
    pace = Pace(per_second=200)
    turns: list[float] = []

    def take(_):
        pace.wait()
        turns.append(time.monotonic())

    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(21)))
    assert max(turns) - began >= 20 / 200
