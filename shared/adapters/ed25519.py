"""Signatures by Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.domain.sealing import PublicKey


class Ed25519Signer:
    """Signs with the key whose 32-byte seed is given in base64."""

    def __init__(self, seed: str) -> None:
        """Take the key.

        Raises:
            ValueError: it is no seed; the text says nothing of it.
        """
        try:
            self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed, validate=True))
        except (binascii.Error, ValueError):
            raise ValueError("the signing key is not 32 bytes in base64") from None
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> PublicKey:
        return PublicKey(key_id_of(self._public), base64.b64encode(self._public).decode())

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._key.sign(payload)).decode()


def key_id_of(public_key: bytes) -> str:
    """The name of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def signature_check(*public_keys: str) -> Callable[[str, bytes, bytes], bool]:
    """Checks signatures by these public keys (base64), each by its id.

    Raises:
        ValueError: one is no public key.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    for text in public_keys:
        try:
            raw = base64.b64decode(text, validate=True)
            keys[key_id_of(raw)] = Ed25519PublicKey.from_public_bytes(raw)
        except (binascii.Error, ValueError):
            raise ValueError("this is no Ed25519 public key: 32 bytes in base64") from None

    def check(key_id: str, payload: bytes, signature: bytes) -> bool:
        key = keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(base64.b64decode(signature, validate=True), payload)
        except (InvalidSignature, binascii.Error):
            return False
        return True

    return check
