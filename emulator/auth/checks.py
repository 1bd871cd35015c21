"""What production accepts as an e-mail address, phone number, password, user id and custom claims."""

from __future__ import annotations

import json
import re

from emulator.auth.errors import AuthError, require
from emulator.auth.tokens import RESERVED_CLAIMS

_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]{1,64}@[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]{1,253}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
_CLAIMS_LIMIT = 1000  # characters, https://firebase.google.com/docs/auth/admin/custom-claims


def email(value: str) -> str:
    """The address in the form in which addresses are compared and kept.

    Raises:
        AuthError: INVALID_EMAIL.
    """
    require(_EMAIL.fullmatch(value) and ".." not in value and len(value) <= 254, "INVALID_EMAIL")
    return value.lower()


def phone(value: str) -> str:
    """The number in E.164.

    Raises:
        AuthError: INVALID_PHONE_NUMBER.
    """
    number = re.sub(r"[\s().-]", "", value)
    require(_PHONE.fullmatch(number), "INVALID_PHONE_NUMBER : Invalid format.")
    return number


def password(value: str) -> str:
    """The password.

    Raises:
        AuthError: WEAK_PASSWORD, or PASSWORD_DOES_NOT_MEET_REQUIREMENTS when it is beyond the limit of 4096.
    """
    require(len(value) >= 6, "WEAK_PASSWORD : Password should be at least 6 characters")
    require(
        len(value) <= 4096,
        "PASSWORD_DOES_NOT_MEET_REQUIREMENTS : Missing password requirements: "
        "[Password may contain at most 4096 characters]",
    )
    return value


def local_id(value: str) -> str:
    """The user id.

    Raises:
        AuthError: INVALID_LOCAL_ID.
    """
    require(0 < len(value) <= 128, "INVALID_LOCAL_ID")
    return value


def claims(value: str) -> str:
    """Custom claims as serialised JSON.

    Raises:
        AuthError: CLAIMS_TOO_LARGE, INVALID_CLAIMS or FORBIDDEN_CLAIM, the codes that the Admin SDKs know.
    """
    require(len(value) <= _CLAIMS_LIMIT, "CLAIMS_TOO_LARGE")
    try:
        parsed = json.loads(value)
        # An escaped lone surrogate and what Python reads as infinite fit no token.
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise AuthError("INVALID_CLAIMS") from error
    require(isinstance(parsed, dict), "INVALID_CLAIMS")
    if forbidden := sorted(RESERVED_CLAIMS & parsed.keys()):
        raise AuthError(f"FORBIDDEN_CLAIM : {forbidden[0]}")
    return value
