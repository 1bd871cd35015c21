"""The names of a target's unchanged documents in few bytes: google.firestore.v1.BloomFilter.

A client whose count differs from the server's asks the filter which of its documents are certainly gone, instead of
reading all of them again. The proto's comment gives the hashing: two 64-bit numbers from the MD5 of a document's full
name, low one first, combined as h1 + i * h2 for the i-th hash, modulo the number of bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from math import ceil, log
from typing import Final

from emulator.firestore.proto.v1 import BitSequence, BloomFilter

_FALSE_POSITIVES: Final = 0.0001  # of the names that are not in it, this share seems to be; a client then reads anew
_WRAP: Final = 1 << 64


def bloom_filter(names: Collection[str]) -> BloomFilter:
    """The filter of these full document names; of none, an empty one."""
    if not names:
        return BloomFilter(bits=BitSequence(bitmap=b"", padding=0), hash_count=0)
    # The sizes that give the wanted share with the fewest bits (Bloom, 1970).
    bits = ceil(-len(names) * log(_FALSE_POSITIVES) / log(2) ** 2)
    hashes = max(1, round(bits / len(names) * log(2)))
    bitmap = bytearray(-(-bits // 8))
    for name in names:
        digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
        first, second = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")
        for number in range(hashes):
            index = (first + number * second) % _WRAP % bits
            bitmap[index // 8] |= 1 << (index % 8)
    return BloomFilter(bits=BitSequence(bitmap=bytes(bitmap), padding=len(bitmap) * 8 - bits), hash_count=hashes)
