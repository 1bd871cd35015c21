"""What Google would bill: https://cloud.google.com/firestore/pricing and firebase.google.com/docs/firestore/pricing."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Final

from google.protobuf.message import Message

_ENTRIES_PER_READ: Final = 1000  # an aggregation bills one read for each batch of up to so many index entries


@dataclass(slots=True)
class Usage:
    """Billed operations since the last reset, and what they are made of."""

    document_reads: int = 0  # all reads that are billed, those of aggregations included
    document_writes: int = 0
    document_deletes: int = 0
    index_entry_reads: int = 0  # entries that aggregations went over, which `document_reads` has a thousandth of
    ttl_deletes: int = 0  # part of document_deletes
    rules_reads: int = 0  # part of document_reads: what get() and exists() of the rules read
    listener_reads: int = 0  # part of document_reads: what listeners were sent
    network_egress_bytes: int = 0  # responses before compression


class Meter:
    """Counts. May be used from any thread."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._lock = threading.Lock()

    def read(self, documents: int, *, minimum: int = 0, rules: bool = False, listener: bool = False) -> None:
        """Documents were read. A query that finds nothing is billed a `minimum` of one read."""
        billed = max(documents, minimum)
        with self._lock:
            self._usage.document_reads += billed
            self._usage.rules_reads += billed * rules
            self._usage.listener_reads += billed * listener

    def aggregated(self, entries: int) -> None:
        """An aggregation went over so many index entries: one read for each thousand begun, and at least one."""
        with self._lock:
            self._usage.index_entry_reads += entries
            self._usage.document_reads += max(1, -(-entries // _ENTRIES_PER_READ))

    def wrote(self, writes: int, deletes: int, *, ttl: bool = False) -> None:
        """Documents were written and deleted; a write that changes nothing is billed all the same."""
        with self._lock:
            self._usage.document_writes += writes
            self._usage.document_deletes += deletes
            self._usage.ttl_deletes += deletes * ttl

    def sent(self, response: Message) -> None:
        """A response leaves."""
        size = response.ByteSize()
        with self._lock:
            self._usage.network_egress_bytes += size

    def usage(self) -> dict[str, int]:
        """The counts by name."""
        with self._lock:
            return asdict(self._usage)

    def reset(self) -> dict[str, int]:
        """Begin anew; the counts until now."""
        with self._lock:
            before, self._usage = self._usage, Usage()
        return asdict(before)
