"""When an incident was noticed."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.errors import InvalidInputError

_CLOCKS_DIFFER = timedelta(minutes=5)


def check_detected(detected_at: datetime | None, now: datetime) -> None:
    """Pass a time that has been, as far as the caller's clock and ours agree.

    Raises:
        InvalidInputError: it lies in the future.
    """
    if detected_at is not None and detected_at > now + _CLOCKS_DIFFER:
        raise InvalidInputError("Nobody can have noticed it yet", {"detected_at": "lies in the future"})
