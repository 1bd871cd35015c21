from __future__ import annotations

from emulator.clock import SystemClock
from emulator.firestore.storage.timeline import Timeline


def test_what_is_in_the_file_is_visible_even_before_its_writer_has_said_so():
    in_the_file = [0]
    timeline = Timeline(SystemClock(), 0, lambda: in_the_file[0])
    time = timeline.begin_commit()
    assert timeline.read_time() < time
    in_the_file[0] = time
    assert timeline.read_time() == time
    assert timeline.observed_time() < time
    timeline.end_commit()
    assert timeline.observed_time() >= time


def test_a_commit_is_later_than_every_time_that_was_read_before_it():
    timeline = Timeline(SystemClock(), 0, lambda: 0)
    for _ in range(100):
        read = timeline.read_time()
        assert timeline.begin_commit() > read
        timeline.end_commit()
