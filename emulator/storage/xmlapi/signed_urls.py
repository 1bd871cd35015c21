"""Signed URLs: their form and time are checked.

There is no key here that could have signed them, so signatures are not verified: whoever knows the form gets through.
Source: "V4 signing process" and "V2 signing process" of the Cloud Storage documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from emulator.storage.errors import ExpiredError, ForbiddenError, InvalidError

_LONGEST: Final = 7 * 24 * 3600  # seconds
_EARLY: Final = timedelta(minutes=15)
_NEEDED: Final = ("algorithm", "credential", "date", "expires", "signedheaders", "signature")
_ALGORITHMS: Final = frozenset({"GOOG4-RSA-SHA256", "GOOG4-HMAC-SHA256"})


def check(query: Mapping[str, str], headers: Mapping[str, str], now: datetime) -> None:
    """Let pass a request that is not signed, or whose signature is in form and in time.

    Raises:
        InvalidError: parameters are missing or malformed.
        ExpiredError: its time is over.
        ForbiddenError: its time has not come, or a header that was signed is missing.
    """
    signed = {name.lower().removeprefix("x-goog-"): value for name, value in query.items() if _is_v4(name)}
    if "signature" in signed:
        _check_v4(signed, headers, now)
    elif "Signature" in query:
        _check_v2(query, now)


def _is_v4(name: str) -> bool:
    return name.lower().startswith("x-goog-")


def _check_v4(signed: Mapping[str, str], headers: Mapping[str, str], now: datetime) -> None:
    if missing := [name for name in _NEEDED if not signed.get(name)]:
        raise InvalidError(f"The signed URL lacks X-Goog-{missing[0]}.")
    if signed["algorithm"] not in _ALGORITHMS:
        raise InvalidError("X-Goog-Algorithm must be GOOG4-RSA-SHA256 or GOOG4-HMAC-SHA256.")
    if len(signed["credential"].split("/")) != 5:
        raise InvalidError("X-Goog-Credential must be <account>/<date>/<location>/storage/goog4_request.")
    try:
        date = datetime.strptime(signed["date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = int(signed["expires"])
    except ValueError:
        raise InvalidError("X-Goog-Date or X-Goog-Expires is malformed.") from None
    if not 0 < lifetime <= _LONGEST:
        raise InvalidError("X-Goog-Expires must be between 1 second and 7 days.")
    expires = date + timedelta(seconds=lifetime)
    if now > expires:
        raise ExpiredError(f"The provided token has expired. Request signature expired at: {expires.isoformat()}")
    if now + _EARLY < date:
        raise ForbiddenError("Request is not yet valid.")
    for name in signed["signedheaders"].split(";"):
        if name not in headers:
            raise ForbiddenError(f"The request lacks the header {name[:100]!r}, which was signed.")


def _check_v2(query: Mapping[str, str], now: datetime) -> None:
    expires = query.get("Expires", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12) or not query.get("GoogleAccessId"):
        raise InvalidError("The signed URL lacks Expires or GoogleAccessId.")
    if now.timestamp() > int(expires):
        raise ExpiredError("The provided token has expired.")


def length_range(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """The sizes that `x-goog-content-length-range` allows, both included.

    Raises:
        InvalidError: it is malformed.
    """
    text = headers.get("X-Goog-Content-Length-Range")
    if text is None:
        return None
    least, _, most = text.partition(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in (least, most)):
        raise InvalidError("x-goog-content-length-range must be two numbers.")
    return int(least), int(most)
