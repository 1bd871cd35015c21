"""Password hashes: scrypt for our own, and the algorithms that imported accounts may bring."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_COST = 2**13  # 8 MiB and about 20 ms: enough for accounts that never leave a developer's machine
_HMAC = {"HMAC_SHA512": "sha512", "HMAC_SHA256": "sha256", "HMAC_SHA1": "sha1", "HMAC_MD5": "md5"}
_ROUNDS = {"SHA512": "sha512", "SHA256": "sha256", "SHA1": "sha1", "MD5": "md5"}
_PBKDF2 = {"PBKDF2_SHA256": "sha256", "PBKDF_SHA1": "sha1"}
IMPORTABLE = frozenset({*_HMAC, *_ROUNDS, *_PBKDF2, "STANDARD_SCRYPT"})


class Passwords:
    """Hashes and checks passwords on its own threads, so that the event loop stays free."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        """A salted hash to keep."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _hash, password)

    async def matches(self, password: str, kept: str) -> bool:
        """Whether the password is the one that was hashed."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _matches, password, kept)


def imported(algorithm: str, digest: bytes, salt: bytes, parameters: dict[str, Any]) -> str:
    """A hash made elsewhere, in the form that is kept. `algorithm` is one of IMPORTABLE."""
    record = {"algorithm": algorithm, "hash": _text(digest), "salt": _text(salt), **parameters}
    return f"imported {json.dumps(record)}"


def _hash(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt {_COST} {_text(salt)} {_text(_scrypt(password, salt, _COST))}"


def _scrypt(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=8, p=1, maxmem=2**28)


def _matches(password: str, kept: str) -> bool:
    kind, _, rest = kept.partition(" ")
    if kind == "imported":
        record = json.loads(rest)
        expected = _bytes(record["hash"])
        return any(hmac.compare_digest(one, expected) for one in _foreign(password.encode(), record))
    cost, salt, digest = rest.split(" ")
    return hmac.compare_digest(_scrypt(password, _bytes(salt), int(cost)), _bytes(digest))


def _foreign(password: bytes, record: dict[str, Any]) -> list[bytes]:
    """The digests that prove a password, by the algorithm of the import.

    https://firebase.google.com/docs/auth/admin/import-users. Where salt and password are joined and the import did not
    say in which order, as most SDKs do not, both orders prove it.
    """
    algorithm, salt = record["algorithm"], _bytes(record["salt"])
    if algorithm in _PBKDF2:
        length = 64 if algorithm == "PBKDF_SHA1" else 32
        return [hashlib.pbkdf2_hmac(_PBKDF2[algorithm], password, salt, max(1, record["rounds"]), length)]
    if algorithm == "STANDARD_SCRYPT":
        cost, block, lanes, length = (record[name] for name in ("cost", "block", "lanes", "length"))
        return [hashlib.scrypt(password, salt=salt, n=cost, r=block, p=lanes, dklen=length, maxmem=2**28)]
    joined = {"SALT_AND_PASSWORD": [salt + password], "PASSWORD_AND_SALT": [password + salt]}
    messages = joined.get(record["order"], [salt + password, password + salt])
    if algorithm in _HMAC:
        return [hmac.digest(_bytes(record["key"]), message, _HMAC[algorithm]) for message in messages]
    return [_repeated(_ROUNDS[algorithm], message, record["rounds"]) for message in messages]


def _repeated(algorithm: str, message: bytes, rounds: int) -> bytes:
    for _ in range(max(1, rounds)):
        message = hashlib.new(algorithm, message, usedforsecurity=False).digest()
    return message


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.b64decode(value)
