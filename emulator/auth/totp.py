"""Time-based one-time passwords: RFC 6238 over the HMAC-based ones of RFC 4226."""

from __future__ import annotations

import base64
import hmac
import re
import secrets

PERIOD = 30  # seconds that a code stands for
DIGITS = 6
_KEY_BYTES = 20  # what RFC 4226, section 4 recommends
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """A random shared secret as authenticator apps take it: 32 characters of base32, no padding."""
    return base64.b32encode(secrets.token_bytes(_KEY_BYTES)).decode()


def hotp(key: bytes, counter: int, digits: int = DIGITS) -> str:
    """The code for a counter: RFC 4226, section 5.3."""
    digest = hmac.digest(key, counter.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now: int, adjacent: int) -> int | None:
    """The step of time whose code this is, of those up to `adjacent` before and after `now` (seconds since the epoch).

    Of several the latest, so that a code that was accepted is behind whatever is accepted after it.
    """
    if _CODE.fullmatch(code) is None:
        return None
    key, current = base64.b32decode(secret), now // PERIOD
    steps = range(max(0, current - adjacent), current + adjacent + 1)
    # Every step is computed, and compared in constant time: how long it takes tells nothing.
    return max((step for step in steps if hmac.compare_digest(hotp(key, step), code)), default=None)
