"""accounts:batchCreate: accounts from elsewhere, with the password hashes they have there."""

from __future__ import annotations

import base64
import binascii
import sqlite3
from dataclasses import replace
from typing import Any

from emulator.auth import checks
from emulator.auth.body import Body
from emulator.auth.call import Call
from emulator.auth.errors import AuthError, require
from emulator.auth.methods.sign_up import require_free
from emulator.auth.model import Account
from emulator.auth.passwords import IMPORTABLE, imported

_LIMIT = 1000
_ROUNDS_LIMIT = 120_000


async def batch_create(call: Call) -> dict[str, Any]:
    """Create or replace each account; those refused are told by their index."""
    users = call.body.objects("users")
    require(users, "MISSING_USER_ACCOUNT")
    require(len(users) <= _LIMIT, "USER_ACCOUNTS_EXCEED_LIMIT")
    algorithm = call.body.text("hashAlgorithm")
    if any(user.has("passwordHash") for user in users):
        require(algorithm, "MISSING_HASH_ALGORITHM")
        require(algorithm in IMPORTABLE, f"INVALID_HASH_ALGORITHM : {algorithm} is not supported by this emulator.")
    parameters = _parameters(call.body)
    errors = []
    for index, user in enumerate(users):
        try:
            account = _account(call, user, algorithm, parameters)
            with call.store.transaction():
                call.store.put(call.project, account)
        except AuthError as error:
            errors.append({"index": index, "message": error.message})
        except sqlite3.IntegrityError:  # the only key not checked before
            errors.append({"index": index, "message": "DUPLICATE_RAW_ID"})
    answer: dict[str, Any] = {"kind": "identitytoolkit#UploadAccountResponse"}
    return answer | ({"error": errors} if errors else {})


def _account(call: Call, user: Body, algorithm: str | None, parameters: dict[str, Any]) -> Account:
    require(not user.objects("mfaInfo"), "Importing TOTP MFA is not supported.")
    local_id = checks.local_id(user.text("localId") or "")
    email, phone, claims = user.text("email"), user.text("phoneNumber"), user.text("customAttributes")
    account = Account(
        local_id=local_id,
        created_at=_or(user.whole("createdAt"), call.now_ms),
        valid_since=_or(user.whole("validSince"), call.now),
        email=checks.email(email) if email else None,
        email_verified=bool(user.flag("emailVerified")),
        display_name=user.text("displayName"),
        photo_url=user.text("photoUrl"),
        phone_number=checks.phone(phone) if phone else None,
        disabled=bool(user.flag("disabled")),
        last_login_at=user.whole("lastLoginAt"),
        claims=checks.claims(claims) if claims else None,
        identities=[_identity(one) for one in user.objects("providerUserInfo") if _is_federated(one)],
    )
    if digest := user.text("passwordHash"):
        kept = imported(algorithm or "", _decoded(digest), _decoded(user.text("salt") or ""), parameters)
        account = replace(account, password=kept, password_updated_at=call.now_ms)
    require_free(call, local_id, email=account.email, phone=account.phone_number)
    return account


def _is_federated(identity: Body) -> bool:
    return identity.text("providerId") not in {"password", "phone"}


def _identity(one: Body) -> dict[str, str]:
    names = ("providerId", "rawId", "email", "displayName", "photoUrl")
    values = {name: one.text(name) for name in names}
    require(values["providerId"] and values["rawId"], "INVALID_PROVIDER_ID")
    return {name: value for name, value in values.items() if value is not None}


def _parameters(body: Body) -> dict[str, Any]:
    """How the hashes were made, by the names that the passwords module reads."""
    rounds, cost = body.whole("rounds") or 0, body.whole("cpuMemCost") or 2**14
    block, lanes, length = body.whole("blockSize") or 8, body.whole("parallelization") or 1, body.whole("dkLen") or 64
    require(0 <= rounds <= _ROUNDS_LIMIT, "INVALID_HASH_ROUNDS")
    # Beyond these one sign-in would hold the machine.
    require(1 < cost <= 2**20 and cost & (cost - 1) == 0 and 0 < block * lanes <= 64, "INVALID_HASH_MEMORY_COST")
    require(0 < length <= 1024 and block > 0, "INVALID_HASH_DERIVED_KEY_LENGTH")
    key = body.text("signerKey") or ""
    _decoded(key)
    return {
        "rounds": rounds,
        "cost": cost,
        "block": block,
        "lanes": lanes,
        "length": length,
        "order": body.text("passwordHashOrder"),
        "key": _standard(key),
    }


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(_standard(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise AuthError("INVALID_PASSWORD_HASH : Not base64.") from error


def _standard(value: str) -> str:
    """Base64 in the standard alphabet: clients send the URL-safe one."""
    plain = value.rstrip("=").replace("-", "+").replace("_", "/")
    return plain + "=" * (-len(plain) % 4)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
