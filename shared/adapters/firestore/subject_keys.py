"""A key for each person, kept in Firestore wrapped under a master key that is not.

Values: AES-256-GCM with a random nonce and the value's place as associated data. Keys: AES key wrap (RFC 3394).
Erasing a person leaves a tombstone without key material, so that no new key is made by an event that comes late.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP, Client, DocumentSnapshot

from shared.adapters.firestore.conditional import firestore_errors
from shared.domain.errors import TamperedError

_COLLECTION = "subject_keys"
_FORM = "v1."
_NONCE = 12  # bytes
_KEY = 32
_DROPPED = b""  # remembered in place of a key
_REMEMBERED = 1000  # keys
_FOR_SECONDS = 60.0  # a dropped key is gone from every instance then


@dataclass(frozen=True, slots=True)
class MasterKey:
    """What wraps the persons' keys; `key` has 32 bytes."""

    id: str
    key: bytes

    @classmethod
    def parse(cls, text: str) -> list[MasterKey]:
        """`id:base64` or `base64`, comma-separated: the first wraps, all unwrap.

        Raises:
            ValueError: it is none of this; the text says nothing of the keys.
        """
        found = []
        for part in text.split(","):
            name, _, encoded = part.strip().rpartition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise ValueError("a master key is not base64") from None
            if len(key) != _KEY:
                raise ValueError(f"a master key has {len(key)} bytes, not {_KEY}")
            found.append(cls(name or "1", key))
        return found


class FirestoreSubjectCipher:
    """Encrypts under the keys in `subject_keys/{uid}`. Safe to use from several threads."""

    def __init__(self, client: Client, masters: Sequence[MasterKey]) -> None:
        self._client = client
        self._masters = {master.id: master.key for master in masters}
        self._wrapping = masters[0]
        self._known: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = Lock()

    def encrypt(self, subject: str, text: str, context: str) -> str:
        # What is written about a person after their erasure is encrypted under a key that nobody keeps.
        key = self._key(subject) or secrets.token_bytes(_KEY)
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), context.encode())
        return _FORM + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def decrypt(self, subject: str, ciphertext: str, context: str) -> str | None:
        key = self._key(subject, make=False)
        if key is None:
            return None
        try:
            if not ciphertext.startswith(_FORM):
                raise TamperedError("The value is not one of ours")
            encoded = ciphertext.removeprefix(_FORM)
            raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise TamperedError("The value is not what was kept here") from error

    def prepare(self, subjects: Iterable[str]) -> None:
        wanted = [subject for subject in dict.fromkeys(subjects) if self._remembered(subject) is None]
        if not wanted:
            return
        with firestore_errors():
            snapshots = list(self._client.get_all([self._reference(subject) for subject in wanted]))
        for snapshot in snapshots:
            if snapshot.exists:
                with suppress(TamperedError):  # it is raised to whoever needs this key
                    self._remember(snapshot.id, self._unwrapped(snapshot))

    def drop(self, subject: str) -> bool:
        with firestore_errors():
            there = self._reference(subject).get()
            had = there.exists and (there.to_dict() or {}).get("wrapped") is not None
            self._reference(subject).set({"wrapped": None, "dropped_at": SERVER_TIMESTAMP})
        self._remember(subject, None)
        return bool(had)

    def _key(self, subject: str, *, make: bool = True) -> bytes | None:
        """The person's key; None when it was dropped, or was never made and is not to be."""
        remembered = self._remembered(subject)
        if remembered is not None:
            return remembered or None
        with firestore_errors():
            snapshot = self._reference(subject).get()
        if not snapshot.exists and not make:
            return None
        key = self._unwrapped(snapshot) if snapshot.exists else self._made(subject)
        self._remember(subject, key)
        return key

    def _made(self, subject: str) -> bytes | None:
        key = secrets.token_bytes(_KEY)
        fields = {
            "wrapped": aes_key_wrap(self._wrapping.key, key),
            "master_key_id": self._wrapping.id,
            "created_at": SERVER_TIMESTAMP,
        }
        try:
            with firestore_errors():
                self._reference(subject).create(fields)
        except AlreadyExists:  # another instance was first: its key is the one
            with firestore_errors():
                return self._unwrapped(self._reference(subject).get())
        return key

    def _unwrapped(self, snapshot: DocumentSnapshot[Any]) -> bytes | None:
        fields = snapshot.to_dict() or {}
        wrapped = fields.get("wrapped")
        if wrapped is None and fields.get("dropped_at") is not None:
            return None
        master = self._masters.get(str(fields.get("master_key_id")))
        if master is None:
            raise TamperedError("A person's key needs a master key that is not configured")
        if not isinstance(wrapped, bytes):
            raise TamperedError("A person's key is not what was kept")
        try:
            return aes_key_unwrap(master, wrapped)
        except InvalidUnwrap as error:
            raise TamperedError("A person's key is not what was kept") from error

    def _remembered(self, subject: str) -> bytes | None:
        """The key, `_DROPPED`, or None when it has to be looked up."""
        with self._lock:
            found = self._known.get(subject)
            if found is None or found[0] < time.monotonic():
                return None
            self._known.move_to_end(subject)
            return found[1]

    def _remember(self, subject: str, key: bytes | None) -> None:
        with self._lock:
            self._known[subject] = (time.monotonic() + _FOR_SECONDS, _DROPPED if key is None else key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _reference(self, subject: str) -> Any:
        return self._client.collection(_COLLECTION).document(subject)
