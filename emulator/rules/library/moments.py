"""Methods of timestamps, durations and latlngs, and their namespaces.

Source: `rules.Timestamp`, `rules.Duration`, `rules.LatLng`, `rules.timestamp`, `rules.duration`, `rules.latlng`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

from emulator.rules.errors import EvaluationError
from emulator.rules.library.arguments import Table, duration, integer, latlng, number, text
from emulator.rules.values import NANOS, Duration, LatLng, Timestamp, int64

_DAY: Final = 86_400 * NANOS
_EARTH_RADIUS: Final = 6_371_010.0  # metres, the mean
_UNITS: Final = {
    "w": 7 * _DAY, "d": _DAY, "h": 3_600 * NANOS, "m": 60 * NANOS, "s": NANOS, "ms": 1_000_000, "ns": 1,
}  # fmt: skip

TIMESTAMP_METHODS: Final[Table] = {
    "date": (0, lambda value: Timestamp(value.nanos // _DAY * _DAY)),
    "day": (0, lambda value: value.datetime().day),
    "dayOfWeek": (0, lambda value: value.datetime().isoweekday()),
    "dayOfYear": (0, lambda value: value.datetime().timetuple().tm_yday),
    "hours": (0, lambda value: value.datetime().hour),
    "minutes": (0, lambda value: value.datetime().minute),
    "month": (0, lambda value: value.datetime().month),
    "nanos": (0, lambda value: value.nanos % NANOS),
    "seconds": (0, lambda value: value.datetime().second),
    "time": (0, lambda value: Duration(value.nanos % _DAY)),
    "toMillis": (0, lambda value: value.nanos // 1_000_000),
    "year": (0, lambda value: value.datetime().year),
}


def _seconds(value: Duration) -> int:
    whole = abs(value.nanos) // NANOS
    return whole if value.nanos >= 0 else -whole


def _nanos(value: Duration) -> int:
    """The rest below a second, with the sign of the whole."""
    return value.nanos - _seconds(value) * NANOS


DURATION_METHODS: Final[Table] = {"nanos": (0, _nanos), "seconds": (0, _seconds)}


def _distance(value: LatLng, other: Any) -> float:
    """Metres along the great circle."""
    to = latlng(other)
    one, two = math.radians(value.latitude), math.radians(to.latitude)
    across = math.sin((two - one) / 2) ** 2
    along = math.cos(one) * math.cos(two) * math.sin(math.radians(to.longitude - value.longitude) / 2) ** 2
    return 2 * _EARTH_RADIUS * math.asin(math.sqrt(min(1.0, across + along)))


LATLNG_METHODS: Final[Table] = {
    "distance": (1, _distance),
    "latitude": (0, lambda value: value.latitude),
    "longitude": (0, lambda value: value.longitude),
}


def _duration_value(magnitude: Any, unit: Any) -> Duration:
    if text(unit) not in _UNITS:
        raise EvaluationError(f"Unknown unit of a duration: [{unit}].")
    return Duration(integer(magnitude) * _UNITS[unit])


def _duration_time(hours: Any, minutes: Any, seconds: Any, nanos: Any) -> Duration:
    whole = integer(hours) * 3_600 + integer(minutes) * 60 + integer(seconds)
    return Duration(whole * NANOS + integer(nanos))


DURATION_FUNCTIONS: Final[Table] = {
    "abs": (1, lambda value: Duration(abs(duration(value).nanos))),
    "time": (4, _duration_time),
    "value": (2, _duration_value),
}


def _timestamp_date(year: Any, month: Any, day: Any) -> Timestamp:
    try:
        return Timestamp.from_datetime(datetime(integer(year), integer(month), integer(day), tzinfo=UTC))
    except (ValueError, OverflowError):
        raise EvaluationError(f"There is no date {year}-{month}-{day}.") from None


TIMESTAMP_FUNCTIONS: Final[Table] = {
    "date": (3, _timestamp_date),
    "value": (1, lambda millis: Timestamp(int64(integer(millis)) * 1_000_000)),
}


def _latlng_value(latitude: Any, longitude: Any) -> LatLng:
    north, east = float(number(latitude)), float(number(longitude))
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise EvaluationError("Latitude is within [-90, 90] and longitude within [-180, 180].")
    return LatLng(north, east)


LATLNG_FUNCTIONS: Final[Table] = {"value": (2, _latlng_value)}
