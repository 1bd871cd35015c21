"""accounts.mfaEnrollment: a user adds and removes an authenticator app as the second factor.

https://cloud.google.com/identity-platform/docs/reference/rest/v2/accounts.mfaEnrollment
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from emulator.auth import factors, sessions, totp
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.model import Account, Challenge, Factor, Session

_LIFETIME = 900  # seconds between start and finalize
_ATTEMPTS = 3  # codes offered to one enrolment
# Whoever signs in like this cannot be asked for a second factor.
_UNSUPPORTED = frozenset({"anonymous", "custom", "phone", "gc.apple.com"})


async def start(call: Call) -> dict[str, Any]:
    """mfaEnrollment:start: a secret for the app. Nothing is enrolled yet."""
    account, claims = _bearer(call)
    body = call.body
    if body.has("phoneEnrollmentInfo"):
        require(
            not body.has("totpEnrollmentInfo"), "Invalid JSON payload received. oneof 'enrollment_info' is set twice."
        )
        raise AuthError("OPERATION_NOT_ALLOWED : SMS based MFA not enabled.")
    require(body.object("totpEnrollmentInfo") is not None, factors.INVALID_ARGUMENT)
    _require_eligible(call, account, claims)
    sessions.require_recent(call, claims)
    secret = totp.new_secret()
    session_info = factors.begin(call, Challenge(factors.ENROLLMENT, account.local_id, call.now, secret=secret))
    until = datetime.fromtimestamp(call.now + _LIFETIME, UTC)
    return {
        "totpSessionInfo": {
            "sharedSecretKey": secret,
            "verificationCodeLength": totp.DIGITS,
            "hashingAlgorithm": "SHA1",
            "periodSec": totp.PERIOD,
            "sessionInfo": session_info,
            "finalizeEnrollmentTime": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    }


async def finalize(call: Call) -> dict[str, Any]:
    """mfaEnrollment:finalize: a code proves that the app has the secret. The session goes on with two factors."""
    account, claims = _bearer(call)
    info = call.body.object("totpVerificationInfo")
    if info is None:
        raise AuthError(factors.INVALID_ARGUMENT)
    session_info, code = info.text("sessionInfo"), info.text("verificationCode")
    require(session_info, "MISSING_SESSION_INFO")
    challenge = _usable(call, account, session_info or "")
    require(code, "MISSING_CODE")
    _require_eligible(call, account, claims)
    step = totp.step_of(challenge.secret, code or "", call.now, call.settings.adjacent_intervals)
    tried = replace(challenge, attempts=challenge.attempts + 1, done=step is not None)
    call.store.put_challenge(call.project, session_info or "", tried)
    if step is None:
        raise AuthError("INVALID_CODE")
    name = call.body.text("displayName") or None
    factor = Factor(str(uuid.uuid4()), call.now_ms, challenge.secret, name, last_step=step)
    enrolled = replace(account, factors=[*account.factors, factor], last_refresh_at=call.now_ms)
    session = Session(
        account.local_id,
        claims["firebase"]["sign_in_provider"],
        claims["auth_time"],
        sessions.developer_claims(claims, account),
        factor.enrollment_id,
    )
    return _tokens(sessions.keep(call, enrolled, session)) | {"totpAuthInfo": {}}


async def withdraw(call: Call) -> dict[str, Any]:
    """mfaEnrollment:withdraw: ends every session there is; the one that asks goes on with new tokens."""
    account, claims = _bearer(call)
    gone = factors.find(account, call.body.text("mfaEnrollmentId"))
    if gone is None:
        raise AuthError("MFA_ENROLLMENT_NOT_FOUND")
    remaining = [one for one in account.factors if one is not gone]
    account = replace(account, factors=remaining, valid_since=call.now)
    proven = sessions.second_factor(claims)
    with call.store.transaction():
        call.store.put(call.project, account)
        call.store.revoke_sessions(call.project, account.local_id, call.now)
    return _tokens(
        sessions.begin(
            call,
            account,
            claims["firebase"]["sign_in_provider"],
            sessions.developer_claims(claims, account),
            None if proven == gone.enrollment_id else proven,
        )
    )


def _bearer(call: Call) -> tuple[Account, dict[str, Any]]:
    id_token = call.body.text("idToken")
    require(id_token, "INVALID_ID_TOKEN")
    return sessions.bearer(call, id_token or "")


def _require_eligible(call: Call, account: Account, claims: dict[str, Any]) -> None:
    """Refuse who may not enrol: asked at the start and, because all of it can change in between, at the end."""
    require(call.settings.totp_allowed, "OPERATION_NOT_ALLOWED : TOTP based MFA not enabled.")
    unsupported = claims["firebase"]["sign_in_provider"] in _UNSUPPORTED
    require(not unsupported, "UNSUPPORTED_FIRST_FACTOR : MFA is not available for the given first factor.")
    verified = account.email and account.email_verified
    require(verified, "UNVERIFIED_EMAIL : Need to verify email first before enrolling second factors.")
    require(not account.factors, "SECOND_FACTOR_LIMIT_EXCEEDED : A user can have one TOTP second factor.")


def _usable(call: Call, account: Account, session_info: str) -> Challenge:
    challenge = call.store.challenge(call.project, session_info)
    if challenge is None or challenge.kind != factors.ENROLLMENT or challenge.local_id != account.local_id:
        raise AuthError("INVALID_SESSION_INFO")
    require(not challenge.revoked, "INVALID_SESSION_INFO")
    require(call.now - challenge.created_at <= _LIFETIME, "SESSION_EXPIRED")
    require(challenge.attempts < _ATTEMPTS, "TOO_MANY_ENROLLMENT_ATTEMPTS : restart enrollment")
    done = "MFA_ENROLLMENT_ALREADY_COMPLETE : This MFA enrollment has already been completed."
    require(not challenge.done, done)
    return challenge


def _tokens(answer: dict[str, Any]) -> dict[str, Any]:
    """The v2 methods do not tell how long the token lives."""
    return {name: answer[name] for name in ("idToken", "refreshToken")}
