from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.scanning.ranged import Cached, Part, RangeFile, Spooled
from shared.ports.scanning import Content, chunks

DATA = bytes(range(256)) * 3


class Counted(Content):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        self.reads.append((offset, length))
        return super().read(offset, length)


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900))), st.integers(1, 300), st.integers(1, 3))
def test_every_way_of_reading_ranges_gives_the_same_bytes(wanted, block, blocks):
    with io.BytesIO(DATA) as file:
        for readable in (
            Cached(Content(DATA), block, blocks),
            Spooled(file, len(DATA)),
            Part(Content(b"x" + DATA), 1, len(DATA)),
        ):
            for offset, length in wanted:
                assert readable.read(offset, length) == DATA[offset : offset + length]


def test_neighbouring_ranges_are_fetched_once():
    file = Counted(DATA)
    cached = Cached(file, block=256, blocks=2)
    for offset in range(0, len(DATA), 10):
        cached.read(offset, 10)
    assert file.reads == [(0, 256), (256, 256), (512, 256)]


def test_a_part_ends_where_it_ends():
    part = Part(Content(DATA), 10, 5)
    assert (part.size, part.read(0, 100), part.read(5, 1), part.read(9, 1)) == (5, DATA[10:15], b"", b"")


@given(
    st.lists(
        st.tuples(st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END]), st.integers(-50, 50), st.integers(0, 99))
    )
)
def test_as_a_file_it_behaves_like_one(steps):
    ours, theirs = io.BufferedReader(RangeFile(Content(DATA)), 16), io.BytesIO(DATA)
    for whence, by, length in steps:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: theirs.tell(), io.SEEK_END: len(DATA)}[whence]
        if start + by >= 0:
            assert ours.seek(start + by) == theirs.seek(start + by)
        assert ours.read(length) == theirs.read(length)


@given(st.integers(1, 1000))
def test_chunks_are_the_file(size):
    assert b"".join(chunks(Content(DATA), size)) == DATA
