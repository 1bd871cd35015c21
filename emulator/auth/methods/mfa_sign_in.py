"""accounts.mfaSignIn: the second half of a sign-in.

https://cloud.google.com/identity-platform/docs/reference/rest/v2/accounts.mfaSignIn
"""

from __future__ import annotations

from typing import Any

from emulator.auth import factors, sessions
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.model import Account, Challenge, Factor

_LIFETIME = 300  # seconds between the factors


async def start(call: Call) -> dict[str, Any]:
    """mfaSignIn:start sends a text message; a code of an app needs no start, and production refuses to."""
    _named(call)
    require(call.body.object("phoneSignInInfo") is not None, factors.INVALID_ARGUMENT)
    raise AuthError("INVALID_PHONE_NUMBER : Invalid format.")


async def finalize(call: Call) -> dict[str, Any]:
    """mfaSignIn:finalize: with a good code the sign-in is complete."""
    pending, account, factor = _named(call)
    info = call.body.object("totpVerificationInfo")
    code = info.text("verificationCode") if info else None
    require(code, factors.INVALID_ARGUMENT)
    account = factors.check(call, account, factor, code or "")
    signed = sessions.begin(call, account, pending.provider, None, factor.enrollment_id)
    return {"idToken": signed["idToken"], "refreshToken": signed["refreshToken"], "totpAuthInfo": {}}


def _named(call: Call) -> tuple[Challenge, Account, Factor]:
    """The first half of the sign-in, whose it is, and the factor it goes on with."""
    credential, enrollment_id = call.body.text("mfaPendingCredential"), call.body.text("mfaEnrollmentId")
    require(credential and enrollment_id, factors.INVALID_ARGUMENT)
    pending = call.store.challenge(call.project, credential or "")
    if pending is None or pending.kind != factors.SIGN_IN:
        raise AuthError("INVALID_PENDING_TOKEN")
    require(not pending.revoked, "INVALID_MFA_PENDING_CREDENTIAL : The sign-in was revoked.")
    timely = call.now - pending.created_at <= _LIFETIME
    require(timely, "TOTP_CHALLENGE_TIMEOUT : TOTP challenge timeout, provide first factor again.")
    account = sessions.usable(call.store.account(call.project, pending.local_id))
    factor = factors.find(account, enrollment_id)
    if factor is None:
        raise AuthError("INVALID_MFA_ENROLLMENT_ID")
    return pending, account, factor
