"""Second factors: asking for one after the first, and whether a code is good."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from emulator.auth import totp
from emulator.auth.call import Call
from emulator.auth.errors import AuthError
from emulator.auth.model import Account, Challenge, Factor

ENROLLMENT, SIGN_IN = "enrollment", "sign-in"
INVALID_ARGUMENT = "Request contains an invalid argument."  # production's answer when a field is missing
# Production refuses the fifth or sixth wrong code with QUOTA_EXCEEDED; how long it does is not documented.
_FAILURES = 5
_FAILURES_FORGOTTEN = 300  # seconds


def begin(call: Call, challenge: Challenge) -> str:
    """Keep what the next request needs; the token with which it asks for it."""
    token = secrets.token_urlsafe(40)
    call.store.put_challenge(call.project, token, challenge)
    return token


def ask(call: Call, account: Account, provider: str) -> dict[str, Any]:
    """Keep an account whose first factor was good; what is answered in place of tokens until the second is."""
    with call.store.transaction():
        call.store.put(call.project, account)
        pending = begin(call, Challenge(SIGN_IN, account.local_id, call.now, provider=provider))
    return {"mfaPendingCredential": pending, "mfaInfo": [factor.shown() for factor in account.factors]}


def check(call: Call, account: Account, factor: Factor, code: str) -> Account:
    """The account after a good code of its factor, to be kept by the caller. A wrong code is counted and kept here.

    A code that was accepted, or is older than one, is refused (RFC 6238, section 5.2).

    Raises:
        AuthError: INVALID_CODE or, after too many wrong ones, QUOTA_EXCEEDED.
    """
    recent = [at for at in factor.failed_at if at > call.now - _FAILURES_FORGOTTEN]
    if len(recent) >= _FAILURES:
        raise AuthError("QUOTA_EXCEEDED : Exceeded quota for verifying second factors.")
    step = totp.step_of(factor.secret, code, call.now, call.settings.adjacent_intervals)
    if step is None or step <= factor.last_step:
        failed = replace(factor, failed_at=[*recent, call.now])
        with call.store.transaction():
            call.store.put(call.project, _with(account, failed))
        raise AuthError("INVALID_CODE")
    return _with(account, replace(factor, last_step=step, failed_at=[]))


def find(account: Account, enrollment_id: str | None) -> Factor | None:
    """The factor of the account with this id."""
    return next((factor for factor in account.factors if factor.enrollment_id == enrollment_id), None)


def _with(account: Account, changed: Factor) -> Account:
    same = changed.enrollment_id
    return replace(account, factors=[changed if one.enrollment_id == same else one for one in account.factors])
