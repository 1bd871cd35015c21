"""The filter of unchanged names, read as the web SDK reads it (src/remote/bloom_filter.ts)."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.listen.bloom import bloom_filter


def might_contain(filter_, name: str) -> bool:
    size = len(filter_.bits.bitmap) * 8 - filter_.bits.padding
    if size == 0:
        return False
    digest = hashlib.md5(name.encode()).digest()  # noqa: S324  # the protocol's
    first, second = (int.from_bytes(digest[at : at + 8], "little") for at in (0, 8))
    places = [((first + number * second) & (2**64 - 1)) % size for number in range(filter_.hash_count)]
    return all(filter_.bits.bitmap[place // 8] >> place % 8 & 1 for place in places)


@given(st.sets(st.text(min_size=1), max_size=200))
def test_every_name_that_was_put_in_is_in(names):
    made = bloom_filter(names)
    assert 0 <= made.bits.padding < 8
    assert all(might_contain(made, name) for name in names)


def test_few_others_seem_to_be_in():
    made = bloom_filter([f"projects/p/databases/d/documents/c/{number}" for number in range(2000)])
    others = sum(might_contain(made, f"projects/p/databases/d/documents/c/x{number}") for number in range(10_000))
    assert others < 20  # one is expected
    assert len(made.bits.bitmap) < 2000 * 20 / 8


def test_of_nothing_nothing_is_in():
    assert not might_contain(bloom_filter([]), "a")
