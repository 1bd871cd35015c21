"""Times as whole microseconds since 1970, which is what the service stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from emulator.firestore.proto.v1 import Timestamp

MICROSECOND: Final = timedelta(microseconds=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(micros: int) -> datetime:
    """The aware time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def to_timestamp(micros: int) -> Timestamp:
    """The protobuf message of microseconds since 1970."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def from_timestamp(stamp: Timestamp) -> int:
    """Microseconds since 1970 of the protobuf message."""
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000
